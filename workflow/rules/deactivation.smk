"""Deactivation: what each language loses when neurons are switched off."""


rule deactivate:
    input:
        unpack(experiment.reads("deactivate")),
        card=paths.card,
        corpus=paths.corpus,
    output:
        temp(paths.share(paths.deactivation)),
    log:
        paths.log(paths.share(paths.deactivation)),
    benchmark:
        paths.benchmark(paths.share(paths.deactivation))
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
        method=experiment.one_of(experiment.deactivation_methods),
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("deactivate")
    resources:
        **experiment.resources("deactivate"),
    params:
        code=experiment.code("interventions.deactivation"),
        settings=experiment.settings("deactivate"),
    script:
        "../scripts/deactivate.py"


rule merge_deactivation:
    input:
        shards=gather.shards(paths.gathered(paths.deactivation)),
    output:
        table=paths.deactivation,
        problems=paths.deactivation_problems,
    log:
        paths.log(paths.deactivation),
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
        method=experiment.one_of(experiment.deactivation_methods),
    conda:
        "../../envs/torch.yaml"
    params:
        code=experiment.code("interventions.deactivation"),
        settings=experiment.settings("merge_deactivation"),
    script:
        "../scripts/merge_deactivation.py"


rule compare_deactivation:
    """Changes when neurons are switched off, with intervals; is a language itself hit hardest?"""
    input:
        problems=paths.deactivation_problems,
    output:
        changes=paths.deactivation_changes,
        dominance=paths.deactivation_dominance,
        csv=paths.deactivation_csv,
    log:
        paths.log(paths.deactivation_changes),
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
        method=experiment.one_of(experiment.deactivation_methods),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("interventions.deactivation_changes"),
        settings=experiment.settings("compare_deactivation"),
    script:
        "../scripts/compare_deactivation.py"
