"""The paper's tables, one module each.

In: artefacts. Out: a CSV, and the table rendered as PNG and PDF. Uses activations,
artifacts, claims, comparison, components, corpora, facts, figures, interventions, knowledge,
models, neurons, phases, responses, retrieval and sharing.
"""
