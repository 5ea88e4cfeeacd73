"""Which facts a model knows in which language: the right answer among candidates, by likelihood.

In: facts in all languages, a model. Out: how likely each answer is and whether it comes first, the
accuracy by language with intervals over facts, and its change from one model to another. Uses
artifacts, corpora, models, responses and uncertainty.
"""
