"""Accuracy of each model's own responses by language, and how an alignment changes it."""


rule evaluate_accuracy:
    input:
        responses=paths.responses,
    output:
        paths.accuracy,
    log:
        paths.log(paths.accuracy),
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
    conda:
        "../../envs/torch.yaml"
    params:
        code=experiment.code("responses.accuracy"),
        settings=experiment.settings("evaluate_accuracy"),
    script:
        "../scripts/evaluate_accuracy.py"


rule compare_accuracy:
    input:
        before=paths.of("{before}", paths.responses),
        after=paths.of("{after}", paths.responses),
    output:
        paths.accuracy_change,
    log:
        paths.log(paths.accuracy_change),
    wildcard_constraints:
        before=experiment.one_of(experiment.text_models),
        after=experiment.one_of(experiment.text_models),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("comparison.accuracy"),
        settings=experiment.settings("compare_accuracy"),
    script:
        "../scripts/compare_accuracy.py"
