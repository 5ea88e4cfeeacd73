"""Compare the data of two results folders: every Parquet table, mask and CSV, value by value.

    python tests/compare_results.py BEFORE AFTER

Files are matched by their paths within the folders. Whatever is not data is ignored: provenance,
logs, benchmarks, pictures, model weights. Prints each difference; exit code 1 if there are any.
"""

import sys
from pathlib import Path

SUFFIXES = (".parquet", ".csv", ".pt")
PASSED_OVER = ("logs", "benchmarks", "checkpoints")


def data_files(folder: Path) -> set[Path]:
    """Return the paths of all data files, relative to the folder."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.suffix in SUFFIXES)
    return {path for path in found if path.parts[0] not in PASSED_OVER}


def difference(before: Path, after: Path) -> str | None:
    """Say how two files of one format differ; None if their values are equal."""
    return {".parquet": _tables, ".csv": _texts, ".pt": _masks}[before.suffix](before, after)


def differences(before: Path, after: Path) -> list[str]:
    """Return one line for each file that is missing, additional, or has other values."""
    first, second = data_files(before), data_files(after)
    if not first:
        return [f"{before}: no data"]
    lines = [f"{path}: only in {before}" for path in sorted(first - second)]
    lines += [f"{path}: only in {after}" for path in sorted(second - first)]
    for path in sorted(first & second):
        found = difference(before / path, after / path)
        lines += [f"{path}: {found}"] if found else []
    return lines


def _tables(before: Path, after: Path) -> str | None:
    import pyarrow.parquet as pq

    first, second = pq.read_table(before), pq.read_table(after)
    if not first.schema.remove_metadata().equals(second.schema.remove_metadata()):
        return f"columns {first.schema.names} against {second.schema.names}, or their types"
    if first.num_rows != second.num_rows:
        return f"{first.num_rows} rows against {second.num_rows}"
    for name in first.column_names:
        # By the representation of Python values, in which NaN equals NaN.
        if list(map(repr, first[name].to_pylist())) != list(map(repr, second[name].to_pylist())):
            return f"other values in column {name!r}"
    return None


def _texts(before: Path, after: Path) -> str | None:
    return None if before.read_bytes() == after.read_bytes() else "other text"


def _masks(before: Path, after: Path) -> str | None:
    import torch

    first, second = (torch.load(path, weights_only=True) for path in (before, after))
    if [len(layers) for layers in first] != [len(layers) for layers in second]:
        return "other numbers of languages or layers"
    pairs = (
        pair for layers in zip(first, second, strict=True) for pair in zip(*layers, strict=True)
    )
    return None if all(torch.equal(*pair) for pair in pairs) else "other neurons"


def main() -> None:
    before, after = map(Path, sys.argv[1:])
    lines = differences(before, after)
    print("\n".join(lines) or f"equal: {len(data_files(before))} files")
    sys.exit(bool(lines))


if __name__ == "__main__":
    main()
