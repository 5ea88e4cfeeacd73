"""Any decoder-only language model: loaded, verified, run in batches and edited while it runs.

In: a checkpoint and rows of tokens. Out: the model with its MLPs, its card, the likelihood of
texts, and hooks that edit activations. Uses artifacts.
"""
