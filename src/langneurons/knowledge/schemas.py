"""Columns of the tables of facts and their neurons."""

from langneurons.artifacts.tables import artefact

#: One row per fact × language × phrasing × neuron that could be the fact's, and one per layer with
#: a null ``neuron``. ``answer`` is the fact's in the language. ``attribution`` in nats: of a
#: neuron, or the sum over all neurons of the layer; ``change`` (of layers only) is what that sum is
#: to be, the answer's log probability less that at the baseline.
ATTRIBUTIONS = artefact(
    "fact_attributions",
    "fact string, relation string, language string, answer string, phrasing int32, layer int32, "
    "neuron int32?, attribution float64, change float64?",
)

#: One row per fact × language × neuron of the fact: means over phrasings and their coefficient of
#: ``variation``. ``held_out`` is the phrasing that was left out when the neurons were found, null
#: where none was.
FACT_NEURONS = artefact(
    "fact_neurons",
    "fact string, relation string, language string, held_out int32?, layer int32, neuron int32, "
    "attribution float64, variation float64",
)

#: One row per fact × neuron that is the fact's in at least a share of the ``known_in`` languages in
#: which the model knows it: the mean over those ``languages`` in which the neuron is the fact's,
#: and the coefficient of variation over them. ``answers`` counts how differently the answer is
#: written in them: what is written alike may share neurons that know the word only.
AGNOSTIC = artefact(
    "language_agnostic_neurons",
    "fact string, relation string, layer int32, neuron int32, languages [string], known_in int32, "
    "answers int32, attribution float64, variation float64",
)

#: One row per neuron that is language-agnostic for at least one fact: of how many of the ``of``
#: facts that the model knows in two languages or more, and which relations they are of.
OVERALL = artefact(
    "language_agnostic_overall",
    "layer int32, neuron int32, facts int32, of int32, relations [string], attribution float64",
)


def _with_intervals(*names: str) -> str:
    return ", ".join(f"{name}{end} float64?" for name in names for end in ("", "_low", "_high"))


#: One row per layer × language (null: language-agnostic neurons). ``neurons``: the mean number of a
#: fact; ``expected``: of the language-agnostic ones, how many there would be if each language had
#: as many random neurons in the layer; ``change``: the mean by which the layer's activations raise
#: the answer's log probability over the baseline. Means over ``facts``, 95 % intervals over them.
FACT_LAYERS = artefact(
    "fact_layers",
    f"layer int32, language string?, {_with_intervals('neurons', 'change')}, expected float64?, "
    "facts int32",
)

SUPPRESS, ENHANCE = "suppress", "enhance"
EDITS = (SUPPRESS, ENHANCE)

#: One row per edit × fact × language × phrasing, under the neurons found on the other phrasings.
#: ``own``: change of the answer's log probability in nats, from ``before``; ``others``: the mean
#: change of ``n_others`` other facts' answers by the same edit; ``random``: the mean change of the
#: own answer by as many random neurons of the same layers.
FACT_EDITS = artefact(
    "fact_edits",
    "edit string, fact string, relation string, language string, phrasing int32, neurons int32, "
    "before float64, own float64, others float64?, n_others int32, random float64",
)

#: One row per edit × language (null: the mean over a fact's languages): means over ``facts`` of
#: means over phrasings, with 95 % intervals over facts.
FACT_EFFECTS = artefact(
    "fact_effects",
    "edit string, language string?, facts int32, neurons float64, before float64, "
    + _with_intervals("own", "others", "random", "own_less_others", "own_less_random"),
)
