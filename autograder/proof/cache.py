"""Proofs that were made before, by the content of everything that they rest on."""

import hashlib
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Lock
from typing import Any

from autograder.assignment import Assignment
from autograder.grading import keys

_JUDGES = ("authoring", "proof", "results")  # rooms that make hand-ins, and say what their grades prove
_TABLE = "CREATE TABLE IF NOT EXISTS proofs (key TEXT PRIMARY KEY, found TEXT NOT NULL)"


class Cache:
    """Outcomes by key, in one SQLite file.

    Args:
        file: where they are kept; None keeps nothing.
    """

    def __init__(self, file: Path | None) -> None:
        self._file, self._lock = file, Lock()
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._run(_TABLE)

    def get(self, key: str) -> dict[str, Any] | None:
        """Give what was found under a key; None when it was not looked for yet."""
        rows = self._run("SELECT found FROM proofs WHERE key = ?", key) if self._file else []
        return dict(json.loads(rows[0][0])) if rows else None

    def put(self, key: str, found: dict[str, Any]) -> None:
        """Keep what was found."""
        if self._file:
            self._run("INSERT OR REPLACE INTO proofs VALUES (?, ?)", key, json.dumps(found))

    def _run(self, statement: str, *values: str) -> list[Any]:
        with self._lock, closing(sqlite3.connect(self._file or ":memory:", timeout=60)) as store, store:
            return store.execute(statement, values).fetchall()


def default_file() -> Path:
    """Where proofs are kept: in the user's cache."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "autograder" / "proofs.sqlite"


def foundation(assignment: Assignment, salt: str) -> str:
    """Hash what every proof about an assignment rests on, besides the hand-in itself: what grades it, and what judges.

    Args:
        assignment: its manifest, suites, probes, reference and data.
        salt: the course's salt.

    Raises:
        DataError: if a data set is not there.
    """
    parts = [*keys.foundation(assignment, salt, 0).values(), keys.of_rooms(*_JUDGES)]
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def key(foundation: str, *content: object) -> str:
    """Hash a hand-in on its foundation."""
    digest = hashlib.sha256(foundation.encode())
    for part in content:
        data = part if isinstance(part, bytes) else repr(part).encode()
        digest.update(f"\0{len(data)}\0".encode() + data)
    return digest.hexdigest()
