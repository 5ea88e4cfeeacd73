"""Figures as PNG and PDF. They only read Parquet, so a new colour reruns no model.

Each is a module of langneurons.figures that declares what it is made for and what it reads.
"""


rule draw_figure:
    input:
        unpack(experiment.reads("draw_figure")),
    output:
        png=paths.figure,
        pdf=paths.other_format(paths.figure, ".pdf"),
    log:
        paths.log(paths.figure),
    wildcard_constraints:
        name=experiment.one_of(experiment.figure_names),
    priority: 1
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("draw_figure"),
        settings=experiment.settings("draw_figure"),
    script:
        "../scripts/draw_figure.py"
