"""The paper's tables, as CSV and as pictures.

Each is a module of langneurons.tables that declares what it is made for and what it reads.
"""


rule write_table:
    input:
        unpack(experiment.reads("write_table")),
    output:
        csv=paths.table,
        figure_csv=paths.other_format(paths.table_figure, ".csv"),
        png=paths.table_figure,
        pdf=paths.other_format(paths.table_figure, ".pdf"),
    log:
        paths.log(paths.table),
    wildcard_constraints:
        name=experiment.one_of(experiment.table_names),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("write_table"),
        settings=experiment.settings("write_table"),
    script:
        "../scripts/write_table.py"
