"""How a model is aligned: by preference, with scores by translation, or by translating questions.

In: responses of a model and a translation model, or a corpus. Out: scores, pairs, the training log
and plain checkpoints. Uses artifacts, corpora, models and responses.
"""
