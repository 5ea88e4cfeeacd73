"""Columns of the training log."""

from langneurons.artifacts.tables import artefact

#: Preference optimisation, one row per logged step × ``split`` (train or dev). ``loss`` is DPO's
#: in nats, ``margin`` the mean reward of chosen minus rejected responses, ``accuracy`` the share of
#: pairs whose chosen response has the higher reward.
TRAINING = artefact(
    "training", "step int32, split string, loss float64?, margin float64?, accuracy float64?"
)
