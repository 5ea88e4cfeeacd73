"""How far a long loop is: a bar in the log and, now and then, a line on the job's console.

``[count_activations gemma passages] 41,200 of 63,000 tokens (65 %), about 40 s left``
"""

from types import TracebackType
from typing import TYPE_CHECKING, Self

from tqdm import tqdm

from langneurons.job import tell

if TYPE_CHECKING:
    import pandas as pd

FIRST_LINE = 10.0  # seconds after a loop's start; shorter loops leave no line
NEXT_LINE = 30.0  # seconds between lines


class Progress:
    """The progress of a loop whose number of steps is known, to be used as a context.

    Lines are only written when something is done: at once after `FIRST_LINE`, then whenever
    `NEXT_LINE` has passed, and once more at the end of a loop that has written any.

    Parameters
    ----------
    total
        Units of work, those done before included.
    unit
        What is counted, in the singular.
    description
        What the loop does, for a job that has several; may be empty.
    done
        Units that were finished before; the time that is left is not estimated from them.
    show
        Whether to show anything at all.
    """

    def __init__(
        self, total: int, unit: str, description: str = "", done: int = 0, show: bool = True
    ) -> None:
        self._bar = tqdm(
            total=total,
            initial=done,
            desc=description or None,
            unit=unit,
            unit_scale=total >= 10_000,
            disable=not show,
            mininterval=1,
            smoothing=0.1,  # at most one value a second: a mean over ten seconds or ten updates
            position=0,  # a loop within another one takes its place: a log has no lines to go up
        )
        self._total = total
        self._next_line = FIRST_LINE
        self._told = False

    def update(self, units: int = 1, note: str = "") -> None:
        """Count units as done; the bar ends with the note."""
        if note:
            self._bar.set_postfix_str(note, refresh=False)
        self._bar.update(units)
        elapsed = self._elapsed()
        if not self._bar.disable and elapsed >= self._next_line and self._bar.n < self._total:
            self._tell(self._left(elapsed))
            self._next_line = elapsed + NEXT_LINE
            self._told = True

    def close(self) -> None:
        """End the loop, which has done what it had to do."""
        if self._told:
            self._tell(f", done in about {_spoken(self._elapsed())}")
        self._bar.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._bar.close()

    def _elapsed(self) -> float:
        return float(self._bar.format_dict["elapsed"])

    def _left(self, elapsed: float) -> str:
        done = self._bar.n - self._bar.initial
        rate = self._bar.format_dict["rate"] or done / elapsed
        return f", about {_spoken((self._total - self._bar.n) / rate)} left" if rate else ""

    def _tell(self, ending: str) -> None:
        done, total = self._bar.n, self._total
        what = f"{self._bar.desc}: " if self._bar.desc else ""
        share = f"{100 * done // max(1, total)} %"
        tell(f"{what}{done:,} of {total:,} {self._bar.unit}s ({share}){ending}")


def amount(number: int) -> str:
    """Return a number as one reads it: ``63,120``, and from a million on ``3.9 million``."""
    for size, name in ((10**9, "billion"), (10**6, "million")):
        if number >= size:
            return f"{number / size:,.1f} {name}"
    return f"{number:,}"


def tokens_in(rows: "pd.DataFrame") -> int:
    """Return how many ``prompt_tokens`` and ``response_tokens`` there are in rows."""
    return sum(int(rows[part].map(len).sum()) for part in ("prompt_tokens", "response_tokens"))


def _spoken(seconds: float) -> str:
    """Return a duration, no more precise than an estimate can be: ``40 s``, ``2 h 10 min``."""
    if seconds < 9.5:
        return f"{max(1, round(seconds))} s"
    if seconds < 55:
        return f"{round(seconds, -1):.0f} s"
    if seconds < 59.5 * 60:
        return f"{max(1, round(seconds / 60))} min"
    hours, minutes = divmod(round(seconds / 60, -1), 60)
    if hours >= 10 or not minutes:
        return f"{seconds / 3600:.0f} h"
    return f"{hours:.0f} h {minutes:.0f} min"
