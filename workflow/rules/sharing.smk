"""Neurons that languages share in parallel examples, by class, and what they do when off."""


rule measure_sharing:
    """Classes of all neurons in each example: one pass to the last token of each text."""
    input:
        unpack(experiment.reads("measure_sharing")),
        card=paths.card,
    output:
        problems=paths.sharing,
        neurons=paths.sharing_neurons,
    log:
        paths.log(paths.sharing),
    benchmark:
        paths.benchmark(paths.sharing)
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("measure_sharing", workflow)
    resources:
        **experiment.resources("measure_sharing"),
    params:
        code=experiment.code("measure_sharing"),
        settings=experiment.settings("measure_sharing"),
    script:
        "../scripts/measure_sharing.py"


rule summarise_sharing:
    input:
        problems=paths.sharing,
    output:
        paths.sharing_layers,
    log:
        paths.log(paths.sharing_layers),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("summarise_sharing"),
        settings=experiment.settings("summarise_sharing"),
    script:
        "../scripts/summarise_sharing.py"


rule deactivate_classes:
    input:
        unpack(experiment.reads("deactivate_classes")),
        card=paths.card,
        neurons=paths.sharing_neurons,
    output:
        temp(paths.share(paths.class_deactivation)),
    log:
        paths.log(paths.share(paths.class_deactivation)),
    benchmark:
        paths.benchmark(paths.share(paths.class_deactivation))
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("deactivate_classes", workflow)
    resources:
        **experiment.resources("deactivate_classes"),
    params:
        code=experiment.code("deactivate_classes"),
        settings=experiment.settings("deactivate_classes"),
    script:
        "../scripts/deactivate_classes.py"


rule merge_class_deactivation:
    input:
        shards=gather.shards(paths.gathered(paths.class_deactivation)),
    output:
        paths.class_deactivation,
    log:
        paths.log(paths.class_deactivation),
    conda:
        "../../envs/torch.yaml"
    params:
        code=experiment.code("merge_class_deactivation"),
        settings=experiment.settings("merge_class_deactivation"),
    script:
        "../scripts/merge_class_deactivation.py"


rule compare_class_deactivation:
    """Changes when a class is switched off, with intervals."""
    input:
        problems=paths.class_deactivation,
    output:
        paths.class_changes,
    log:
        paths.log(paths.class_changes),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("compare_class_deactivation"),
        settings=experiment.settings("compare_class_deactivation"),
    script:
        "../scripts/compare_class_deactivation.py"
