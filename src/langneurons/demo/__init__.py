"""The recipe of the demo's small models, trained on generated problems.

In: the settings of ``config/train_demo.yaml``. Out: two checkpoints, and how good they are. Uses
alignment, artifacts, corpora, models, responses and uncertainty.
"""
