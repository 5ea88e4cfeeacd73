"""What the paper expects of the four phases, checked rather than assumed (METHOD 3)."""

import numpy as np
import pandas as pd

from langneurons.artifacts.tables import artefact

#: "All but vanish": at most this share of the smaller of the two peaks.
_VANISHING_SHARE = 0.25

#: One row per expectation that the paper has of the phases.
EXPECTATIONS = artefact(
    "expectations", "expectation string, statement string, observed string, holds bool"
)


def expectations(phases: pd.DataFrame) -> pd.DataFrame:
    """Check each of the paper's expectations on a table of four phases.

    Numbers are neurons per layer of the phase; language neurons are specific + related.
    """
    length = phases["last_layer"] - phases["first_layer"] + 1
    language = ((phases["specific"] + phases["related"]) / length).to_numpy()
    general = (phases["general"] / length).to_numpy()
    peaks = min(language[0], language[2])
    rows = [
        (
            "language_neurons_peak_in_understanding",
            "language neurons per layer are more in phase 1 than in phase 2",
            f"{language[0]:.1f} vs {language[1]:.1f}",
            language[0] > language[1],
        ),
        (
            "language_neurons_vanish_in_reasoning",
            f"phase 2 has at most {_VANISHING_SHARE:.0%} of the language neurons per layer of "
            "phases 1 and 3, whichever has fewer",
            f"{language[1]:.1f} vs {peaks:.1f}",
            language[1] <= _VANISHING_SHARE * peaks,
        ),
        (
            "language_neurons_peak_in_output_transformation",
            "language neurons per layer are more in phase 3 than in phases 2 and 4",
            f"{language[2]:.1f} vs {language[1]:.1f} and {language[3]:.1f}",
            language[2] > max(language[1], language[3]),
        ),
        (
            "general_neurons_dominate_reasoning",
            "phase 2 has more general than language neurons",
            f"{general[1]:.1f} vs {language[1]:.1f} per layer",
            general[1] > language[1],
        ),
        (
            "general_neurons_fewest_in_output_transformation",
            "general neurons per layer are fewest in phase 3",
            " / ".join(f"{value:.1f}" for value in general),
            general[2] < np.delete(general, 2).min(),
        ),
        (
            "general_neurons_rise_in_outputting",
            "general neurons per layer are more in phase 4 than in phase 3",
            f"{general[3]:.1f} vs {general[2]:.1f}",
            general[3] > general[2],
        ),
    ]
    return pd.DataFrame(rows, columns=EXPECTATIONS.names)
