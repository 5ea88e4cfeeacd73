"""Columns of the tables that deactivation and steering write."""

from collections.abc import Sequence

from langneurons.artifacts.tables import artefact

#: The set, or the intervention, of the cell in which the model is left as it is.
NONE = "none"
STEERED, CONTROL = "steered", "control"
#: What a cell of steering may be, in the order of rows.
INTERVENTIONS = (NONE, STEERED, CONTROL)
#: What can be done to raised neurons, in the order of rows; see `Edit.operation`.
SET, ADD, SCALE = "set", "add", "scale"
MODES = (SET, ADD, SCALE)

_DEACTIVATION_CELL = (
    "set string, control_seed int32?, deactivated string?, neurons int64, target string"
)

#: Deactivation, one row per cell (set × control seed × deactivated language) × target language ×
#: problem, as measured. ``control_seed`` is null for the set itself,
#: ``deactivated`` for the cell without a set; ``neurons`` counts those switched off. A set without
#: neurons is not measured: all measures are null. ``response`` and ``unfinished`` are also null
#: where the problem has no answer to compare with, or no answers were asked for. Where facts are
#: asked for too, each is a ``problem`` that ``is_fact``; all it has is the share of its phrasings
#: in which it is ``known``. Until version 1 there were none.
DEACTIVATION_ANSWERS = artefact(
    "deactivation_answers",
    f"{_DEACTIVATION_CELL}, problem string, nll float64?, response string?, unfinished bool?, "
    "is_fact bool, known float64?",
    version=2,
)

#: The same rows graded: ``right`` is the right number in the right language.
DEACTIVATION_PROBLEMS = artefact(
    "deactivation_problems",
    f"{_DEACTIVATION_CELL}, problem string, nll float64?, right bool?, unfinished bool?, "
    "is_fact bool, known float64?",
    version=2,
)

#: One row per cell × target language: means over the ``n`` problems measured. ``perplexity`` is
#: exp(nll), inf if it overflows; ``unfinished`` counts answers cut off at ``max_new_tokens``.
#: ``knowledge``: the mean share in which the ``facts`` are known.
DEACTIVATION = artefact(
    "deactivation",
    f"{_DEACTIVATION_CELL}, nll float64?, perplexity float64?, accuracy float64?, n int64, "
    "unfinished int64?, knowledge float64?, facts int64",
    version=2,
)

#: Changes of NLL by a change made for one language: of the language itself, the mean over all
#: others, and the same by random controls.
EFFECTS = (
    *("own", "others", "own_less_others"),
    *("random_own", "random_others", "own_less_random"),
)
#: The same of one target language, whichever it is.
TARGET_EFFECTS = ("change", "random", "less_random")


def columns_of(effects: Sequence[str]) -> str:
    """Return columns of `artefact`: each effect with the ends of its interval."""
    return ", ".join(f"{name}{end} float64?" for name in effects for end in ("", "_low", "_high"))


#: Doses, one row per method × language × ``size`` × control × target language × problem: the NLL
#: with the first ``size`` neurons of the language switched off, or ``neurons`` where the method has
#: no more. ``control_seed`` is null for the neurons themselves; all of these are null where none is
#: switched off.
DOSE_PROBLEMS = artefact(
    "dose_problems",
    "method string?, language string?, size int32?, control_seed int32?, neurons int64, "
    "target string, problem string, nll float64?",
)

#: One row per method × language × ``size``: changes of NLL (nats per token) from no neurons
#: switched off, means over ``problems`` with 95 % intervals (t, paired over problems), null with
#: too few. ``own`` is that of the language, ``others`` the mean over all other languages;
#: ``random_…`` are those by the random controls, null without. A null language is the mean over
#: the ``languages`` of which all methods have so many that have so many of any. ``neurons`` are
#: switched off: fewer than ``size`` where there are no more.
DOSES = artefact(
    "doses",
    "method string, language string?, size int32, neurons int64, languages int64, "
    "problems int64, " + columns_of(EFFECTS),
)

_STEERING_CELL = (
    "intervention string, control_seed int32?, source string, target string?, mode string?, "
    "factor float64?, lowered int64, raised int64"
)
_STEERING_MEASURES = "tokens int64?, repetition float64?, nll float64?, unfinished bool?"

#: Steering, one row per cell × problem, as measured: answers to questions in ``source``.
#: ``intervention`` is ``steered`` towards ``target``, its random ``control``, or ``none``, which
#: has no target. ``lowered`` and ``raised`` count neurons; those raised are ``set`` to their value
#: in the target language times ``factor``, have that added (``add``), or are multiplied by
#: ``factor`` (``scale``): the ``mode``. A pair in which one language has no neurons is not
#: measured: ``response`` and what follows are null. ``nll`` (nats per token, under the unchanged
#: model given no prompt) is also null where the answer is empty, or is one token and the tokenizer
#: puts nothing before it, and
#: ``repetition``, the share of its 4-grams of tokens that occurred in it before, where it has fewer
#: than four tokens. Until version 1 there was one factor, until version 2 ``nll`` was given the
#: question, until version 3 there was one mode.
STEERING_ANSWERS = artefact(
    "steering_answers",
    f"{_STEERING_CELL}, problem string, response string?, {_STEERING_MEASURES}",
    version=4,
)

#: The same rows with the language of each answer, as in `langneurons.responses.schemas.GRADES`.
STEERING_PROBLEMS = artefact(
    "steering_problems",
    f"{_STEERING_CELL}, problem string, response string?, response_language string?, "
    f"{_STEERING_MEASURES}",
    version=4,
)

_SHARES = ("in_target", "in_source", "in_pivot", "in_other", "in_none", "wordless")

#: One row per intervention × source × target × mode × factor; ``none`` is repeated for every target
#: and has neither mode nor factor, controls are pooled. The shares are of the ``n`` answers: in the
#: target, source and pivot language (which may be one of the two), in another one, in none that
#: could be identified, and without words to tell one by, each with its 95 % Wilson interval.
#: ``nll`` is the mean over the answers that have one, ``nll_change`` the mean over problems of the
#: difference from no intervention, with its 95 % bootstrap interval.
#: ``unfinished`` counts answers cut off at ``max_new_tokens``.
STEERING = artefact(
    "steering",
    "intervention string, source string, lowered int64, raised int64, target string, "
    "mode string?, factor float64?, n int64, "
    + ", ".join(f"{share}{end} float64?" for share in _SHARES for end in ("", "_low", "_high"))
    + ", nll float64?, nll_change float64?, nll_change_low float64?, nll_change_high float64?, "
    "tokens float64?, repetition float64?, unfinished int64?",
    version=4,
)

#: What of the problems a row is about; the best factor is chosen on the first half.
HALVES = ("all", "first", "second")

#: One row per intervention × mode × factor × ``half`` of the ``problems``: means over the ``pairs``
#: of the mean over problems, with 95 % bootstrap intervals over problems; a control's problem is
#: the mean over its seeds. ``chosen`` marks the mode's best factor: the one with the highest
#: ``in_target`` on the first half of those whose ``repetition`` there is below a given share.
STEERING_DOSES = artefact(
    "steering_doses",
    "intervention string, mode string?, factor float64?, half string, pairs int64, "
    "problems int64, "
    + ", ".join(
        f"{measure}{end} float64?"
        for measure in ("in_target", "nll", "repetition")
        for end in ("", "_low", "_high")
    )
    + ", chosen bool",
)
