"""Four phases of the layers."""


rule segment_phases:
    input:
        neurons=paths.neurons,
        summary=paths.summary,
        counts=paths.activations,
    output:
        phases=paths.phases,
        layers=paths.phase_layers,
        support=paths.phase_support,
        expectations=paths.phase_expectations,
    log:
        paths.log(paths.phases),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("phases.segmentation", "neurons.methods.{method}"),
        settings=experiment.settings("segment_phases"),
    script:
        "../scripts/segment_phases.py"
