"""Activation probabilities, types of neurons, masks."""


rule activation_probabilities:
    input:
        counts="results/activations/{model}/{dataset}.parquet",
    output:
        "results/probabilities/{model}/{dataset}.parquet",
    log:
        "results/logs/probabilities/{model}/{dataset}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        code=code("counts"),
        languages=config["languages"],
    script:
        "../scripts/activation_probabilities.py"


rule type_neurons:
    input:
        probabilities=rules.activation_probabilities.output,
    output:
        neurons="results/neurons/{model}/{dataset}/{method}.parquet",
        summary="results/neurons/{model}/{dataset}/{method}.summary.parquet",
    log:
        "results/logs/neurons/{model}/{dataset}/{method}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        code=code("neuron_table"),
        parameters=parameters,
        languages=config["languages"],
    script:
        "../scripts/type_neurons.py"


rule export_masks:
    input:
        neurons=rules.type_neurons.output.neurons,
    output:
        "results/masks/{model}/{dataset}/{method}.pt",
    log:
        "results/logs/masks/{model}/{dataset}/{method}.log",
    conda:
        "../../envs/torch.yaml"
    params:
        code=code("masks"),
        languages=config["languages"],
    script:
        "../scripts/export_masks.py"


rule neurons:
    input:
        per_model("results/neurons/{model}/{dataset}/{method}.parquet"),


rule masks:
    input:
        per_model("results/masks/{model}/{dataset}/{method}.pt"),
