"""The recipe of the demo's small models, trained on generated problems.

Comes in: the settings of ``config/train_demo.yaml``. Goes out: two checkpoints, and how good they
are. Uses corpora, models, responses, alignment and uncertainty.
"""
