"""Did the alignment align? Partners found among parallel texts, and losses on them."""


rule measure_retrieval:
    input:
        unpack(experiment.reads("measure_retrieval")),
        card=paths.card,
    output:
        partners=paths.retrieval,
        losses=paths.retrieval_losses,
    log:
        paths.log(paths.retrieval),
    benchmark:
        paths.benchmark(paths.retrieval)
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("measure_retrieval", workflow)
    resources:
        **experiment.resources("measure_retrieval"),
    params:
        code=experiment.code("measure_retrieval"),
        settings=experiment.settings("measure_retrieval"),
    script:
        "../scripts/measure_retrieval.py"


rule compare_retrieval:
    input:
        before=paths.of("{before}", paths.retrieval),
        before_losses=paths.of("{before}", paths.retrieval_losses),
        after=paths.of("{after}", paths.retrieval),
        after_losses=paths.of("{after}", paths.retrieval_losses),
    output:
        paths.retrieval_change,
    log:
        paths.log(paths.retrieval_change),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("compare_retrieval"),
        settings=experiment.settings("compare_retrieval"),
    script:
        "../scripts/compare_retrieval.py"
