"""Text to token ids, with the boundary between prompt and response."""


rule tokenize:
    input:
        responses=paths.of("{responses}", paths.responses),
        card=paths.card,
    output:
        paths.tokens,
    log:
        paths.log(paths.tokens),
    wildcard_constraints:
        responses=experiment.one_of(experiment.responses),
    conda:
        "../../envs/torch.yaml"
    params:
        code=experiment.code("tokenize"),
        settings=experiment.settings("tokenize"),
    script:
        "../scripts/tokenize.py"
