"""Accuracy by language of each model's own responses."""


rule evaluate_accuracy:
    input:
        responses="results/responses/{model}/{dataset}.parquet",
    output:
        "results/accuracy/{model}/{dataset}.parquet",
    log:
        "results/logs/accuracy/{model}/{dataset}.log",
    wildcard_constraints:
        model=one_of(text_models()),
    conda:
        "../../envs/torch.yaml"
    params:
        code=code("evaluation.accuracy"),
        languages=config["languages"],
    script:
        "../scripts/evaluate_accuracy.py"
