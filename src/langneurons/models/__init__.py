"""Any decoder-only language model: loaded, verified, run in batches and changed while it runs.

Comes in: a checkpoint and rows of tokens. Goes out: the model with its MLPs, its card, the
likelihood of texts, and hooks that edit activations. Uses artifacts and corpora.
"""
