"""How important each neuron is to texts, for the method plnd: one pass, in shares."""


rule measure_importance:
    input:
        unpack(experiment.reads("measure_importance")),
        card=paths.card,
    output:
        temp(experiment.importance_shares),
    log:
        paths.log(experiment.importance_shares[0]),
    benchmark:
        paths.benchmark(experiment.importance_shares[0])
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("measure_importance", workflow)
    resources:
        **experiment.resources("measure_importance"),
    params:
        code=experiment.code("measure_importance"),
        settings=experiment.settings("measure_importance"),
    script:
        "../scripts/measure_importance.py"


rule merge_importance:
    input:
        shards=gather.shards(paths.gathered(paths.importance)),
    output:
        paths.importance,
    log:
        paths.log(paths.importance),
    wildcard_constraints:
        component=experiment.one_of(experiment.config.importance.components),
        model=experiment.one_of(experiment.text_models),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("merge_importance"),
        settings=experiment.settings("merge_importance"),
    script:
        "../scripts/merge_importance.py"


rule type_components:
    """The neurons of attention beside those of the MLP."""
    input:
        unpack(experiment.reads("type_components")),
    output:
        paths.components,
    log:
        paths.log(paths.components),
    wildcard_constraints:
        method=experiment.one_of(experiment.component_methods),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("type_components"),
        settings=experiment.settings("type_components"),
    script:
        "../scripts/type_components.py"
