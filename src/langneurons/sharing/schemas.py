"""Columns of the tables of shared neurons."""

from langneurons.artifacts.tables import artefact

#: What is read to its last token: the prompt of a question, or a whole text, which has none.
PROMPT, TEXT = "prompt", "text"

#: One row per problem × layer × class. ``neurons`` are of the class in this problem, of ``total``;
#: ``contribution`` is Σ |m|·‖W_down‖ over them and ``effective`` the sum of their effective scores,
#: both means over languages; ``effective`` is null of a model whose direct path to the logits is
#: not known.
SHARING = artefact(
    "sharing",
    "problem string, layer int32, class string, neurons int64, total int64, "
    "contribution float64, effective float64?",
)

#: One row per neuron: the share of the ``problems`` in which it is of each class, its mean
#: contribution and effective score over problems and languages; ``class`` is the most frequent one,
#: of several the one of more languages; ``languages`` are those in which it is active in at least
#: half of the problems, ``alone`` the one in which it is most often active alone (the first of
#: several), null if it never is.
SHARING_NEURONS = artefact(
    "sharing_neurons",
    "layer int32, neuron int32, all_shared float64, partial_shared float64, specific float64, "
    "non_activated float64, contribution float64, effective float64?, class string, "
    "languages [string], alone string?",
)

_ENDS = ("", "_low", "_high")


def _with_intervals(*names: str) -> str:
    return ", ".join(f"{name}{end} float64?" for name in names for end in _ENDS)


#: One row per layer × class, and with a null ``layer`` per class over all layers: means over
#: ``problems`` of the share of neurons, the share of the contributions, and the sum of the
#: effective scores. Low to high is the 95 % interval over problems, null with fewer than ten.
SHARING_LAYERS = artefact(
    "sharing_layers",
    f"layer int32?, class string, {_with_intervals('share', 'contribution', 'effective')}, "
    "problems int64",
)

#: Sets of a class: all of its neurons, or as many of each class.
WHOLE, EQUAL = "whole", "equal"
SIZES = (WHOLE, EQUAL)

#: Deactivation by class, one row per cell × target language × problem. A cell is a class × size,
#: with a ``seed`` where neurons are drawn: random ones of the same layers (``control``), or those
#: of a class of `EQUAL` size. ``class`` and ``size`` are null where nothing is switched off.
#: ``neurons`` counts those switched off.
CLASS_DEACTIVATION = artefact(
    "class_deactivation",
    "class string?, size string?, control bool, seed int32?, neurons int64, target string, "
    "problem string, nll float64?",
)

#: One row per size × class × control × target; a null ``target`` is the mean over languages.
#: ``change`` of the NLL in nats per token, against nothing off, is a mean over problems and seeds;
#: ``less_control`` is that less the control's, null in rows of controls. Intervals are 95 %, over
#: problems. A class that is no neuron's most frequent one has no row.
CLASS_CHANGES = artefact(
    "class_changes",
    "size string, class string, control bool, target string?, neurons int64, "
    f"{_with_intervals('change', 'less_control')}, problems int64",
)
