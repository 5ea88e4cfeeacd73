"""The demo's models, retrained. Nothing else asks for them: the demo reads resources/demo."""


rule train_demo:
    input:
        settings=workflow.source_path("../../config/train_demo.yaml"),
        templates=experiment.demo_templates,
    output:
        base=directory(paths.demo_base),
        accuracy=paths.demo_accuracy,
        losses=paths.demo_losses,
    log:
        paths.log(paths.demo_accuracy),
    benchmark:
        paths.benchmark(paths.demo_accuracy)
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("train_demo", workflow)
    params:
        code=experiment.code("train_demo"),
    script:
        "../scripts/train_demo.py"


rule train_demo_translation:
    input:
        settings=workflow.source_path("../../config/train_demo.yaml"),
        templates=experiment.demo_templates,
    output:
        translation=directory(paths.demo_translation),
        ranking=paths.demo_ranking,
        losses=paths.demo_translation_losses,
    log:
        paths.log(paths.demo_ranking),
    benchmark:
        paths.benchmark(paths.demo_ranking)
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("train_demo_translation", workflow)
    params:
        code=experiment.code("train_demo_translation"),
    script:
        "../scripts/train_demo_translation.py"
