"""Models are inspected before any work: architecture, NaN weights, tokenizer."""


rule convert_gguf:
    """A checkpoint like any other: the weights and the tokenizer of a GGUF file."""
    input:
        unpack(experiment.reads("convert_gguf")),
    output:
        directory(paths.checkpoint),
    log:
        paths.log(paths.checkpoint),
    wildcard_constraints:
        model=experiment.one_of(experiment.converted_models),
    conda:
        "../../envs/torch.yaml"
    resources:
        **experiment.resources("convert_gguf"),
    params:
        code=experiment.code("convert_gguf"),
        settings=experiment.settings("convert_gguf"),
    script:
        "../scripts/convert_gguf.py"


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
