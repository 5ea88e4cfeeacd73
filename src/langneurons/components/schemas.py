"""Columns of the tables of components switched off, and of neurons trained alone."""

from langneurons.artifacts.tables import artefact
from langneurons.interventions.schemas import EFFECTS, TARGET_EFFECTS, columns_of

#: In the place of a component or a stage: all of them together.
ALL = "all"
#: Parts of the layers, in their order.
UNDERSTANDING, TASK_SOLVING, GENERATION = STAGES = (
    "understanding", "task_solving", "generation",
)  # fmt: skip

#: What tells cells apart, but for their controls.
COMPONENT_CELL = ("component", "stage", "language")

#: One row per component × stage × language × control × target language × problem: the NLL with
#: ``neurons`` of the language switched off. ``control_seed`` is null for the neurons themselves;
#: all of these are null where none is switched off.
COMPONENT_PROBLEMS = artefact(
    "component_problems",
    "component string?, stage string?, language string?, control_seed int32?, neurons int64, "
    "target string, problem string, nll float64?",
)

#: One row per component × stage × language: `EFFECTS` in nats per token, means over ``problems``
#: with 95 % intervals (t, paired over problems), null with too few; ``random_…`` are null without
#: controls. ``neurons`` are switched off; where the language has none, there is no row. A null
#: language is the mean over the ``languages`` that have a row, whose neurons are added up.
COMPONENT_EFFECTS = artefact(
    "component_effects",
    "component string, stage string, language string?, neurons int64, languages int64, "
    f"problems int64, {columns_of(EFFECTS)}",
)

#: The same by target language: the ``change`` of its NLL, that by ``random`` neurons, and the
#: difference.
COMPONENT_CHANGES = artefact(
    "component_changes",
    f"component string, stage string, language string, target string, problems int64, "
    f"{columns_of(TARGET_EFFECTS)}",
)

#: One row per language × control × target language × problem: the NLL after training on texts of
#: the language, ``tokens`` of them, nothing but ``neurons`` of the language or, with a
#: ``control_seed``, as many random ones in each layer. Both are null before any training.
ENHANCEMENT_PROBLEMS = artefact(
    "enhancement_problems",
    "language string?, control_seed int32?, neurons int64, tokens int64, target string, "
    "problem string, nll float64?",
)

#: As `COMPONENT_EFFECTS`, of each language that was trained; changes below 0 are improvements.
ENHANCEMENT = artefact(
    "enhancement",
    "language string?, neurons int64, tokens int64, languages int64, problems int64, "
    f"{columns_of(EFFECTS)}",
)

#: The same by target language.
ENHANCEMENT_CHANGES = artefact(
    "enhancement_changes",
    f"language string, target string, problems int64, {columns_of(TARGET_EFFECTS)}",
)
