"""Figures, one module each: what they show is declared, how they look is shared.

In: Parquet artefacts. Out: PNG and PDF files. Drawing code only: what a figure shows has been
computed before. Uses activations, alignment, artifacts, claims, comparison, components, corpora,
facts, importance, interventions, knowledge, neurons, phases, responses, retrieval and sharing.
"""
