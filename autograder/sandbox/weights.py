"""Trained weights of a hand-in, opened in a confined worker that holds none of the student's code.

What opens the file may be taken over by it, so nothing that the worker says is believed: the grader
checks the decoded tensors itself.
"""

import socket
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from autograder.assignment import Weights
from autograder.errors import WireError
from autograder.sandbox.session import HandInProcess
from coursekit.verdicts import CheckFailed
from coursekit.weights import Weights as LocalWeights


class RemoteWeights(LocalWeights):
    """The weights of one hand-in, for the fixture `weights`.

    Args:
        asked: what the manifest says of them.
        process: the hand-in's session; its folder may hold the file.
        opening: opens another session, for the worker that reads the file.
    """

    def __init__(self, asked: Weights, process: HandInProcess, opening: Callable[[], socket.socket]) -> None:
        super().__init__(process.folder, **asdict(asked))
        self._process, self._opening = process, opening

    def _read(self, file: Path) -> dict[str, Any]:
        process = self._process
        with self._opening() as connection:
            reader = HandInProcess(connection, process.assignment, process.folder, notebook=False, walls=process.walls)
            try:
                return reader.open_weights(file.name)
            except (TimeoutError, WireError):
                raise CheckFailed(f"{file.name} cannot be read: this takes too long, or ends the process") from None
