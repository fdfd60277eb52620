"""Which test catches what, as lines, JSON and a page."""

import json
from pathlib import Path

import pytest

from autograder.proof import matrix
from autograder.proof.claims import Claim

CLAIMS = [
    Claim("a1", "the reference earns everything (run seed 0)", seconds=1.0, evidence={"score": 10, "lost": {}}),
    Claim("a1", "mistake 1 (<triples>) loses points", seconds=1.0, evidence={"score": 6, "lost": {"t::x": "failed"}}),
    Claim("a1", "mistake 2 (halves) loses points", evidence={"lost": {"t::x": "failed", "t::y": "failed"}}),
    Claim("a1", "a mutant dies: f, line 3: a → b", evidence={"lost": {"t::x": "failed"}}),
    Claim("a1", "a mutant dies: f, line 4: a → b", broken="it lives: f, line 4", cached=True, seconds=5),
]


def test_the_summary_counts_claims_and_mutants() -> None:
    """What was proven before costs no time now."""
    assert list(matrix.summary(CLAIMS)) == ["a1: 4 of 5 claims hold; 1 of 2 mutants die (50.0%); 2 s of proof"]


def test_each_test_has_what_it_catches() -> None:
    """Mistakes by their text; a test alone with a mistake is one that is needed."""
    assert matrix.catches(CLAIMS)["t::y"] == ["mistake 2 (halves) loses points"]
    assert dict(matrix.alone(CLAIMS)) == {"t::x": 1}


def test_json_holds_every_claim_with_its_evidence(tmp_path: Path) -> None:
    """Another program can read the proof."""
    matrix.write_json(tmp_path / "proof.json", CLAIMS)
    claims = json.loads((tmp_path / "proof.json").read_text(encoding="utf-8"))["claims"]

    assert [claim["holds"] for claim in claims] == [True, True, True, True, False]
    assert claims[1]["evidence"] == {"score": 6, "lost": {"t::x": "failed"}}


@pytest.mark.parametrize("shown", ["&lt;triples&gt;", "it lives: f, line 4", "t::y", "4 of 5 claims hold"])
def test_the_page_shows_it(tmp_path: Path, shown: str) -> None:
    """Text is escaped, and nothing comes from a network."""
    matrix.write_page(tmp_path / "proof.html", CLAIMS)
    page = (tmp_path / "proof.html").read_text(encoding="utf-8")

    assert shown in page
    assert "http" not in page
