"""A proof as lines, JSON and a page."""

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from autograder.proof.claims import Claim, Kind
from autograder.proof.findings import Findings, findings


def by_assignment(claims: Sequence[Claim]) -> dict[str, list[Claim]]:
    """Sort claims by their assignments."""
    found: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        found[claim.assignment].append(claim)
    return dict(found)


def summary(claims: Sequence[Claim]) -> Iterator[str]:
    """Say, for each assignment, how many claims hold, how many mutants die, and where the suite is thin."""
    for assignment, own in by_assignment(claims).items():
        mutants = [claim for claim in own if claim.kind is Kind.MUTANT]
        dead = sum(claim.holds for claim in mutants)
        share = f"; {dead} of {len(mutants)} mutants die ({dead / len(mutants):.1%})" if mutants else ""
        spent = sum(claim.seconds for claim in own if not claim.cached)
        yield f"{assignment}: {sum(c.holds for c in own)} of {len(own)} claims hold{share}; {spent:.0f} s of proof"
        yield from (f"  {line}" for line in _weak(findings(own)))


def _weak(found: Findings) -> Iterator[str]:
    """Say what an instructor should look at: mutants that live, the most suspicious first, then thin places."""
    for claim in found.living:
        diff = claim.evidence["mutant"].replace("\n", "\n  ")
        yield f"lives, {', '.join(claim.evidence['questions'])}: {diff}"
    for question, tests in found.thin.items():
        yield f"{question}: {f'only {tests[0]} catches anything' if tests else 'no test catches anything'}"
    for tolerance in found.tolerances:
        if tolerance.finding:
            yield f"{tolerance.test}: {tolerance.finding}"
    if found.unseen:
        yield f"hints that no mistake shows: {len(found.unseen)}, such as that of {found.unseen[0]}"


def table(claims: Sequence[Claim]) -> Table:
    """Show, for each test, what it catches; for a terminal."""
    columns = Table("assignment", "test", box=None, pad_edge=False)
    for name in ("mistakes", "it alone", "mutants, first"):
        columns.add_column(name, justify="right")
    for assignment, own in by_assignment(claims).items():
        for row in _rows(own, findings(own)):
            columns.add_row(assignment, *(str(row[key]) for key in ("test", "mistakes", "alone", "mutants")))
    return columns


def write_json(file: Path, claims: Sequence[Claim]) -> None:
    """Write every claim with its evidence, and for each assignment what the claims show."""
    shown = {name: _data(findings(own)) for name, own in by_assignment(claims).items()}
    data = {"claims": [claim.data() for claim in claims], "findings": shown}
    file.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_page(file: Path, claims: Sequence[Claim]) -> None:
    """Write a page that shows what holds, what lives, and which test catches what; it needs no network."""
    from autograder.results.html import rendered  # noqa: PLC0415 - only where a page is asked for

    assignments = [
        {
            "name": name,
            "claims": own,
            "broken": [claim for claim in own if claim.fails],
            "found": (found := findings(own)),
            "tests": _rows(own, found),
        }
        for name, own in by_assignment(claims).items()
    ]
    page = rendered("autograder.proof", "matrix.html", assignments=assignments, lines=list(summary(claims)))
    file.write_text(page, encoding="utf-8")


def _rows(claims: Sequence[Claim], found: Findings) -> list[dict[str, Any]]:
    """Give a row for each test of the suite: those that catch the most first, idle ones last."""
    mutants = {claim.text for claim in claims if claim.kind is Kind.MUTANT}
    rows = []
    for test in {**found.caught, **found.tests}:
        texts = found.caught.get(test, [])
        mistakes = [text for text in texts if text not in mutants]
        row = {"test": test, "mistakes": len(mistakes), "alone": found.alone[test], "names": mistakes}
        rows.append(row | {"mutants": len(texts) - len(mistakes)})
    return sorted(rows, key=lambda row: (-row["mistakes"], -row["mutants"], row["test"]))


def _data(found: Findings) -> dict[str, Any]:
    """Give findings as JSON data."""
    return {
        "caught": found.caught,
        "alone": found.alone,
        "idle": found.idle,
        "thin": found.thin,
        "hints never shown": found.unseen,
        "tolerances": [
            {**vars(one), "outside": None if math.isinf(one.outside) else one.outside, "finding": one.finding}
            for one in found.tolerances
        ],
        "living": [claim.text for claim in found.living],
    }
