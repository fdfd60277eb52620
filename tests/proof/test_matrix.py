"""Which test catches what, as lines, JSON and a page."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from autograder.proof import matrix
from autograder.proof.claims import Claim, Kind
from autograder.proof.findings import Tolerance, findings

TESTS = {
    "t::x": {"question": "f", "points": 2, "hint": "Multiply."},
    "t::y": {"question": "f", "points": 1, "hint": "Add."},
    "t::z": {"question": "g", "points": 7, "hint": ""},
}


def _mutant(line: int, question: str, *, margin: float = 0.0) -> Claim:
    """Make the claim about a mutant that lives."""
    diff = f"{question}, line {line}"
    shown = {"lost": {}, "questions": [question], "mutant": diff, "margins": {"t::x": margin}}
    return Claim("a1", f"a mutant dies: {diff}", Kind.MUTANT, broken=f"it lives: {diff}", evidence=shown)


CLAIMS = [
    Claim("a1", "the suite's points add up to 10", evidence={"tests": TESTS}),
    Claim(
        "a1", "the reference earns everything", Kind.RIGHT, seconds=1.0,
        evidence={"lost": {}, "margins": {"t::x": 1e-4}},
    ),
    Claim(
        "a1", "mistake 1 (<triples>) loses points", Kind.MISTAKE, seconds=1.0,
        evidence={"score": 6, "lost": {"t::x": "failed"}, "hinted": ["t::x"], "margins": {"t::x": 50.0}},
    ),
    Claim(
        "a1", "mistake 2 (halves) loses points", Kind.MISTAKE,
        evidence={"lost": {"t::x": "failed", "t::y": "failed"}},
    ),
    Claim("a1", "a mutant dies: f, line 3: a → b", Kind.MUTANT, evidence={"lost": {"t::x": "failed"}}),
    Claim(
        "a1", "a mutant dies: f, line 4: a → b", Kind.MUTANT, broken="it lives: f, line 4", cached=True, seconds=5,
        evidence={"lost": {}, "questions": ["f"], "mutant": "f, line 4: a → b"},
    ),
]  # fmt: skip


def test_the_summary_counts_claims_and_mutants() -> None:
    """What was proven before costs no time now; what an instructor should look at follows."""
    assert list(matrix.summary(CLAIMS)) == [
        "a1: 5 of 6 claims hold; 1 of 2 mutants die (50.0%); 2 s of proof",
        "  lives, f: f, line 4: a → b",
        "  g: no test catches anything",
        "  hints that no mistake shows: 1, such as that of t::y",
    ]


def test_each_test_has_what_it_catches() -> None:
    """Mistakes by their text; a test alone with a mistake is one that is needed."""
    found = findings(CLAIMS)

    assert found.caught["t::y"] == ["mistake 2 (halves) loses points"]
    assert dict(found.alone) == {"t::x": 1}
    assert found.idle == ["t::y", "t::z"]


def test_a_tolerance_lies_between_right_and_wrong_answers() -> None:
    """What right solutions need, and the nearest answer that is refused."""
    (tolerance,) = findings(CLAIMS).tolerances

    assert (tolerance.test, tolerance.needed, tolerance.outside) == ("t::x", 1e-4, 50.0)
    assert tolerance.finding == ""


@pytest.mark.parametrize(
    ("tolerance", "said"),
    [
        (Tolerance("t::x", 0.6), "too tight: right solutions use 60% of what it allows"),
        (
            Tolerance("t::x", 0, inside=0.2),
            "too loose: a wrong solution passes with 0.2 of it, right ones need 0",
        ),
        (Tolerance("t::x", 0.1, inside=0.2), ""),
        (Tolerance("t::x", 0.0, inside=1e-9), ""),
    ],
)
def test_a_tolerance_that_does_not_fit_is_said(tolerance: Tolerance, said: str) -> None:
    """Both ends: a right answer that is nearly refused, a wrong one that passes."""
    assert tolerance.finding == said


def test_the_most_suspicious_mutants_come_first() -> None:
    """Those that change an answer unseen, then those with many points at stake."""
    living = [_mutant(1, "f"), _mutant(2, "g"), _mutant(3, "f", margin=0.5)]

    assert [claim.broken for claim in findings([*CLAIMS[:2], *living]).living] == [
        "it lives: f, line 3", "it lives: g, line 2", "it lives: f, line 1",
    ]  # fmt: skip


def test_the_table_names_every_test() -> None:
    """Those that catch nothing stand last."""
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(matrix.table(CLAIMS))
    rows = [line.split() for line in console.export_text().splitlines()]

    assert rows[1:] == [["a1", "t::x", "2", "1", "1"], ["a1", "t::y", "1", "0", "0"], ["a1", "t::z", "0", "0", "0"]]


def test_json_holds_every_claim_with_its_evidence(tmp_path: Path) -> None:
    """Another program can read the proof."""
    matrix.write_json(tmp_path / "proof.json", CLAIMS)
    claims = json.loads((tmp_path / "proof.json").read_text(encoding="utf-8"))["claims"]

    assert [claim["holds"] for claim in claims] == [True, True, True, True, True, False]
    assert claims[2]["evidence"]["lost"] == {"t::x": "failed"}


@pytest.mark.parametrize("shown", ["&lt;triples&gt;", "f, line 4: a → b", "t::y", "5 of 6 claims hold"])
def test_the_page_shows_it(tmp_path: Path, shown: str) -> None:
    """Text is escaped, and nothing comes from a network."""
    matrix.write_page(tmp_path / "proof.html", CLAIMS)
    page = (tmp_path / "proof.html").read_text(encoding="utf-8")

    assert shown in page
    assert "default-src 'none'" in page
