"""The paper's findings as verdicts: about one model, and about an alignment."""


rule check_claims:
    input:
        unpack(experiment.reads("check_claims")),
        counts=paths.activations,
        segments=paths.segments,
    output:
        paths.model_claims,
    log:
        paths.log(paths.model_claims),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("check_claims"),
        settings=experiment.settings("check_claims"),
    script:
        "../scripts/check_claims.py"


rule check_alignment_claims:
    input:
        unpack(experiment.reads("check_alignment_claims")),
        before=paths.of("{before}", paths.activations),
        after=paths.of("{after}", paths.activations),
        totals=paths.total_change,
        phases=paths.phase_change,
        overlap=paths.overlap,
    output:
        paths.alignment_claims,
    log:
        paths.log(paths.alignment_claims),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("check_alignment_claims"),
        settings=experiment.settings("check_alignment_claims"),
    script:
        "../scripts/check_alignment_claims.py"
