"""The paper's tables 2, 3 and 4, as CSV and as pictures."""


rule write_table:
    input:
        table_artefacts,
    output:
        csv="results/tables/{table}/{before}-vs-{after}/{dataset}/{method}.csv",
        figure_csv="results/figures/{table}/{before}-vs-{after}/{dataset}/{method}.csv",
        png="results/figures/{table}/{before}-vs-{after}/{dataset}/{method}.png",
        pdf="results/figures/{table}/{before}-vs-{after}/{dataset}/{method}.pdf",
    log:
        "results/logs/tables/{table}/{before}-vs-{after}/{dataset}/{method}.log",
    wildcard_constraints:
        table="table[234]",
    conda:
        "../../envs/analysis.yaml"
    params:
        code=code("paper_tables"),
        title="{before} → {after} on {dataset}, method {method}",
        style=config["figures"],
    script:
        "../scripts/write_table.py"


rule table2:
    """Trained against other languages."""
    input:
        per_comparison("results/tables/table2/{before}-vs-{after}/{dataset}/{method}.csv"),


rule table3:
    """The pivot against the other languages."""
    input:
        per_comparison("results/tables/table3/{before}-vs-{after}/{dataset}/{method}.csv"),


rule table4:
    """Overlap of positions before and after, and across datasets."""
    input:
        per_comparison("results/tables/table4/{before}-vs-{after}/{dataset}/{method}.csv"),


rule tables:
    input:
        rules.table2.input,
        rules.table3.input,
        rules.table4.input,
