"""Comparison of models before and after alignment, and of one dataset with another."""


rule compare_models:
    input:
        before=paths.of("{before}", paths.neurons),
        after=paths.of("{after}", paths.neurons),
        phases=paths.of("{before}", paths.phases),
    output:
        layers=paths.layer_change,
        sharing=paths.sharing_change,
        phases=paths.phase_change,
        languages=paths.language_change,
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
