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


rule deactivation:
    input:
        deactivation_tables(),
