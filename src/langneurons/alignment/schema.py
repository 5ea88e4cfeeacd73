"""Columns of the training log."""

from langneurons.artifacts.tables import artefact

#: A training of an adapter, one row per logged step × ``split`` (train or dev). ``loss`` is in
#: nats: DPO's, or the mean of the translations' tokens. ``margin`` and ``accuracy`` are DPO's only:
#: the mean reward of chosen minus rejected responses, and the share of pairs whose chosen response
#: has the higher reward.
TRAINING = artefact(
    "training", "step int32, split string, loss float64?, margin float64?, accuracy float64?"
)
