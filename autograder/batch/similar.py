"""Hand-ins that look alike: their modules compared by winnowing, without what the starter gives.

Names, numbers of spaces and comments do not count, so that renaming hides nothing. A high share is
a reason to read both, and proves nothing: short functions can be written in few ways.

Source:
    Schleimer, Wilkerson, Aiken: Winnowing: local algorithms for document fingerprinting. SIGMOD 2003.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

from autograder.assignment import Assignment
from autograder.authoring.markers import starter_text
from autograder.batch.entries import Entry
from autograder.batch.people import People, Student
from autograder.errors import GraderFault, HandInError, SimilarityError
from autograder.results.html import rendered
from autograder.results.whole import write_whole
from autograder.results.wording import escaped, one_line

_GRAM, _WINDOW = 25, 6  # characters of tokens; every match of 30 is found, none below 25
_MOST_TEXT = 200_000  # characters of a module
_ABOUT = 0.15  # by which winnowing may miss a share: up to 0.08 was measured, on the accepted solutions
_REJECT = 4  # two modules of share s had at least s / 3 of their fingerprints in common
MOST_SHOWN = 100  # pairs


@dataclass(frozen=True)
class Side:
    """One hand-in of a pair.

    Attributes:
        name: who handed in.
        share: part of the module's own code that the other has, too, 0 to 1.
        parts: the module's text in pieces, each with whether the other has it.
    """

    name: str
    share: float
    parts: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Pair:
    """Two hand-ins that look alike."""

    left: Side
    right: Side

    @property
    def share(self) -> float:
        """The larger of the two shares: who copies a part may add much to it."""
        return max(self.left.share, self.right.share)


@dataclass(frozen=True)
class Module:
    """A hand-in that can be compared.

    Attributes:
        team: who handed in.
        text: the module.
        starter: fingerprints of the starter, which are nobody's own.
    """

    team: tuple[Student, ...]
    text: str
    starter: frozenset[int]

    @cached_property
    def some(self) -> Any:
        """The module's own fingerprints that winnowing chooses: enough to see whether two may be alike."""
        return _without(_fingerprint(self.text, _WINDOW), self.starter)

    @cached_property
    def all(self) -> Any:
        """All of them: what they give is the same in each run, while winnowing depends on Python's hashes."""
        return _without(_fingerprint(self.text, 1), self.starter)


def read_modules(
    assignment: Assignment, entries: Iterable[Entry], people: People
) -> tuple[list[Module], dict[str, str]]:
    """Read the modules of hand-ins.

    Args:
        assignment: gives the starter's text, which is nobody's own.
        entries: the hand-ins.
        people: who is who.

    Returns:
        those that can be compared, and of the others: hand-in → why not.

    Raises:
        SimilarityError: if copydetect is not installed.
    """
    starter = starter_text(assignment.source.read_text(encoding="utf-8"), assignment.source)
    given = frozenset(_fingerprint(starter, window=1).hashes)
    modules, left_out = [], {}
    for entry in entries:
        try:
            text = _text(entry, assignment)
        except (HandInError, GraderFault) as error:
            left_out[one_line(entry.submission.key)] = error.what
        else:
            modules.append(Module(people.team(entry), text, given))
    return modules, left_out


def strangers(modules: Sequence[Module]) -> Iterator[tuple[Module, Module]]:
    """Give each pair of hand-ins that nobody is in both of."""
    return ((one, two) for one, two in combinations(modules, 2) if not {*one.team} & {*two.team})


def compare(one: Module, two: Module, least: float) -> Pair | None:
    """Compare two modules.

    Args:
        one: a module.
        two: another one.
        least: the share of either from which on they look alike, 0 to 1.

    Returns:
        None where they do not.
    """
    from copydetect import compare_files  # noqa: PLC0415 - it brings matplotlib

    few = min(len(one.some.hashes), len(two.some.hashes))
    if len(one.some.hashes & two.some.hashes) <= few * least / _REJECT:
        return None
    _, about, _ = compare_files(one.some, two.some)
    if max(about) < least - _ABOUT:
        return None
    _, shares, slices = compare_files(one.all, two.all)
    if max(shares) < least:
        return None
    return Pair(_side(one, float(shares[0]), slices[0]), _side(two, float(shares[1]), slices[1]))


def write_page(file: Path, pairs: Sequence[Pair], title: str) -> None:
    """Write pairs side by side, as one page that needs nothing else and runs nothing.

    Raises:
        SimilarityError: if the disk does not take it.
    """
    shown, left_out = pairs[:MOST_SHOWN], len(pairs[MOST_SHOWN:])
    page = rendered("autograder.batch", "similar.html", pairs=shown, left_out=left_out, title=title, escaped=escaped)
    try:
        write_whole(file, page)
    except OSError as error:
        raise SimilarityError(file, f"cannot be written: {(error.strerror or repr(error)).lower()}") from None


def _text(entry: Entry, assignment: Assignment) -> str:
    text = entry.submission.open(assignment).files[assignment.module_file].decode("utf-8")
    if len(text) > _MOST_TEXT:
        raise HandInError(entry.submission.key, f"has {len(text):,} characters, and {_MOST_TEXT:,} are compared")
    return text


def _fingerprint(text: str, window: int) -> Any:
    try:
        from copydetect import CodeFingerprint  # noqa: PLC0415 - it brings matplotlib
    except ModuleNotFoundError:
        raise SimilarityError("similar", "copydetect is not installed", "pip install 'autograder[similar]'") from None
    return CodeFingerprint("module.py", _GRAM, window, fp=io.StringIO(text))


def _without(prints: Any, given: frozenset[int]) -> Any:
    """Take out what the starter gives; copydetect itself would also take out what a module says twice."""
    from copydetect.utils import get_token_coverage  # noqa: PLC0415 - it brings matplotlib

    prints.hash_idx = {found: places for found, places in prints.hash_idx.items() if found not in given}
    prints.hashes = set(prints.hash_idx)
    prints.token_coverage = get_token_coverage(prints.hash_idx, _GRAM, len(prints.filtered_code))
    return prints


def _side(module: Module, share: float, slices: Any) -> Side:
    """Cut a module's text where the other's begins and ends to be alike."""
    parts, end = [], 0
    for begin, stop in slices.T.astype(int).tolist():
        parts += [(module.text[end : max(begin, end)], False), (module.text[max(begin, end) : stop], True)]
        end = max(end, stop)
    parts.append((module.text[end:], False))
    return Side(", ".join(map(str, module.team)), min(1.0, share), tuple(part for part in parts if part[0]))
