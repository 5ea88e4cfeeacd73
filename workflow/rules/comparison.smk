"""Comparison of models before and after alignment, of data sets, and of methods."""


rule compare_models:
    input:
        unpack(experiment.reads("compare_models")),
        phases=paths.of("{before}", paths.phases),
    output:
        totals=paths.total_change,
        layers=paths.layer_change,
        sharing=paths.sharing_change,
        phases=paths.phase_change,
        languages=paths.language_change,
        language_draws=paths.language_draws,
        groups=paths.group_change,
        overlap=paths.overlap,
        transitions=paths.transitions,
    log:
        paths.log(paths.comparison),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("compare_models"),
        settings=experiment.settings("compare_models"),
    script:
        "../scripts/compare_models.py"


rule attribute_changes:
    """Is it the alignment? Its changes less those of its controls, over seeds."""
    input:
        unpack(experiment.reads("attribute_changes")),
    output:
        paths.attribution,
    log:
        paths.log(paths.attribution),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("attribute_changes"),
        settings=experiment.settings("attribute_changes"),
    script:
        "../scripts/attribute_changes.py"


rule overlap_datasets:
    input:
        unpack(experiment.reads("overlap_datasets")),
    output:
        paths.dataset_overlap,
    log:
        paths.log(paths.dataset_overlap),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("overlap_datasets"),
        settings=experiment.settings("overlap_datasets"),
    script:
        "../scripts/overlap_datasets.py"


rule split_neurons:
    """The neurons that a method finds on either half of the texts: no two methods agree more."""
    input:
        unpack(experiment.reads("split_neurons")),
    output:
        paths.halves,
    log:
        paths.log(paths.halves),
    wildcard_constraints:
        method=experiment.one_of(experiment.quotient_methods),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("split_neurons"),
        settings=experiment.settings("split_neurons"),
    script:
        "../scripts/split_neurons.py"


rule split_neurons_by_overlap:
    input:
        overlaps=paths.overlaps,
        means=paths.overlap_means,
    output:
        paths.halves,
    log:
        paths.log(paths.halves),
    wildcard_constraints:
        method=experiment.one_of(experiment.overlap_methods),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("split_neurons_by_overlap"),
        settings=experiment.settings("split_neurons_by_overlap"),
    script:
        "../scripts/split_neurons_by_overlap.py"


rule compare_methods:
    input:
        unpack(experiment.reads("compare_methods")),
    output:
        paths.methods_agreement,
    log:
        paths.log(paths.methods_agreement),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("compare_methods"),
        settings=experiment.settings("compare_methods"),
    script:
        "../scripts/compare_methods.py"


rule gather_costs:
    """What the jobs took that ran a model for each method, as far as Snakemake has timed them."""
    input:
        unpack(experiment.reads("gather_costs")),
    output:
        paths.methods_cost,
    log:
        paths.log(paths.methods_cost),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("gather_costs"),
        settings=experiment.settings("gather_costs"),
    script:
        "../scripts/gather_costs.py"
