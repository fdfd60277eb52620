"""Generated mutants: what is made, what dies, and records of those that cannot die."""

import shutil
from pathlib import Path

import pytest

from autograder.assignment import Assignment, load_assignment
from autograder.errors import MistakeError
from autograder.proof.claims import Claim, Kind
from autograder.proof.mutants import load_equivalents, mutants_of, stale
from autograder.proof.verify import Proof, claims_about

RECORD = """
[[equivalent]]
in = "double"
line = "{line}"
becomes = "return 3 * x"
reason = "none"
"""


@pytest.fixture
def folder(small_course: Path, tmp_path: Path) -> Path:
    """Give a copy of the small assignment that a test may change."""
    return Path(shutil.copytree(small_course / "assignments" / "small", tmp_path / "assignments" / "small"))


def _about_mutants(folder: Path, proof: Proof) -> list[Claim]:
    claims = list(claims_about(load_assignment(folder), "salt", proof))
    return [claim for claim in claims if claim.kind is Kind.MUTANT]


def test_mutants_change_one_line_of_a_graded_function(small: Assignment) -> None:
    """Each is a whole module that compiles, and no two are the same."""
    mutants = mutants_of(small)

    assert {mutant.function for mutant in mutants} == {"double"}
    assert ("return 2 * x", "return 3 * x") in {(mutant.line, mutant.becomes) for mutant in mutants}
    assert len({mutant.source for mutant in mutants}) == len(mutants)


def test_each_mutant_of_a_sound_suite_dies_once_and_is_remembered(folder: Path, tmp_path: Path) -> None:
    """The second proof on the same content makes nothing anew; another salt is another content."""
    proof = Proof(store=tmp_path / "proofs.sqlite")
    first, second = _about_mutants(folder, proof), _about_mutants(folder, proof)

    assert [claim.broken for claim in first] == [""] * len(first)
    assert ({claim.cached for claim in first}, {claim.cached for claim in second}) == ({False}, {True})


def test_without_a_test_its_mistakes_and_mutants_live(folder: Path) -> None:
    """Without a test of what it returns, a function may return anything; the proof fails, and shows the changes."""
    edit = '[{ in = "double", replace = "2 * x", by = "3 * x" }]'
    mistake = f'id = "1"\nname = "triples"\nquestion = "double"\nhint = "two"\nedits = {edit}\n'
    (folder / "mistakes.toml").write_text(f"[[mistakes]]\n{mistake}", encoding="utf-8")
    file = folder / "public" / "test_double.py"
    text = file.read_text(encoding="utf-8")
    head, rest = text.split("@pytest.mark.points(3)")
    file.write_text(head + rest[rest.index("@pytest.mark.points(1)") :].replace("points(1)", "points(4)"), "utf-8")
    claims = list(claims_about(load_assignment(folder), "salt", Proof()))
    living = [claim for claim in claims if not claim.holds and claim.kind is Kind.MUTANT]
    failing = {claim.text: claim.broken for claim in claims if claim.fails}

    assert any("- return 2 * x\n  + return 3 * x" in claim.broken for claim in living)
    assert failing["mistake 1 (triples) loses points in double, with its hint"].startswith("it lives")
    assert failing["at least 95% of the generated mutants die"].endswith("live")


def test_a_record_of_an_equivalent_mutant_takes_it_out(folder: Path) -> None:
    """It is no claim any more."""
    (folder / "equivalent.toml").write_text(RECORD.format(line="return 2 * x"), encoding="utf-8")
    texts = [claim.text for claim in _about_mutants(folder, Proof())]

    assert texts
    assert not any("return 3 * x" in text for text in texts)


def test_a_record_that_fits_nothing_is_an_error(folder: Path) -> None:
    """The source went on without it."""
    (folder / "equivalent.toml").write_text(RECORD.format(line="return 7 * x"), encoding="utf-8")
    assignment = load_assignment(folder)
    (error,) = stale(load_equivalents(assignment), mutants_of(assignment))

    assert "'return 7 * x' → 'return 3 * x' in double is no mutant of the source any more" in str(error)
    assert "delete the record" in str(error)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = [", "not valid TOML"),
        ('[[equivalent]]\nin = "double"\n', r"equivalent\[0\]: must hold the texts in, line, becomes, reason"),
        ('[[equivalent]]\nin = ""\nline = "a"\nbecomes = "b"\nreason = "c"\n', "must hold the texts"),
    ],
)
def test_a_record_of_another_form_is_an_error(folder: Path, text: str, message: str) -> None:
    """File, entry and what is wanted are named."""
    (folder / "equivalent.toml").write_text(text, encoding="utf-8")

    with pytest.raises(MistakeError, match=message):
        load_equivalents(load_assignment(folder))


def test_a_quick_proof_makes_no_mutants(folder: Path) -> None:
    """They are the larger part of the whole one."""
    assert _about_mutants(folder, Proof(quick=True)) == []
