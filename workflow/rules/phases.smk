"""Four phases of the layers."""


rule segment_phases:
    input:
        neurons=rules.type_neurons.output.neurons,
        summary=rules.type_neurons.output.summary,
        counts="results/activations/{model}/{dataset}.parquet",
    output:
        phases="results/phases/{model}/{dataset}/{method}.parquet",
        layers="results/phases/{model}/{dataset}/{method}.layers.parquet",
        support="results/phases/{model}/{dataset}/{method}.support.parquet",
        expectations="results/phases/{model}/{dataset}/{method}.expectations.parquet",
    log:
        "results/logs/phases/{model}/{dataset}/{method}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        code=code("phases"),
        segments=config["phases"]["segments"],
        parameters=parameters,
        replicates=config["uncertainty"]["replicates"],
        seed=config["uncertainty"]["seed"],
    script:
        "../scripts/segment_phases.py"


rule phases:
    input:
        per_model("results/phases/{model}/{dataset}/{method}.parquet"),
