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
