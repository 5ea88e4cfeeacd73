"""Steering: ask in one language with its neurons off and another language's raised."""


rule steer:
    input:
        unpack(experiment.reads("steer")),
        card=paths.card,
        neurons=paths.neurons,
    output:
        temp(paths.share(paths.steering_answers)),
    log:
        paths.log(paths.share(paths.steering_answers)),
    benchmark:
        paths.benchmark(paths.share(paths.steering_answers))
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("steer", workflow)
    resources:
        **experiment.resources("steer"),
    params:
        code=experiment.code("steer"),
        settings=experiment.settings("steer"),
    script:
        "../scripts/steer.py"


rule merge_steering:
    input:
        shards=gather.shards(paths.gathered(paths.steering_answers)),
    output:
        paths.steering_answers,
    log:
        paths.log(paths.steering_answers),
    conda:
        "../../envs/torch.yaml"
    params:
        code=experiment.code("merge_steering"),
        settings=experiment.settings("merge_steering"),
    script:
        "../scripts/merge_steering.py"


rule summarise_steering:
    """The languages of the answers, with intervals; more replicates run no model."""
    input:
        unpack(experiment.reads("summarise_steering")),
        answers=paths.steering_answers,
    output:
        table=paths.steering,
        problems=paths.steering_problems,
        doses=paths.steering_doses,
        csv=paths.steering_csv,
        answers=paths.steering_answers_csv,
    log:
        paths.log(paths.steering),
    conda:
        "../../envs/torch.yaml"
    params:
        code=experiment.code("summarise_steering"),
        settings=experiment.settings("summarise_steering"),
    script:
        "../scripts/summarise_steering.py"
