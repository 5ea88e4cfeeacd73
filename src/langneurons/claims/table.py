"""Write the claims artefacts: of one model, and of an alignment."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.claims.changes import (
    attribution_findings,
    change_findings,
    help_findings,
    like_change_findings,
    overlap_findings,
)
from langneurons.claims.components import collapse_finding, stage_findings
from langneurons.claims.layers import Numbers, layer_findings, numbers_in_draws, pivot_finding
from langneurons.claims.measured import (
    deactivation_findings,
    position_findings,
    retrieval_finding,
)
from langneurons.claims.other_methods import fall_findings, pattern_findings
from langneurons.claims.selections import RELEVANCE, relevance_finding, steering_findings
from langneurons.claims.sharing import sharing_findings
from langneurons.claims.verdicts import CLAIMS, Finding, judge
from langneurons.comparison import changes
from langneurons.comparison.accuracy import ACCURACY_CHANGE
from langneurons.comparison.attribution import ATTRIBUTION
from langneurons.comparison.positions import OVERLAP
from langneurons.components.schemas import COMPONENT_PROBLEMS
from langneurons.interventions.schemas import (
    DEACTIVATION_PROBLEMS,
    DOSE_PROBLEMS,
    STEERING_PROBLEMS,
)
from langneurons.neurons.component_draws import language_neurons_in_draws
from langneurons.neurons.stability import CERTAINTY, DRAWS
from langneurons.phases.segmentation import SEGMENTS
from langneurons.retrieval.schemas import PARTNERS, RETRIEVAL_CHANGE
from langneurons.sharing.schemas import CLASS_DEACTIVATION, SHARING
from langneurons.uncertainty.resampling import Units


def write_claims(
    paths: Mapping[str, str | Path],
    output: str | Path,
    dataset: str,
    languages: Sequence[str],
    pivot: str,
    replicates: int,
    seed: int,
    margin: float,
    others: Sequence[str],
    max_repetition: float = 1.0,
    by_component: Mapping[str, Any] | None = None,
) -> None:
    """Judge the claims about one model; write `CLAIMS`.

    Parameters
    ----------
    paths
        Under the keys certainty, draws and segments, the model's `CERTAINTY`, `DRAWS` and
        `SEGMENTS`; where there are any, under datasets its `OVERLAP` across data sets, under
        retrieval its `PARTNERS`, under deactivation its `DEACTIVATION_PROBLEMS`, under steering its
        `STEERING_PROBLEMS`, under doses its `DOSE_PROBLEMS`, and under sharing and
        class_deactivation its `SHARING` and `CLASS_DEACTIVATION`; and, for each other method, under
        {method}_certainty and {method}_draws what these are by it. Of a method that has neurons by
        component, under component_deactivation its `COMPONENT_PROBLEMS`, and under attention_q,
        attention_k and attention_v the counts of texts in which these are hits.
    dataset
        The data set that the neurons were typed on.
    replicates, seed
        Of the bootstrap over problems.
    margin
        A difference of numbers of neurons counts from this share on, or from one neuron.
    others
        The other methods of selection.
    max_repetition
        As for `langneurons.claims.selections.steering_findings`; 1 where no model is steered.
    by_component
        Of a method that has neurons by component: ``method`` and ``parameters``; else None, and
        there are no claims about components.
    """
    segments = read_table(paths["segments"], SEGMENTS)
    numbers, typed = _numbers(paths, "certainty", "draws")
    of_others = {name: _numbers(paths, f"{name}_certainty", f"{name}_draws")[0] for name in others}
    bootstrap = {"replicates": replicates, "seed": seed}
    problems = _read(paths, "deactivation", DEACTIVATION_PROBLEMS)
    by_class = _read(paths, "class_deactivation", CLASS_DEACTIVATION)
    findings = [
        *layer_findings(numbers, segments, margin),
        pivot_finding(numbers, languages, pivot, margin),
        *position_findings(_read(paths, "datasets", OVERLAP), dataset),
        retrieval_finding(_read(paths, "retrieval", PARTNERS), segments),
        *deactivation_findings(problems, languages, pivot, bootstrap),
        *sharing_findings(_read(paths, "sharing", SHARING), by_class, languages, bootstrap),
        *steering_findings(_read(paths, "steering", STEERING_PROBLEMS), max_repetition),
        *pattern_findings(of_others, segments, margin),
        *_of_components(paths, by_component, languages, bootstrap, margin),
    ]
    if RELEVANCE in others:
        doses = _read(paths, "doses", DOSE_PROBLEMS)
        findings.append(relevance_finding(doses, typed["method"]))
    facts = {"method": typed["method"], "units": typed["units"], "margin": margin, **bootstrap}
    write_table(judge(findings), output, CLAIMS, {"inputs": _inputs(paths), **facts})


def write_alignment_claims(
    paths: Mapping[str, str | Path],
    output: str | Path,
    languages: Sequence[str],
    pivot: str,
    trained: Sequence[str],
    margin: float,
    related: bool,
    others: Sequence[str],
) -> None:
    """Judge the claims about an alignment; write `CLAIMS`.

    Parameters
    ----------
    paths
        Under the keys totals, phases, languages, language_draws and overlap, of a comparison; where
        there are any, under attribution, retrieval and accuracy, its `ATTRIBUTION`,
        `RETRIEVAL_CHANGE` and `ACCURACY_CHANGE`; under {method}_totals, those of each other method.
    languages, pivot, trained
        As for `langneurons.comparison.tables.write_comparison`.
    margin
        A change of numbers of neurons counts from this share of the number before on, or from one.
    related
        Whether the method has related neurons.
    others
        The other methods of selection.
    """
    totals, units = _totals(paths["totals"])
    phases = read_table(paths["phases"], changes.PHASES)
    by_language = read_table(paths["languages"], changes.LANGUAGES)
    draws = read_table(paths["language_draws"], changes.LANGUAGE_DRAWS)
    untrained = [name for name in languages if name not in (*trained, pivot)]
    groups = ([name for name in trained if name != pivot], untrained)
    retrieval = _read(paths, "retrieval", RETRIEVAL_CHANGE)
    accuracy = _read(paths, "accuracy", ACCURACY_CHANGE)
    findings = [
        *change_findings(totals, phases, units, margin, related),
        *attribution_findings(_read(paths, "attribution", ATTRIBUTION), related),
        *like_change_findings(by_language, draws, groups, units, margin, related),
        *overlap_findings(read_table(paths["overlap"], OVERLAP), units, related),
        *help_findings(retrieval, accuracy, groups, margin),
        *fall_findings({name: _totals(paths[f"{name}_totals"]) for name in others}, margin),
    ]
    compared = read_provenance(paths["totals"])
    kept = ("before", "after", "scale", "units", "replicates", "seed")
    facts = {"trained": list(trained), "margin": margin, **{key: compared[key] for key in kept}}
    write_table(judge(findings), output, CLAIMS, {"inputs": _inputs(paths), **facts})


def _of_components(
    paths: Mapping[str, str | Path],
    by_component: Mapping[str, Any] | None,
    languages: Sequence[str],
    bootstrap: Mapping[str, int],
    margin: float,
) -> list[Finding]:
    """Judge the claims about neurons by component, of a method that has some."""
    if by_component is None:
        return []
    problems = _read(paths, "component_deactivation", COMPONENT_PROBLEMS)
    numbers, units = None, None
    attention = [path for key, path in paths.items() if key.startswith("attention_")]
    if attention:
        numbers, units = language_neurons_in_draws(
            attention,
            by_component["method"],
            by_component["parameters"],
            languages,
            bootstrap["replicates"],
            bootstrap["seed"],
        )
    return [collapse_finding(numbers, units, margin), *stage_findings(problems)]


def _numbers(
    paths: Mapping[str, str | Path], certainty: str, draws: str
) -> tuple[Numbers, dict[str, Any]]:
    """Read a model's numbers by one method, and the provenance of these."""
    facts = read_provenance(paths[certainty])
    tables = read_table(paths[certainty], CERTAINTY), read_table(paths[draws], DRAWS)
    return numbers_in_draws(*tables, Units(**facts["units"])), facts


def _totals(path: str | Path) -> tuple[pd.DataFrame, Units]:
    """Read the totals of a comparison, and what their intervals are over."""
    return read_table(path, changes.TOTALS), Units(**read_provenance(path)["units"])


def _read(paths: Mapping[str, str | Path], key: str, schema: pa.Schema) -> pd.DataFrame | None:
    """Read an artefact that not every model or comparison has."""
    return read_table(paths[key], schema) if paths.get(key) else None


def _inputs(paths: Mapping[str, str | Path]) -> list[str]:
    return [str(path) for path in paths.values()]
