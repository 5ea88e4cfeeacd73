"""Deactivation: what each language loses when neurons are switched off."""


rule deactivate:
    input:
        unpack(deactivated_neurons),
        unpack(likelihood_texts),
        card=rules.inspect_model.output,
        corpus=rules.build_corpus.output,
    output:
        temp("results/deactivation/{model}/{dataset}/{method}/{scatteritem}.parquet"),
    log:
        "results/logs/deactivation/{model}/{dataset}/{method}/{scatteritem}.log",
    benchmark:
        "results/benchmarks/deactivation/{model}/{dataset}/{method}/{scatteritem}.tsv"
    wildcard_constraints:
        model=one_of(text_models()),
        method=one_of(deactivation_methods()),
    conda:
        "../../envs/torch.yaml"
    threads: 8
    resources:
        gpu=1,
    params:
        code=code("deactivation"),
        spec=model_spec,
        prompt=lambda wildcards: config["prompt"],
        parameters=deactivation_parameters(),
        languages=config["languages"],
    script:
        "../scripts/deactivate.py"


rule merge_deactivation:
    input:
        shards=gather.shards(
            "results/deactivation/{{model}}/{{dataset}}/{{method}}/{scatteritem}.parquet"
        ),
    output:
        table="results/deactivation/{model}/{dataset}/{method}.parquet",
        problems="results/deactivation/{model}/{dataset}/{method}.problems.parquet",
    log:
        "results/logs/deactivation/{model}/{dataset}/{method}.log",
    wildcard_constraints:
        model=one_of(text_models()),
        method=one_of(deactivation_methods()),
    conda:
        "../../envs/torch.yaml"
    params:
        code=code("deactivation"),
        languages=config["languages"],
        sets=deactivated_sets,
    script:
        "../scripts/merge_deactivation.py"


rule draw_deactivation_change:
    """What each language loses in perplexity, beside random controls."""
    input:
        deactivation="results/deactivation/{model}/{dataset}/{method}.parquet",
    output:
        png="results/figures/deactivation_change/{model}/{dataset}/{method}.png",
        pdf="results/figures/deactivation_change/{model}/{dataset}/{method}.pdf",
    log:
        "results/logs/figures/deactivation_change/{model}/{dataset}/{method}.log",
    wildcard_constraints:
        model=one_of(text_models()),
        method=one_of(deactivation_methods()),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=code("figures.deactivation_change"),
        figure="deactivation_change",
        title="{model} on {dataset} ({method})",
        style=config["figures"],
    script:
        "../scripts/draw_figure.py"


rule deactivation_change:
    input:
        [
            table.replace("results/deactivation", "results/figures/deactivation_change").replace(
                ".parquet", ".png"
            )
            for table in deactivation_tables()
        ],


rule draw_deactivation_accuracy:
    """What each language loses in accuracy, beside random controls (figure 2)."""
    input:
        deactivation="results/deactivation/{model}/{dataset}/{method}.parquet",
    output:
        png="results/figures/deactivation_accuracy/{model}/{dataset}/{method}.png",
        pdf="results/figures/deactivation_accuracy/{model}/{dataset}/{method}.pdf",
    log:
        "results/logs/figures/deactivation_accuracy/{model}/{dataset}/{method}.log",
    wildcard_constraints:
        model=one_of(text_models()),
        method=one_of(deactivation_methods()),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=code("figures.deactivation_accuracy"),
        figure="deactivation_accuracy",
        title="{model} on {dataset} ({method})",
        style=config["figures"],
    script:
        "../scripts/draw_figure.py"


rule deactivation_accuracy:
    input:
        [
            table.replace("results/deactivation", "results/figures/deactivation_accuracy").replace(
                ".parquet", ".png"
            )
            for table in deactivation_tables()
            if config["deactivation"]["accuracy"]
        ],


# The paper's number.
rule figure2:
    input:
        rules.deactivation_accuracy.input,


rule deactivation:
    input:
        deactivation_tables(),
        rules.deactivation_change.input,
        rules.deactivation_accuracy.input,
