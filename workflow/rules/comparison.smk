"""Comparison of models before and after alignment, and of one dataset with another."""


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
