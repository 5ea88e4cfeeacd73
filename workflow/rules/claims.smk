"""The paper's findings as verdicts: about one model, and about an alignment."""


rule check_claims:
    input:
        unpack(experiment.reads("check_claims")),
        certainty=paths.certainty,
        draws=paths.stability_draws,
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
        totals=paths.total_change,
        phases=paths.phase_change,
        languages=paths.language_change,
        language_draws=paths.language_draws,
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
