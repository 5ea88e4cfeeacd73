"""What neurons of components do: switched off by stage, or trained alone."""


rule deactivate_components:
    input:
        unpack(experiment.reads("deactivate_components")),
        card=paths.card,
    output:
        temp(paths.share(paths.component_problems)),
    log:
        paths.log(paths.share(paths.component_problems)),
    benchmark:
        paths.benchmark(paths.share(paths.component_problems))
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
        method=experiment.one_of(experiment.component_methods),
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("deactivate_components", workflow)
    resources:
        **experiment.resources("deactivate_components"),
    params:
        code=experiment.code("deactivate_components"),
        settings=experiment.settings("deactivate_components"),
    script:
        "../scripts/deactivate_components.py"


rule merge_component_deactivation:
    input:
        shards=gather.shards(paths.gathered(paths.component_problems)),
    output:
        paths.component_problems,
    log:
        paths.log(paths.component_problems),
    conda:
        "../../envs/torch.yaml"
    params:
        code=experiment.code("merge_component_deactivation"),
        settings=experiment.settings("merge_component_deactivation"),
    script:
        "../scripts/merge_component_deactivation.py"


rule summarise_components:
    """Changes of NLL by component and stage, with intervals."""
    input:
        problems=paths.component_problems,
    output:
        effects=paths.component_effects,
        changes=paths.component_changes,
    log:
        paths.log(paths.component_effects),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("summarise_components"),
        settings=experiment.settings("summarise_components"),
    script:
        "../scripts/summarise_components.py"


rule enhance:
    input:
        unpack(experiment.reads("enhance")),
        card=paths.card,
    output:
        temp(paths.share(paths.enhancement_problems)),
    log:
        paths.log(paths.share(paths.enhancement_problems)),
    benchmark:
        paths.benchmark(paths.share(paths.enhancement_problems))
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("enhance", workflow)
    resources:
        **experiment.resources("enhance"),
    params:
        code=experiment.code("enhance"),
        settings=experiment.settings("enhance"),
    script:
        "../scripts/enhance.py"


rule merge_enhancement:
    input:
        shards=gather.shards(paths.gathered(paths.enhancement_problems)),
    output:
        paths.enhancement_problems,
    log:
        paths.log(paths.enhancement_problems),
    conda:
        "../../envs/torch.yaml"
    params:
        code=experiment.code("merge_enhancement"),
        settings=experiment.settings("merge_enhancement"),
    script:
        "../scripts/merge_enhancement.py"


rule summarise_enhancement:
    """Changes of NLL after training, with intervals."""
    input:
        problems=paths.enhancement_problems,
    output:
        effects=paths.enhancement,
        changes=paths.enhancement_changes,
    log:
        paths.log(paths.enhancement),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("summarise_enhancement"),
        settings=experiment.settings("summarise_enhancement"),
    script:
        "../scripts/summarise_enhancement.py"
