"""Deactivation: what each language loses when neurons are switched off, all or the first ones."""


rule deactivate:
    input:
        unpack(experiment.reads("deactivate")),
        card=paths.card,
    output:
        temp(paths.share(paths.deactivation_answers)),
    log:
        paths.log(paths.share(paths.deactivation_answers)),
    benchmark:
        paths.benchmark(paths.share(paths.deactivation_answers))
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
        method=experiment.one_of(experiment.deactivation_methods),
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("deactivate", workflow)
    resources:
        **experiment.resources("deactivate"),
    params:
        code=experiment.code("deactivate"),
        settings=experiment.settings("deactivate"),
    script:
        "../scripts/deactivate.py"


rule merge_deactivation:
    input:
        shards=gather.shards(paths.gathered(paths.deactivation_answers)),
    output:
        paths.deactivation_answers,
    log:
        paths.log(paths.deactivation_answers),
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
        method=experiment.one_of(experiment.deactivation_methods),
    conda:
        "../../envs/torch.yaml"
    params:
        code=experiment.code("merge_deactivation"),
        settings=experiment.settings("merge_deactivation"),
    script:
        "../scripts/merge_deactivation.py"


rule grade_deactivation:
    """Answers graded, and the means by language; a new rule of grading runs no model."""
    input:
        unpack(experiment.reads("grade_deactivation")),
        answers=paths.deactivation_answers,
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
        code=experiment.code("grade_deactivation"),
        settings=experiment.settings("grade_deactivation"),
    script:
        "../scripts/grade_deactivation.py"


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
        code=experiment.code("compare_deactivation"),
        settings=experiment.settings("compare_deactivation"),
    script:
        "../scripts/compare_deactivation.py"


rule measure_doses:
    """First neurons by each method's rank, more and more of them; of all methods together."""
    input:
        unpack(experiment.reads("measure_doses")),
        card=paths.card,
    output:
        temp(paths.share(paths.dose_problems)),
    log:
        paths.log(paths.share(paths.dose_problems)),
    benchmark:
        paths.benchmark(paths.share(paths.dose_problems))
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("measure_doses", workflow)
    resources:
        **experiment.resources("measure_doses"),
    params:
        code=experiment.code("measure_doses"),
        settings=experiment.settings("measure_doses"),
    script:
        "../scripts/measure_doses.py"


rule merge_doses:
    input:
        shards=gather.shards(paths.gathered(paths.dose_problems)),
    output:
        paths.dose_problems,
    log:
        paths.log(paths.dose_problems),
    conda:
        "../../envs/torch.yaml"
    params:
        code=experiment.code("merge_doses"),
        settings=experiment.settings("merge_doses"),
    script:
        "../scripts/merge_doses.py"


rule summarise_doses:
    """Changes of NLL with intervals; another margin runs no model."""
    input:
        problems=paths.dose_problems,
    output:
        paths.doses,
    log:
        paths.log(paths.doses),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("summarise_doses"),
        settings=experiment.settings("summarise_doses"),
    script:
        "../scripts/summarise_doses.py"
