"""Which facts a model knows in which language, and how an alignment changes it."""


rule measure_cloze:
    """Is the right answer the likeliest of its candidates?"""
    input:
        card=paths.card,
        facts=paths.facts,
    output:
        paths.cloze,
    log:
        paths.log(paths.cloze),
    benchmark:
        paths.benchmark(paths.cloze)
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
        dataset=experiment.one_of(experiment.facts),
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("measure_cloze", workflow)
    resources:
        **experiment.resources("measure_cloze"),
    params:
        code=experiment.code("measure_cloze"),
        settings=experiment.settings("measure_cloze"),
    script:
        "../scripts/measure_cloze.py"


rule summarise_cloze:
    input:
        cloze=paths.cloze,
    output:
        paths.knowledge_accuracy,
    log:
        paths.log(paths.knowledge_accuracy),
    wildcard_constraints:
        dataset=experiment.one_of(experiment.facts),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("summarise_cloze"),
        settings=experiment.settings("summarise_cloze"),
    script:
        "../scripts/summarise_cloze.py"


rule compare_cloze:
    input:
        before=paths.of("{before}", paths.cloze),
        after=paths.of("{after}", paths.cloze),
    output:
        paths.knowledge_change,
    log:
        paths.log(paths.knowledge_change),
    wildcard_constraints:
        dataset=experiment.one_of(experiment.facts),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("compare_cloze"),
        settings=experiment.settings("compare_cloze"),
    script:
        "../scripts/compare_cloze.py"
