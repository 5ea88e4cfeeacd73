"""Models are inspected before any work: architecture, NaN weights, tokenizer."""


rule inspect_model:
    input:
        unpack(experiment.reads("inspect_model")),
    output:
        paths.card,
    log:
        paths.log(paths.card),
    conda:
        "../../envs/torch.yaml"
    resources:
        **experiment.resources("inspect_model"),
    params:
        code=experiment.code("inspect_model"),
        settings=experiment.settings("inspect_model"),
    script:
        "../scripts/inspect_model.py"
