"""Where the results of a hand-in lie in the run's folder, whatever it is called."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from itertools import chain

_MOST = 60  # characters; each has at most four bytes, and a name 255 of them
_OURS = ("grades.csv", "grades.sqlite", "grades.sqlite-journal", "report", "report.html")


class Places:
    """Names of folders, none equal to another on file systems that fold case and accents, too.

    Args:
        taken: folders that there are.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._used = {_folded(name) for name in (*_OURS, *taken)}

    def new(self, key: str) -> str:
        """Choose the folder of a hand-in by its name."""
        name = re.sub(r"[^\w.@-]", "_", key)[:_MOST].strip(".") or "hand-in"
        digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
        choices = chain([name], (f"{name}-{digest[:length]}" for length in range(8, 65)))
        chosen = next(found for found in choices if _folded(found) not in self._used)
        self._used.add(_folded(chosen))
        return chosen


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
