"""The paper's tables, one module each.

In: artefacts. Out: a CSV, and the table rendered as PNG and PDF. Uses artifacts, comparison,
corpora, figures, models, phases, responses and retrieval.
"""
