"""Problems in, one schema out."""


rule build_corpus:
    input:
        unpack(experiment.reads("build_corpus")),
    output:
        paths.corpus,
    log:
        paths.log(paths.corpus),
    conda:
        "../../envs/torch.yaml"
    resources:
        **experiment.resources("build_corpus"),
    params:
        code=experiment.code("build_corpus"),
        settings=experiment.settings("build_corpus"),
    script:
        "../scripts/build_corpus.py"


rule build_facts:
    """Prompts that end right before their answer, with candidates for it."""
    input:
        unpack(experiment.reads("build_facts")),
    output:
        paths.facts,
    log:
        paths.log(paths.facts),
    wildcard_constraints:
        dataset=experiment.one_of(experiment.facts),
    conda:
        "../../envs/torch.yaml"
    params:
        code=experiment.code("build_facts"),
        settings=experiment.settings("build_facts"),
    script:
        "../scripts/build_facts.py"
