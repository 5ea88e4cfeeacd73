"""Four phases of the layers."""


rule segment_layers:
    input:
        neurons=paths.neurons,
        summary=paths.summary,
    output:
        segments=paths.segments,
        layers=paths.phase_layers,
        support=paths.phase_support,
    log:
        paths.log(paths.segments),
    priority: 1
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("segment_layers"),
        settings=experiment.settings("segment_layers"),
    script:
        "../scripts/segment_layers.py"


rule describe_phases:
    """Names, intervals and expectations. What reads the segments does not wait for these."""
    input:
        unpack(experiment.reads("describe_phases")),
        segments=paths.segments,
        summary=paths.summary,
    output:
        phases=paths.phases,
        expectations=paths.phase_expectations,
    log:
        paths.log(paths.phases),
    priority: 1
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("describe_phases"),
        settings=experiment.settings("describe_phases"),
    script:
        "../scripts/describe_phases.py"
