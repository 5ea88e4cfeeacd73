"""Joins the shares of an intervention, once all its cells are measured."""

from collections.abc import Sequence
from pathlib import Path

from langneurons.artifacts.cells import remove_kept
from langneurons.artifacts.shares import joined_shares, sort_rows
from langneurons.artifacts.tables import inherited_provenance, write_table
from langneurons.interventions.schemas import (
    DEACTIVATION_ANSWERS,
    INTERVENTIONS,
    NONE,
    STEERING_ANSWERS,
)


def merge_deactivation(
    paths: Sequence[str | Path],
    output: str | Path,
    languages: Sequence[str],
    sets: Sequence[str],
) -> None:
    """Join the shares into one table; the kept cells are removed.

    Parameters
    ----------
    paths
        The tables of all shares.
    output
        A table of `DEACTIVATION_ANSWERS`.
    languages, sets
        The order of the rows, after those without a set.
    """
    table = joined_shares(paths, DEACTIVATION_ANSWERS)
    # By cell and target in the configuration's order; problems keep their order.
    orders = {"set": [NONE, *sets], "deactivated": languages, "target": languages}
    table = sort_rows(table, ["set", "deactivated", "control_seed", "target"], orders)
    write_table(table, output, DEACTIVATION_ANSWERS, inherited_provenance(paths[0]))
    remove_kept(paths)


def merge_steering(
    paths: Sequence[str | Path], output: str | Path, languages: Sequence[str]
) -> None:
    """Join the shares into one table; the kept cells are removed.

    Parameters
    ----------
    paths
        The tables of all shares.
    output
        A table of `STEERING_ANSWERS`.
    languages
        The languages steered from and to, in the order of the rows.
    """
    table = joined_shares(paths, STEERING_ANSWERS)
    orders = {"intervention": INTERVENTIONS, "source": languages, "target": languages}
    table = sort_rows(table, ["intervention", "source", "target", "control_seed"], orders)
    write_table(table, output, STEERING_ANSWERS, inherited_provenance(paths[0]))
    remove_kept(paths)
