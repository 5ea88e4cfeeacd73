"""Doses: a language's first neurons by each method's rank are switched off, more and more."""


rule measure_doses:
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
