"""What a test says beside its verdict: to the instructor alone, to the leaderboard, and how a training went."""

import math
from typing import Any

from .curves import points


class Report:
    """Keep what one case says; a test asks for it by the fixture `report`.

    Args:
        notes: the case's own list, pytest's `user_properties`.
    """

    def __init__(self, notes: list[tuple[str, Any]]) -> None:
        self._notes = notes

    def flag(self, text: str) -> None:
        """Point something out to the instructor, which no student reads and which changes no score."""
        self._notes.append(("flag", text))

    def rank(self, name: str, value: float, order: str = "desc") -> None:
        """Put a number on the leaderboard.

        Args:
            name: of the column.
            value: finite.
            order: "desc" where the largest is the best, "asc" where the smallest is.

        Raises:
            ValueError: if the value is not finite, or the order none of the two.
        """
        if not math.isfinite(value) or order not in {"asc", "desc"}:
            raise ValueError(f"rank: the value must be finite and the order asc or desc, got {value} and {order!r}")
        self._notes.append(("rank", (name, value, order)))

    def curve(self, title: str, **lines: object) -> None:
        """Show a training as curves on the student's page; those of a hidden test are shown to nobody.

        Args:
            title: what is drawn, such as "loss"; each title has a picture of its own.
            lines: name → what the training noted for each epoch, for up to two lines; what is no list of numbers
                is left out.
        """
        curves = {name: line for name, values in lines.items() if (line := points(values))}
        if curves:
            self._notes.append(("curve", {"title": title, "lines": curves}))

    @property
    def curves(self) -> tuple[dict[str, Any], ...]:
        """What is drawn: the "title", and the "lines" by name, as `curves.points` gives them."""
        return tuple(note for kind, note in self._notes if kind == "curve")

    @property
    def flags(self) -> tuple[str, ...]:
        """What was pointed out."""
        return tuple(note for kind, note in self._notes if kind == "flag")

    @property
    def leaderboard(self) -> tuple[tuple[str, float, str], ...]:
        """What was put on the leaderboard."""
        return tuple(note for kind, note in self._notes if kind == "rank")
