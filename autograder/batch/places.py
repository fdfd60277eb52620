"""Where the results of a hand-in lie in the run's folder, whatever it is called."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable

_MOST = 60  # characters; each has at most four bytes, and a name 255 of them
_OURS = ("grades.csv", "grades.sqlite", "grades.sqlite-journal", "report", "report.html")


def place_for(key: str, taken: Iterable[str]) -> str:
    """Choose a folder's name that no other one is equal to, on file systems that fold case and accents, too.

    Args:
        key: the hand-in's name.
        taken: folders of other hand-ins.
    """
    used = {_folded(name) for name in (*_OURS, *taken)}
    name = re.sub(r"[^\w.@-]", "_", key)[:_MOST].strip(".") or "hand-in"
    if _folded(name) not in used:
        return name
    digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
    return next(found for length in range(8, 65) if _folded(found := f"{name}-{digest[:length]}") not in used)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
