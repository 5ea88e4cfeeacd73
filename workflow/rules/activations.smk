"""Counts of active neurons by language, fold and layer: one pass, additive shares."""


rule count_activations:
    input:
        tokens=lambda w: f"results/tokens/{w.model}/{writer(w.model)}/{w.dataset}.parquet",
        card=rules.inspect_model.output,
    output:
        temp("results/activations/{model}/{dataset}/{scatteritem}.parquet"),
    log:
        "results/logs/activations/{model}/{dataset}/{scatteritem}.log",
    benchmark:
        "results/benchmarks/activations/{model}/{dataset}/{scatteritem}.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 8
    resources:
        gpu=1,
    params:
        code=code("activations"),
        spec=model_spec,
        languages=config["languages"],
        folds=config["uncertainty"]["folds"],
        batch_tokens=config["collection"]["batch_tokens"],
    script:
        "../scripts/count_activations.py"


rule merge_activations:
    input:
        shards=gather.shards("results/activations/{{model}}/{{dataset}}/{scatteritem}.parquet"),
    output:
        "results/activations/{model}/{dataset}.parquet",
    log:
        "results/logs/activations/{model}/{dataset}.log",
    wildcard_constraints:
        model=one_of(text_models()),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=code("counts"),
        languages=config["languages"],
    script:
        "../scripts/merge_activations.py"


rule import_activations:
    """Published counts, in the format of the paper's release."""
    input:
        files=counts_files_of,
    output:
        "results/activations/{model}/{dataset}.parquet",
    log:
        "results/logs/activations/{model}/{dataset}.log",
    wildcard_constraints:
        model=one_of(count_models()),
    conda:
        "../../envs/torch.yaml"
    params:
        code=code("released"),
        folder=lookup(within=config, dpath="models/{model}/counts/{dataset}"),
        languages=config["languages"],
    script:
        "../scripts/import_activations.py"


rule activations:
    input:
        [
            f"results/activations/{model}/{dataset}.parquet"
            for model in config["models"]
            for dataset in datasets_of(config, model)
        ],
