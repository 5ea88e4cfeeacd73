"""What models write: prompts, generation, tokens, and whether an answer is right.

In: a corpus and a model, or responses that came with the data. Out: the responses, tokens and
accuracy artefacts. Uses artifacts, corpora, models and uncertainty.
"""
