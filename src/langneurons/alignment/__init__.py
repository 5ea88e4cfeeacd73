"""How a model is aligned: scores by translation, preference pairs, training.

In: responses of a model, and a translation model. Out: scores, pairs, the training log and plain
checkpoints. Uses artifacts, corpora, models and responses.
"""
