"""A tiny model whose neurons belong to languages by component, for several tests."""

import numpy as np
import pandas as pd
from deactivation_cases import LANGUAGES, D, L, tiny_case

from langneurons.artifacts.tables import write_table
from langneurons.neurons.components import COMPONENT_NEURONS
from langneurons.phases.segmentation import SEGMENTS

#: Neurons of a layer by component: 4 heads of 4 dimensions, of which two are of keys and values.
WIDTHS = {"ffn": D, "q": 16, "k": 8, "v": 8}
#: Component → (layer, neuron): its languages. All other neurons are of none.
OWNED = {
    "ffn": {(0, 1): ["en"], (1, 2): ["en"], (1, 4): ["de"], (0, 9): ["en", "de"]},
    "q": {(0, 3): ["en"], (1, 5): ["de"]},
    "k": {(1, 6): ["en"]},
    "v": {(0, 0): ["en"], (0, 7): ["de"]},
}
STAGES = {"understanding": [0, 0], "task_solving": [1, 1], "generation": [2, 2]}
PARAMETERS = {
    "languages": ["en", "de"],
    "measured": LANGUAGES,
    "components": ["all", "ffn", "q", "k", "v"],
    "together": ["ffn", "q", "k", "v"],
    "set": "specific+related",
    "control_seeds": 1,
    "texts": "prompt",
    "problems": 3,
}


def write_components(path, owned=OWNED, layers=L):
    tables = []
    for component, width in WIDTHS.items():
        rows = [(layer, neuron) for layer in range(layers) for neuron in range(width)]
        found = [owned[component].get(row, []) for row in rows]
        table = pd.DataFrame(rows, columns=["layer", "neuron"]).assign(
            component=component,
            head=None if component == "ffn" else [neuron // 4 for _, neuron in rows],
            languages=found,
            n_languages=[len(names) for names in found],
            selected=[bool(names) for names in found],
            type=[("other", "specific", "general")[len(names)] for names in found],
            score=0.5,
            max_probability=np.float32(1),
        )
        tables.append(table.astype({"head": "Int32"}))
    write_table(pd.concat(tables), path, COMPONENT_NEURONS)


def write_segments(path, first=(0, 1, 1, 1), last=(0, 1, 1, 1)):
    table = pd.DataFrame({"phase": range(1, len(first) + 1), "first_layer": first})
    table = table.assign(last_layer=last, specific=1, related=0, general=0)
    write_table(table, path, SEGMENTS)


def component_case(folder):
    """Arguments of `deactivate_components` but for output and parameters."""
    case = tiny_case(folder)
    write_components(folder / "components")
    write_segments(folder / "segments")
    del case["neurons_path"], case["batch_size"]
    return {
        **case, "components_path": folder / "components", "segments_path": folder / "segments",
    }  # fmt: skip


def effects(rows, problems=12, languages=LANGUAGES, columns=("component", "stage", "language")):
    """A table of problems: NLL 3 before; of each cell by how much ``rows`` raise each target's.

    ``rows``: (cell, control seed, neurons, target → rise); a bit more or less in each problem.
    """
    found = [
        {"control_seed": None, "neurons": 0, "target": target, "problem": f"p{i:02}", "nll": 3.0}
        | dict.fromkeys(columns)
        for target in languages
        for i in range(problems)
    ]
    for cell, seed, neurons, rises in rows:
        found += [
            {"control_seed": seed, "neurons": neurons, "target": target, "problem": f"p{i:02}",
             "nll": 3.0 + rises.get(target, 0.0) + 0.01 * (-1) ** i,
             **dict(zip(columns, cell, strict=True))}
            for target in languages
            for i in range(problems)
        ]  # fmt: skip
    return pd.DataFrame(found).astype({"control_seed": "Int32"})
