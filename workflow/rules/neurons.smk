"""Activation probabilities, types of neurons and what they owe to the settings, masks."""


rule activation_probabilities:
    input:
        counts=paths.activations,
    output:
        paths.probabilities,
    log:
        paths.log(paths.probabilities),
    priority: 1
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("activation_probabilities"),
        settings=experiment.settings("activation_probabilities"),
    script:
        "../scripts/activation_probabilities.py"


rule type_neurons:
    input:
        unpack(experiment.reads("type_neurons")),
    output:
        neurons=paths.neurons,
        summary=paths.summary,
    log:
        paths.log(paths.neurons),
    wildcard_constraints:
        method=experiment.one_of(experiment.quotient_methods),
    priority: 1
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("type_neurons"),
        settings=experiment.settings("type_neurons"),
    script:
        "../scripts/type_neurons.py"


rule type_by_overlap:
    input:
        overlaps=paths.overlaps,
        means=paths.overlap_means,
    output:
        neurons=paths.neurons,
        summary=paths.summary,
    log:
        paths.log(paths.neurons),
    wildcard_constraints:
        method=experiment.one_of(experiment.overlap_methods),
    priority: 1
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("type_by_overlap"),
        settings=experiment.settings("type_by_overlap"),
    script:
        "../scripts/type_by_overlap.py"


rule resample_neurons:
    """How sure types and numbers are. Figures and claims wait for it, and no model."""
    input:
        unpack(experiment.reads("resample_neurons")),
    output:
        stability=paths.stability,
        certainty=paths.certainty,
        draws=paths.stability_draws,
    log:
        paths.log(paths.stability),
    priority: 1
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("resample_neurons"),
        settings=experiment.settings("resample_neurons"),
    script:
        "../scripts/resample_neurons.py"


rule vary_settings:
    input:
        unpack(experiment.reads("vary_settings")),
    output:
        paths.sensitivity,
    log:
        paths.log(paths.sensitivity),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("vary_settings"),
        settings=experiment.settings("vary_settings"),
    script:
        "../scripts/vary_settings.py"


rule type_by_token_class:
    """Whether neurons keep their type where only letters of each language's script are read."""
    input:
        neurons=paths.neurons,
        by_class=paths.class_activations,
    output:
        types=paths.token_classes,
        tokens=paths.token_shares,
    log:
        paths.log(paths.token_classes),
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
        method=experiment.one_of(experiment.activation_methods),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("type_by_token_class"),
        settings=experiment.settings("type_by_token_class"),
    script:
        "../scripts/type_by_token_class.py"


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
