"""How far a batch is: a bar with counts, rate and time left on a terminal, nothing in a pipe."""

from collections.abc import Iterable, Iterator, Sequence
from time import monotonic
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, track
from rich.text import Text

from autograder.batch.batch import Done
from autograder.results.summary import Summary
from autograder.results.terminal import points
from autograder.results.wording import one_line

_T = TypeVar("_T")


def counted(things: Sequence[_T], what: str) -> Iterable[_T]:
    """Go through things with a bar on a terminal, and in silence in a pipe."""
    console = Console(stderr=True)
    return track(things, what, console=console, transient=True, disable=not console.is_terminal)


def shown(done: Iterable[Done], total: int, *, lines: bool = False) -> Iterator[Done]:
    """Pass hand-ins on as they are ready, and show how far they are.

    Args:
        done: the hand-ins.
        total: how many there are.
        lines: print one line for each that was graded, in a pipe, too.
    """
    out, console = Console(), Console(stderr=True)
    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        pace = _Pace(bar, total)
        for one in done:
            pace.note(one)
            if lines and one.grade:
                out.print(line(one.summary), soft_wrap=True)
            yield one


def line(summary: Summary) -> Text:
    """Give a grade on one line."""
    return Text(
        f"{one_line(summary.hand_in)}  {points(summary)}  {summary.stands_out}  {summary.seconds:.1f} s",
        "" if summary.final else "red",
    )


class _Pace:
    """Counts hand-ins, and how fast they are graded."""

    def __init__(self, bar: Progress, total: int) -> None:
        self._bar, self._total, self._task = bar, total, TaskID(0)
        self._before, self._graded, self._not_final, self._start = 0, 0, 0, monotonic()
        if total > 1:
            self._task = bar.add_task(self._said(), total=total)

    def note(self, done: Done) -> None:
        """Count one more."""
        if done.grade is None:
            self._before, self._start = self._before + 1, monotonic()
        else:
            self._graded += 1
        self._not_final += not done.summary.final
        if self._bar.tasks:
            self._bar.update(self._task, advance=1, description=self._said())

    def _said(self) -> str:
        parts = [f"{self._before + self._graded} of {self._total} hand-ins"]
        parts += [f"{self._before} graded before"] if self._before else []
        parts += [f"[red]{self._not_final} not final[/]"] if self._not_final else []
        if self._graded:
            rate = self._graded / max(1e-6, monotonic() - self._start)
            left = (self._total - self._before - self._graded) / rate
            parts += [f"{rate:.1f}/s", f"{left / 60:.0f} min left" if left > 90 else f"{left:.0f} s left"]  # noqa: PLR2004
        return ", ".join(parts)
