"""Which test catches what: from the claims of a proof to a summary, JSON and a page."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path

from autograder.proof.claims import Claim

_MISTAKE, _MUTANT = "mistake ", "a mutant dies: "


def summary(claims: Sequence[Claim]) -> Iterator[str]:
    """Say, for each assignment, how many claims hold and how many mutants die."""
    for assignment, own in by_assignment(claims).items():
        mutants = [claim for claim in own if claim.text.startswith(_MUTANT)]
        dead = sum(claim.holds for claim in mutants)
        share = f"; {dead} of {len(mutants)} mutants die ({dead / len(mutants):.1%})" if mutants else ""
        spent = sum(claim.seconds for claim in own if not claim.cached)
        yield f"{assignment}: {sum(c.holds for c in own)} of {len(own)} claims hold{share}; {spent:.0f} s of proof"


def by_assignment(claims: Sequence[Claim]) -> dict[str, list[Claim]]:
    """Sort claims by their assignments."""
    found: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        found[claim.assignment].append(claim)
    return dict(found)


def catches(claims: Sequence[Claim]) -> dict[str, list[str]]:
    """Give, for each test, the mistakes and mutants that cost it points."""
    found: dict[str, list[str]] = defaultdict(list)
    for claim in claims:
        if claim.text.startswith((_MISTAKE, _MUTANT)):
            for test in claim.evidence.get("lost", {}):
                found[test].append(claim.text)
    return dict(found)


def alone(claims: Sequence[Claim]) -> Counter[str]:
    """Count, for each test, the mistakes that no other test catches: without it, they would live."""
    found: Counter[str] = Counter()
    for claim in claims:
        lost = claim.evidence.get("lost", {})
        if claim.text.startswith(_MISTAKE) and len(lost) == 1:
            found.update(lost.keys())
    return found


def write_json(file: Path, claims: Sequence[Claim]) -> None:
    """Write every claim with its evidence."""
    data = {"claims": [claim.data() for claim in claims]}
    file.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_page(file: Path, claims: Sequence[Claim]) -> None:
    """Write a page that shows what holds, what lives, and which test catches what; it needs no network."""
    from jinja2 import Environment  # noqa: PLC0415 - only where a page is asked for

    template = (resources.files("autograder.proof") / "templates" / "matrix.html").read_text(encoding="utf-8")
    assignments = [
        {"name": name, "claims": own, "broken": [c for c in own if not c.holds], "tests": _rows(own)}
        for name, own in by_assignment(claims).items()
    ]
    page = Environment(autoescape=True).from_string(template)
    file.write_text(page.render(assignments=assignments, lines=list(summary(claims))), encoding="utf-8")


def _rows(claims: Sequence[Claim]) -> list[dict[str, object]]:
    only = alone(claims)
    caught = catches(claims)
    return [
        {
            "test": test,
            "mistakes": [text for text in texts if text.startswith(_MISTAKE)],
            "mutants": sum(text.startswith(_MUTANT) for text in texts),
            "alone": only[test],
        }
        for test, texts in sorted(caught.items(), key=lambda row: -len(row[1]))
    ]
