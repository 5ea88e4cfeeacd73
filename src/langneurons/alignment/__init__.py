"""How a model is made of another: scores by translation, preference pairs, training.

Comes in: responses of a model, and a translation model. Goes out: scores, pairs, the log of the
training and plain checkpoints. Uses artifacts, models and responses.
"""
