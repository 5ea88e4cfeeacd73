"""What models write: prompts, generation, tokens, and whether an answer is right.

Comes in: a corpus and a model, or responses that came with the data. Goes out: the responses,
tokens and accuracy artefacts. Uses artifacts, corpora, models and uncertainty.
"""
