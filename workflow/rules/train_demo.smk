"""The demo's two models, trained anew. Nothing else asks for them: the demo reads resources/demo."""


rule train_demo:
    input:
        settings=f"{workflow.basedir}/config/train_demo.yaml",
        templates=sorted(SOURCE.glob("langneurons/demo/templates/*.yaml")),
    output:
        base=directory("results/train_demo/base"),
        aligned=directory("results/train_demo/aligned"),
        accuracy="results/train_demo/accuracy.csv",
        losses="results/train_demo/losses.csv",
    log:
        "results/logs/train_demo.log",
    benchmark:
        "results/benchmarks/train_demo.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 2
    params:
        code=code("demo.training"),
    script:
        "../scripts/train_demo.py"
