"""Models that the workflow aligns, and controls of alignments: data, training, checkpoints.

By preference: samples, scores, pairs. A model is aligned from the samples of its source, which all
models made from that source share. By translation: pairs of questions. Most of an experiment waits
for samples, scores and a preference training, so these begin first.
"""


rule inspect_alignment:
    """Before any work, refuse what cannot be aligned: translation model, codes, target modules."""
    input:
        unpack(experiment.reads("inspect_alignment")),
        card=paths.card,
    output:
        paths.inspection,
    log:
        paths.log(paths.inspection),
    wildcard_constraints:
        model=experiment.one_of(experiment.alignment_sources),
    priority: 10
    conda:
        "../../envs/torch.yaml"
    params:
        code=experiment.code("inspect_alignment"),
        settings=experiment.settings("inspect_alignment"),
    script:
        "../scripts/inspect_alignment.py"


rule check_questions:
    """Soon, refuse a data set that holds questions to align by; models that are made wait for it."""
    input:
        questions=paths.alignment_questions,
        corpus=paths.corpus,
    output:
        paths.compared,
    log:
        paths.log(paths.compared),
    priority: 10
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("check_questions"),
        settings=experiment.settings("check_questions"),
    script:
        "../scripts/check_questions.py"


rule sample_responses:
    """Several responses to each question, by the model to be aligned."""
    input:
        unpack(experiment.reads("sample_responses")),
        card=paths.card,
        inspection=paths.inspection,
    output:
        temp(paths.share(paths.samples)),
    log:
        paths.log(paths.share(paths.samples)),
    benchmark:
        paths.benchmark(paths.share(paths.samples))
    wildcard_constraints:
        model=experiment.one_of(experiment.sampled_models),
    priority: 2
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("sample_responses", workflow)
    resources:
        **experiment.resources("sample_responses"),
    params:
        code=experiment.code("sample_responses"),
        settings=experiment.settings("sample_responses"),
    script:
        "../scripts/generate_responses.py"


rule merge_samples:
    input:
        shards=gather.shards(paths.gathered(paths.samples)),
    output:
        paths.samples,
    log:
        paths.log(paths.samples),
    priority: 2
    conda:
        "../../envs/torch.yaml"
    params:
        code=experiment.code("merge_samples"),
        settings=experiment.settings("merge_samples"),
    script:
        "../scripts/merge_responses.py"


rule score_alignment:
    """How well the translation model connects each sample with the pivot's samples."""
    input:
        unpack(experiment.reads("score_alignment")),
        samples=paths.samples,
    output:
        temp(paths.share(paths.scores)),
    log:
        paths.log(paths.share(paths.scores)),
    benchmark:
        paths.benchmark(paths.share(paths.scores))
    priority: 2
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("score_alignment", workflow)
    resources:
        **experiment.resources("score_alignment"),
    params:
        code=experiment.code("score_alignment"),
        settings=experiment.settings("score_alignment"),
    script:
        "../scripts/score_alignment.py"


rule merge_scores:
    input:
        shards=gather.shards(paths.gathered(paths.scores)),
    output:
        paths.scores,
    log:
        paths.log(paths.scores),
    priority: 2
    conda:
        "../../envs/torch.yaml"
    params:
        code=experiment.code("merge_scores"),
        settings=experiment.settings("merge_scores"),
    script:
        "../scripts/merge_scores.py"


rule preference_pairs:
    input:
        unpack(experiment.reads("preference_pairs")),
    output:
        paths.pairs,
    log:
        paths.log(paths.pairs),
    wildcard_constraints:
        model=experiment.one_of(experiment.aligned_by("preference")),
    priority: 2
    conda:
        "../../envs/torch.yaml"
    params:
        code=experiment.code("preference_pairs"),
        settings=experiment.settings("preference_pairs"),
    script:
        "../scripts/preference_pairs.py"


rule translation_pairs:
    """Questions and their translations; a control gets them without what aligns."""
    input:
        unpack(experiment.reads("translation_pairs")),
    output:
        paths.translations,
    log:
        paths.log(paths.translations),
    wildcard_constraints:
        model=experiment.one_of(experiment.aligned_by("translation")),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("translation_pairs"),
        settings=experiment.settings("translation_pairs"),
    script:
        "../scripts/translation_pairs.py"


rule train_translation:
    """Supervised training of a LoRA adapter to translate; an interrupted run is resumed."""
    input:
        unpack(experiment.reads("train_translation")),
        pairs=paths.translations,
    output:
        adapters=directory(paths.adapters),
        training=paths.training,
    log:
        paths.log(paths.training),
    benchmark:
        paths.benchmark(paths.training)
    wildcard_constraints:
        model=experiment.one_of(experiment.aligned_by("translation")),
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("train_translation", workflow)
    resources:
        **experiment.resources("train_translation"),
    params:
        code=experiment.code("train_translation"),
        settings=experiment.settings("train_translation"),
    script:
        "../scripts/train_translation.py"


rule align:
    """Direct preference optimisation of a LoRA adapter; an interrupted run is resumed."""
    input:
        unpack(experiment.reads("align")),
        pairs=paths.pairs,
    output:
        adapters=directory(paths.adapters),
        training=paths.training,
    log:
        paths.log(paths.training),
    benchmark:
        paths.benchmark(paths.training)
    wildcard_constraints:
        model=experiment.one_of(experiment.aligned_by("preference")),
    priority: 2
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("align", workflow)
    resources:
        **experiment.resources("align"),
    params:
        code=experiment.code("align"),
        settings=experiment.settings("align"),
    script:
        "../scripts/align.py"


rule merge_adapter:
    """A checkpoint like any other: the adapter merged into the model it was trained on."""
    input:
        unpack(experiment.reads("merge_adapter")),
    output:
        directory(paths.checkpoint),
    log:
        paths.log(paths.checkpoint),
    wildcard_constraints:
        model=experiment.one_of(experiment.made_models),
    conda:
        "../../envs/torch.yaml"
    resources:
        **experiment.resources("merge_adapter"),
    params:
        code=experiment.code("merge_adapter"),
        settings=experiment.settings("merge_adapter"),
    script:
        "../scripts/merge_adapter.py"
