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
    params:
        code=experiment.code("models.cards"),
        settings=experiment.settings("inspect_model"),
    script:
        "../scripts/inspect_model.py"
