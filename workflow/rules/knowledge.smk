"""Neurons that carry facts: attribution, a fact's neurons, and what changes when they change."""


rule attribute_facts:
    """Integrated gradients of the facts that a model knows: one share of these."""
    input:
        facts=paths.facts,
        cloze=paths.cloze,
        card=paths.card,
    output:
        temp(paths.share(paths.attributions)),
    log:
        paths.log(paths.share(paths.attributions)),
    benchmark:
        paths.benchmark(paths.share(paths.attributions))
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
        dataset=experiment.one_of(experiment.facts),
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("attribute_facts", workflow)
    resources:
        **experiment.resources("attribute_facts"),
    params:
        code=experiment.code("attribute_facts"),
        settings=experiment.settings("attribute_facts"),
    script:
        "../scripts/attribute_facts.py"


rule merge_attributions:
    input:
        shards=gather.shards(paths.gathered(paths.attributions)),
    output:
        paths.attributions,
    log:
        paths.log(paths.attributions),
    conda:
        "../../envs/torch.yaml"
    params:
        code=experiment.code("merge_attributions"),
        settings=experiment.settings("merge_attributions"),
    script:
        "../scripts/merge_attributions.py"


rule select_fact_neurons:
    """Which neurons are a fact's in each language, and in most."""
    input:
        attributions=paths.attributions,
        card=paths.card,
    output:
        neurons=paths.fact_neurons,
        agnostic=paths.agnostic,
        overall=paths.agnostic_overall,
        layers=paths.fact_layers,
    log:
        paths.log(paths.fact_neurons),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("select_fact_neurons"),
        settings=experiment.settings("select_fact_neurons"),
    script:
        "../scripts/select_fact_neurons.py"


rule edit_facts:
    """Suppress and enhance the neurons of facts: one share of the groups of prompts."""
    input:
        facts=paths.facts,
        cloze=paths.cloze,
        neurons=paths.fact_neurons,
        card=paths.card,
    output:
        temp(paths.share(paths.fact_edits)),
    log:
        paths.log(paths.share(paths.fact_edits)),
    benchmark:
        paths.benchmark(paths.share(paths.fact_edits))
    wildcard_constraints:
        model=experiment.one_of(experiment.text_models),
        dataset=experiment.one_of(experiment.facts),
    conda:
        "../../envs/torch.yaml"
    threads: experiment.threads("edit_facts", workflow)
    resources:
        **experiment.resources("edit_facts"),
    params:
        code=experiment.code("edit_facts"),
        settings=experiment.settings("edit_facts"),
    script:
        "../scripts/edit_facts.py"


rule merge_fact_edits:
    input:
        shards=gather.shards(paths.gathered(paths.fact_edits)),
    output:
        paths.fact_edits,
    log:
        paths.log(paths.fact_edits),
    conda:
        "../../envs/torch.yaml"
    params:
        code=experiment.code("merge_fact_edits"),
        settings=experiment.settings("merge_fact_edits"),
    script:
        "../scripts/merge_fact_edits.py"


rule summarise_fact_edits:
    """Changes of the answers' log probability, with intervals over facts."""
    input:
        edits=paths.fact_edits,
    output:
        paths.fact_effects,
    log:
        paths.log(paths.fact_effects),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=experiment.code("summarise_fact_edits"),
        settings=experiment.settings("summarise_fact_edits"),
    script:
        "../scripts/summarise_fact_edits.py"
