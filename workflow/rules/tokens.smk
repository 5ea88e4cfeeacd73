"""Text to token ids, with the boundary between prompt and response."""


rule tokenize:
    input:
        responses="results/responses/{responses}/{dataset}.parquet",
        card=rules.inspect_model.output,
    output:
        "results/tokens/{model}/{responses}/{dataset}.parquet",
    log:
        "results/logs/tokens/{model}/{responses}/{dataset}.log",
    wildcard_constraints:
        responses=one_of([*text_models(), "data"]),
    conda:
        "../../envs/torch.yaml"
    params:
        code=code("tokenization"),
        spec=model_spec,
        empty=config["collection"]["empty_responses"],
    script:
        "../scripts/tokenize.py"


rule tokens:
    input:
        [
            f"results/tokens/{model}/{writer(model)}/{dataset}.parquet"
            for model in text_models()
            for dataset in config["datasets"]
        ],
