"""Responses: written by a model, or supplied with the data."""


# How many jobs share the model work of one (model, dataset); more in profiles/slurm.
scattergather:
    shards=experiment.config.shards,


rule generate_responses:
    input:
        unpack(experiment.reads("generate_responses")),
        corpus=paths.corpus,
    output:
        temp(paths.share(paths.responses)),
    log:
        paths.log(paths.share(paths.responses)),
    benchmark:
        paths.benchmark(paths.share(paths.responses))
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("generate_responses", workflow)
    resources:
        **experiment.resources("generate_responses"),
    params:
        code=experiment.code("generate_responses"),
        settings=experiment.settings("generate_responses"),
    script:
        "../scripts/generate_responses.py"


rule merge_responses:
    input:
        shards=gather.shards(paths.gathered(paths.responses)),
    output:
        paths.responses,
    log:
        paths.log(paths.responses),
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
    conda:
        "../../envs/torch.yaml"
    params:
        code=experiment.code("merge_responses"),
        settings=experiment.settings("merge_responses"),
    script:
        "../scripts/merge_responses.py"


rule given_responses:
    input:
        corpus=paths.corpus,
    output:
        paths.of("data", paths.responses),
    log:
        paths.log(paths.of("data", paths.responses)),
    conda:
        "../../envs/torch.yaml"
    params:
        code=experiment.code("given_responses"),
        settings=experiment.settings("given_responses"),
    script:
        "../scripts/given_responses.py"
