"""Counts of active neurons by language, fold, layer and class of token; and other statistics."""


rule count_activations:
    input:
        unpack(experiment.reads("count_activations")),
        card=paths.card,
    output:
        counts=temp(paths.share(paths.activations)),
        by_class=temp(paths.share(paths.class_activations)),
    log:
        paths.log(paths.share(paths.activations)),
    benchmark:
        paths.benchmark(paths.share(paths.activations))
    priority: 1
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("count_activations", workflow)
    resources:
        **experiment.resources("count_activations"),
    params:
        code=experiment.code("count_activations"),
        settings=experiment.settings("count_activations"),
    script:
        "../scripts/count_activations.py"


rule merge_activations:
    input:
        shards=gather.shards(paths.gathered(paths.activations)),
        class_shards=gather.shards(paths.gathered(paths.class_activations)),
    output:
        counts=paths.activations,
        by_class=paths.class_activations,
    log:
        paths.log(paths.activations),
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
    priority: 1
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("merge_activations"),
        settings=experiment.settings("merge_activations"),
    script:
        "../scripts/merge_activations.py"


rule import_activations:
    """Published counts, in the format of the paper's release."""
    input:
        unpack(experiment.reads("import_activations")),
    output:
        paths.activations,
    log:
        paths.log(paths.activations),
    wildcard_constraints:
        model=experiment.one_of(experiment.count_models),
    priority: 1
    conda:
        "../../envs/torch.yaml"
    params:
        code=experiment.code("import_activations"),
        settings=experiment.settings("import_activations"),
    script:
        "../scripts/import_activations.py"


rule measure_relevance:
    """|activation × gradient of the NLL|: one forward and one backward pass."""
    input:
        unpack(experiment.reads("measure_relevance")),
        card=paths.card,
    output:
        temp(paths.share(paths.relevance)),
    log:
        paths.log(paths.share(paths.relevance)),
    benchmark:
        paths.benchmark(paths.share(paths.relevance))
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
    priority: 1
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("measure_relevance", workflow)
    resources:
        **experiment.resources("measure_relevance"),
    params:
        code=experiment.code("measure_relevance"),
        settings=experiment.settings("measure_relevance"),
    script:
        "../scripts/measure_relevance.py"


rule merge_relevance:
    input:
        shards=gather.shards(paths.gathered(paths.relevance)),
    output:
        paths.relevance,
    log:
        paths.log(paths.relevance),
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
    priority: 1
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("merge_relevance"),
        settings=experiment.settings("merge_relevance"),
    script:
        "../scripts/merge_relevance.py"


rule measure_overlaps:
    """In one job: histograms are too large to be kept, and what is kept of them does not add up."""
    input:
        unpack(experiment.reads("measure_overlaps")),
        card=paths.card,
    output:
        overlaps=paths.overlaps,
        means=paths.overlap_means,
    log:
        paths.log(paths.overlaps),
    benchmark:
        paths.benchmark(paths.overlaps)
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
    priority: 1
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("measure_overlaps", workflow)
    resources:
        **experiment.resources("measure_overlaps"),
    params:
        code=experiment.code("measure_overlaps"),
        settings=experiment.settings("measure_overlaps"),
    script:
        "../scripts/measure_overlaps.py"


rule quotients:
    """What methods read in place of activation probabilities: sums over the number of tokens."""
    input:
        sums=paths.statistic,
    output:
        paths.quotients,
    log:
        paths.log(paths.quotients),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("quotients"),
        settings=experiment.settings("quotients"),
    script:
        "../scripts/quotients.py"
