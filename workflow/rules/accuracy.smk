"""Accuracy of each model's own responses by language, and how an alignment changes it."""


rule grade_responses:
    """The number and the language of each response; a new rule of grading runs no model."""
    input:
        responses=paths.responses,
        corpus=paths.corpus,
    output:
        paths.grades,
    log:
        paths.log(paths.grades),
    wildcard_constraints:
        model=experiment.one_of(experiment.responses),
    conda:
        "../../envs/torch.yaml"
    params:
        code=experiment.code("grade_responses"),
        settings=experiment.settings("grade_responses"),
    script:
        "../scripts/grade_responses.py"


rule evaluate_accuracy:
    input:
        grades=paths.grades,
    output:
        paths.accuracy,
    log:
        paths.log(paths.accuracy),
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
    conda:
        "../../envs/torch.yaml"
    params:
        code=experiment.code("evaluate_accuracy"),
        settings=experiment.settings("evaluate_accuracy"),
    script:
        "../scripts/evaluate_accuracy.py"


rule compare_accuracy:
    input:
        before=paths.of("{before}", paths.grades),
        after=paths.of("{after}", paths.grades),
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
        code=experiment.code("compare_accuracy"),
        settings=experiment.settings("compare_accuracy"),
    script:
        "../scripts/compare_accuracy.py"
