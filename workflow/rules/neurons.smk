"""Activation probabilities, types of neurons, masks."""


rule activation_probabilities:
    input:
        counts=paths.activations,
    output:
        paths.probabilities,
    log:
        paths.log(paths.probabilities),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("activation_probabilities"),
        settings=experiment.settings("activation_probabilities"),
    script:
        "../scripts/activation_probabilities.py"


rule type_neurons:
    input:
        probabilities=paths.probabilities,
    output:
        neurons=paths.neurons,
        summary=paths.summary,
    log:
        paths.log(paths.neurons),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("type_neurons"),
        settings=experiment.settings("type_neurons"),
    script:
        "../scripts/type_neurons.py"


rule export_masks:
    input:
        neurons=paths.neurons,
    output:
        paths.masks,
    log:
        paths.log(paths.masks),
    conda:
        "../../envs/torch.yaml"
    params:
        code=experiment.code("export_masks"),
        settings=experiment.settings("export_masks"),
    script:
        "../scripts/export_masks.py"
