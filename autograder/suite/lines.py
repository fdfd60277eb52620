"""How a grader and the process that runs its tests talk: lines of JSON over a socket."""

import contextlib
import json
import socket
from collections.abc import Iterator, Mapping
from time import monotonic
from typing import Any, TextIO

from coursekit.verdicts import Case, Verdict

_BATCH_SECONDS = 0.05


def case_from(data: Mapping[str, Any]) -> Case:
    """Make a case of its JSON again, which has lists where tuples were."""
    ranks = tuple((str(name), float(value), str(order)) for name, value, order in data["leaderboard"])
    curves = tuple(data.get("curves", ()))  # a grade that was kept before there were any has none
    tuples = {"flags": tuple(data["flags"]), "leaderboard": ranks, "curves": curves}
    return Case(**{**data, **tuples, "verdict": Verdict(data["verdict"])})


class Lines:
    """Lines of JSON over a socket."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel, self._sent = channel, 0.0
        self._reader: TextIO = channel.makefile("r", encoding="utf-8")
        self._writer: TextIO = channel.makefile("w", encoding="utf-8")

    def __iter__(self) -> Iterator[dict[str, Any]]:
        with contextlib.suppress(ConnectionError):  # of an end that was killed: it has hung up, too
            for line in self._reader:
                yield json.loads(line)

    def write(self, message: dict[str, Any], *, later: bool = False) -> None:
        """Send one message, at once or with the next few: a reader that wakes for each costs time.

        Args:
            message: JSON data.
            later: wait until 50 ms have passed since the last sending.
        """
        self._writer.write(json.dumps(message) + "\n")
        if not later or monotonic() - self._sent > _BATCH_SECONDS:
            self._writer.flush()
            self._sent = monotonic()

    def fileno(self) -> int:
        """Give the socket's descriptor."""
        return self._channel.fileno()

    def close(self) -> None:
        """Hang up; whether the other end is still there does not matter."""
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)
        for end in (self._reader, self._writer, self._channel):
            with contextlib.suppress(OSError):
                end.close()
