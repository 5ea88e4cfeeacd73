"""Steering: ask in one language with its neurons off and another language's raised."""


rule steer:
    input:
        unpack(experiment.reads("steer")),
        card=paths.card,
        corpus=paths.corpus,
        neurons=paths.neurons,
    output:
        temp(paths.share(paths.steering)),
    log:
        paths.log(paths.share(paths.steering)),
    benchmark:
        paths.benchmark(paths.share(paths.steering))
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("steer")
    resources:
        **experiment.resources("steer"),
    params:
        code=experiment.code("interventions.steering"),
        settings=experiment.settings("steer"),
    script:
        "../scripts/steer.py"


rule merge_steering:
    input:
        shards=gather.shards(paths.gathered(paths.steering)),
    output:
        table=paths.steering,
        problems=paths.steering_problems,
        csv=paths.steering_csv,
    log:
        paths.log(paths.steering),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("interventions.steering_summary"),
        settings=experiment.settings("merge_steering"),
    script:
        "../scripts/merge_steering.py"
