"""Small tables as the artefacts that figures read."""

import pandas as pd
import pyarrow as pa

from langneurons.artifacts.tables import write_table
from langneurons.comparison.changes import LAYERS, SHARING
from langneurons.figures.frame import render
from langneurons.neurons.stability import CERTAINTY
from langneurons.neurons.table import SUMMARY
from langneurons.phases.table import PHASES
from langneurons.responses.accuracy import ACCURACY

LANGUAGES = ["en", "de", "zh"]


def heights(axes):
    """The heights of all bars."""
    return [bar.get_height() for container in axes.containers for bar in container]


def texts(axes):
    """What is written in a panel."""
    return [text.get_text() for text in axes.texts]


def drawn(number, units="folds"):
    """What the provenance says of 200 draws of so many folds or tokens."""
    return {"units": {"number": number, "name": units}, "draws": 200}


def draw(module, inputs, values=None):
    """Draw a figure in the default style and return it."""
    return render(module, inputs, "Tiny on MGSM", {}, values).figure


def artefact(path, table, schema, **provenance):
    """Write a table; columns of the schema that it lacks become null, or else zero or empty."""
    for field in schema:
        if field.name not in table:
            empty = "" if pa.types.is_string(field.type) else 0
            table = table.assign(**{field.name: None if field.nullable else empty})
    write_table(table, path, schema, provenance)
    return path


def summaries(folder, *totals):
    """Write one summary for each of ``totals``, a model's number of neurons by type."""
    row = {
        "method": "ternary",
        "languages": LANGUAGES,
        "threshold": 0.5,
        "histogram_all": [6, 2, 1, 1],
        "histogram_selected": [1, 2, 1, 0],
        "mask_sizes": [],
    }
    return [
        artefact(folder / f"{i}.summary", pd.DataFrame([{**row, **numbers}]), SUMMARY)
        for i, numbers in enumerate(totals)
    ]


def certainty_by_layer(folder, low=None, high=None, facts=None):
    """Write intervals of the specific, related, general and other neurons of layers 0–2."""
    kinds = ["specific", "related", "general", "other"]
    places = [str(layer) for layer in range(3) for _ in kinds]
    table = pd.DataFrame({"quantity": "layer", "place": places, "type": kinds * 3})
    table = table.assign(low=low, high=high)
    return artefact(folder / "certainty", table, CERTAINTY, **(facts or drawn(25)))


def two_phases(folder, low, high):
    """Write phases 1 (layer 0) and 2 (layers 1 and 2), with intervals of their first layers."""
    table = pd.DataFrame(
        {
            "phase": [1, 2],
            "name": ["segment 1", "segment 2"],
            "first_layer": [0, 1],
            "last_layer": [0, 2],
            "first_layer_low": low,
            "first_layer_high": high,
        }
    )
    return artefact(folder / "phases", table, PHASES)


#: What a comparison's provenance says of its models.
SIDES = {"before": "base", "after": "aligned", "control": None, "scale": "own", **drawn(25)}
CONTROL = {**SIDES, "after": "shuffled", "control": "shuffled"}


def changes_by_layer(path, change, models=SIDES, **columns):
    """Write a comparison by layer; ``change``: specific, related, general, other of layers 0–2."""
    kinds = ["specific", "related", "general", "other"]
    layers = [layer for layer in range(3) for _ in kinds]
    table = pd.DataFrame({"layer": layers, "type": kinds * 3, "change": change, **columns})
    return artefact(path, table, LAYERS, **models)


def changes_by_n(path, models=SIDES, **columns):
    """Write a comparison by N; columns: N = 0, 1, 2 of all neurons, then of the selected."""
    populations = ["all"] * 3 + ["selected"] * 3
    table = pd.DataFrame({"population": populations, "n_languages": [0, 1, 2] * 2, **columns})
    return artefact(path, table, SHARING, **models)


def accuracies():
    """Accuracy of English, right in 5 of 10 responses, and of Chinese, without a response."""
    rows = [("en", 10, 6, 9, 1, 5, 0.5, 0.25, 0.75), ("zh", 0, 0, 0, 0, 0, None, None, None)]
    return pd.DataFrame(rows, columns=ACCURACY.names).astype({"accuracy": float})
