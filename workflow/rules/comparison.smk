"""Before against after alignment, and one dataset against another."""


rule compare_models:
    input:
        before="results/neurons/{before}/{dataset}/{method}.parquet",
        after="results/neurons/{after}/{dataset}/{method}.parquet",
        phases="results/phases/{before}/{dataset}/{method}.parquet",
    output:
        **{
            table: f"results/comparison/{{before}}-vs-{{after}}/{{dataset}}/{{method}}/{table}.parquet"
            for table in ["layers", "sharing", "phases", "languages", "overlap", "transitions"]
        },
    log:
        "results/logs/comparison/{before}-vs-{after}/{dataset}/{method}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        code=code("comparison.tables"),
        languages=config["languages"],
        pivot=config["pivot"],
        trained=trained,
    script:
        "../scripts/compare_models.py"


rule overlap_datasets:
    input:
        neurons=lambda w: [
            f"results/neurons/{w.model}/{dataset}/{w.method}.parquet"
            for dataset in datasets_of(config, w.model)
        ],
    output:
        "results/dataset_overlap/{model}/{method}.parquet",
    log:
        "results/logs/dataset_overlap/{model}/{method}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        code=code("comparison.tables"),
        datasets=lambda w: datasets_of(config, w.model),
        languages=config["languages"],
    script:
        "../scripts/overlap_datasets.py"


rule comparison:
    input:
        per_comparison("results/comparison/{before}-vs-{after}/{dataset}/{method}/layers.parquet"),
        [
            f"results/dataset_overlap/{model}/{method}.parquet"
            for model in config["models"]
            for method in config["neurons"]
            if len(datasets_of(config, model)) > 1
        ],
