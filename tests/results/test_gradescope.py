"""Gradescope's results.json: complete, valid and honest about faults."""

import base64
import json
import math
import re
import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.assignment import Assignment
from autograder.questions import Question
from autograder.results.grade import Grade, judge
from autograder.results.gradescope import not_run, text_of, to_gradescope, write_results
from coursekit.compared import compared
from coursekit.recording import Spec
from coursekit.verdicts import Case, Verdict

ASSIGNMENT = Assignment(Path("small"), "Small", ("x.py",), 9, (Question("x", "X"), Question("y", "Y")))
SPECS = (
    Spec("test_x::test_a", "x", "A holds.", points=4),
    Spec("test_x::test_b", "x", "B holds.", points=3, visibility="after_due_date"),
    Spec("test_y::test_c", "y", "C holds.", points=2, public=False),
)


def _cases(*outcomes: tuple[Verdict, float]) -> Sequence[Case]:
    return [Case(spec.id, "", verdict, part) for spec, (verdict, part) in zip(SPECS, outcomes, strict=False)]


def _grade(*outcomes: tuple[Verdict, float], **more: Any) -> Grade:
    return Grade(ASSIGNMENT, "x.py", judge(ASSIGNMENT, SPECS, _cases(*outcomes)), **more)


GOOD = ((Verdict.PASSED, 1.0), (Verdict.FAILED, 0.0), (Verdict.PASSED, 1.0))
BROKEN = ((Verdict.PASSED, 1.0), (Verdict.GRADER_ERROR, 0.0), (Verdict.PASSED, 1.0))


def test_a_test_has_gradescopes_fields() -> None:
    """Every field of one test, as Gradescope names it."""
    assert to_gradescope(_grade(*GOOD))["tests"][1] == {
        "name": "B holds.",
        "number": "1.2",
        "status": "failed",
        "score": 0.0,
        "max_score": 3,
        "visibility": "after_due_date",
        "output": "failed",
        "output_format": "text",
        "tags": ["x"],
        "extra_data": {"verdict": "failed", "question": "x"},
    }


def test_the_top_has_gradescopes_fields() -> None:
    """Score, time, text, leaderboard and our own data stand beside the tests."""
    data = to_gradescope(_grade(*GOOD, seconds=1.234, versions={"numpy": "2.4"}, members=("ada",)))
    data.pop("tests")

    assert data == {
        "score": 6.0,
        "execution_time": 1.23,
        "output": "handed in by ada",
        "output_format": "text",
        "leaderboard": [],
        "extra_data": {
            "final": True,
            "complete": True,
            "badges": [],
            "verdicts": {"test_x::test_a": "passed", "test_x::test_b": "failed", "test_y::test_c": "passed"},
            "versions": {"numpy": "2.4"},
            "members": ["ada"],
        },
    }


NASTY = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>\"'&lt;"


def _differing(spec: Spec, **more: Any) -> Case:
    actual, expected = np.eye(4), np.zeros((4, 4))
    return Case(spec.id, "", Verdict.FAILED, compared=compared(actual, expected, actual != expected), **more)


def _told(*cases: Case) -> list[dict[str, Any]]:
    return list(to_gradescope(Grade(ASSIGNMENT, "x.py", judge(ASSIGNMENT, SPECS, cases)))["tests"])


def test_a_public_failure_has_pictures_below_its_text() -> None:
    """Of what was expected, what came, and the difference, large enough to be seen, each in words too."""
    test = _told(_differing(SPECS[0], summary="all differ"))[0]

    assert test["output_format"] == "html"
    assert test["output"].startswith("<pre>failed\nall differ</pre>\n<p>expected: 0 is black, 1 white<br><img src=")
    assert re.findall('alt="([^"]*)"', test["output"]) == [
        "expected: 4 by 4 numbers from 0 to 1",
        "got: 4 by 4 numbers from 0 to 1",
        "got minus expected: 4 by 4 numbers from -1 to 1",
    ]
    picture = base64.b64decode(test["output"].split("base64,")[1].partition('"')[0])
    assert struct.unpack(">II", picture[16:24]) == (160, 160)


LOSS = {"title": "loss", "lines": {"training": [(1, 2.0), (2, None), (3, 0.5)], "validation": [(1, 2.25), (3, 1.0)]}}


def test_a_training_shows_its_curves_below() -> None:
    """As pixels, since a sanitizer may drop SVG, with a caption that says what they stand for."""
    test = _told(Case(SPECS[0].id, "", Verdict.PASSED, 1.0, curves=(LOSS,)))[0]
    caption = "loss: 0 to 2.25 in 3 epochs; training is blue, validation is orange and dashed"

    assert test["output"].startswith(f"<pre>passed</pre>\n<p>{caption}<br><img src=")
    assert 'alt="loss: training 0.5 after epoch 3; validation 1 after epoch 3"' in test["output"]


def test_the_output_is_made_of_what_a_sanitizer_keeps() -> None:
    """Nothing that a student wrote is an element, and no element, attribute or address is one that would be dropped."""
    (output, *_) = (test["output"] for test in _told(_differing(SPECS[0], summary=NASTY, details=NASTY)))

    assert set(re.findall("<[^>]*>", re.sub('(src|alt)="[^"]*"', r"\1", output))) == {
        "<pre>",
        "</pre>",
        "<p>",
        "<br>",
        "<img src alt>",
        "</p>",
    }
    assert output.count('src="data:image/png;base64,') == output.count("<img ") == 3


def test_the_text_of_a_page_can_be_had_alone() -> None:
    """As it stood before its pictures, whatever a student wrote."""
    case = _differing(SPECS[0], summary=NASTY)
    plain = _told(replace(case, compared=None))[0]

    assert text_of(_told(case)[0]) == text_of(plain) == plain["output"] == f"failed\n{NASTY}"


def test_a_hidden_failure_is_text() -> None:
    """Even where its values were there to be drawn."""
    test = _told(_differing(SPECS[2], summary="all differ"))[2]

    assert (test["output"], test["output_format"]) == ("failed\nall differ", "text")


def test_pictures_end_where_the_file_would_be_large() -> None:
    """Later failures keep their text."""
    specs = [Spec(f"test_x::test_{number}", "x", "A holds.", points=0) for number in range(200)]
    noise = np.random.default_rng(0).normal(size=(64, 64))
    seen = compared(noise, -noise, noise != 0)
    cases = [Case(spec.id, "", Verdict.FAILED, summary="all differ", compared=seen) for spec in specs]

    data = to_gradescope(Grade(ASSIGNMENT, "x.py", judge(ASSIGNMENT, specs, cases)))

    assert [test["output_format"] for test in data["tests"][:2] + data["tests"][-2:]] == ["html"] * 2 + ["text"] * 2
    assert data["tests"][-1]["output"] == "failed\nall differ"
    assert len(json.dumps(data)) < 300_000


def test_a_grading_that_has_not_ended_is_text() -> None:
    """It is written again after each test."""
    (test, *_) = not_run(ASSIGNMENT, SPECS, [_differing(SPECS[0])])["tests"]

    assert test["output_format"] == "text"


def test_a_leaderboard_is_passed_on() -> None:
    """What tests rank becomes Gradescope's entries; what they flag stays with the instructor."""
    ranked = Case(SPECS[0].id, "", Verdict.PASSED, 1, flags=("look",), leaderboard=(("accuracy", 0.93, "desc"),))
    data = to_gradescope(Grade(ASSIGNMENT, "x.py", judge(ASSIGNMENT, SPECS, [ranked, *_cases(*GOOD)[1:]])))

    assert data["leaderboard"] == [{"name": "accuracy", "value": 0.93, "order": "desc"}]
    assert "look" not in json.dumps(data)


def test_a_fault_of_the_grader_is_no_zero() -> None:
    """Its test has neither score nor status, and there is no total that could be taken for a grade."""
    data = to_gradescope(_grade(*BROKEN))

    assert "score" not in data
    assert [test.get("score") for test in data["tests"]] == [4.0, None, 2.0]
    assert "status" not in data["tests"][1]
    assert data["output"].startswith("NOT FINAL: a fault of the grader")
    assert data["extra_data"]["final"] is False


def test_a_part_of_the_points_is_not_shown_as_passed() -> None:
    """Gradescope's green is for whole tests."""
    assert to_gradescope(_grade((Verdict.PASSED, 0.5)))["tests"][0]["status"] == "failed"


def test_before_grading_nothing_has_a_score() -> None:
    """A grader that is killed at once leaves every test behind, and no zero."""
    data = not_run(ASSIGNMENT, SPECS)

    assert {test["output"] for test in data["tests"]} == {"not run: grading stopped before this test"}
    assert not any("score" in entry for entry in [data, *data["tests"]])
    assert data["extra_data"]["final"] is False


def test_while_grading_what_is_decided_keeps_its_score() -> None:
    """A grader that is killed half-way leaves what was earned so far."""
    data = not_run(ASSIGNMENT, SPECS, _cases(*GOOD[:2]))

    assert [test.get("score") for test in data["tests"]] == [4.0, 0.0, None]


@given(fractions=st.lists(st.fractions(0, 1), min_size=3, max_size=3), thirds=st.booleans())
def test_scores_add_up_to_the_total(fractions: list[float], *, thirds: bool) -> None:
    """Four places for each test, two for the total, and no test moved past a hundredth."""
    grade = _grade(*[(Verdict.PASSED, round(3 * float(f)) / 3 if thirds else float(f)) for f in fractions])
    data = to_gradescope(grade)

    scores = [test["score"] for test in data["tests"]]
    assert math.isclose(sum(scores), data["score"], abs_tol=1e-9)
    for score, result in zip(scores, grade.results, strict=True):
        assert round(score, 4) == score
        assert abs(score - result.score) <= 0.01
        assert 0 <= score <= result.spec.points


@given(st.text(), st.text(), st.text(), st.sampled_from(Verdict))
def test_the_data_are_always_valid_json(said: str, problem: str, member: str, verdict: Verdict) -> None:
    """Whatever a student wrote, the text can be read back and holds no control character."""
    case = Case(SPECS[0].id, said, verdict, 0.0, said, problem, member)
    results = judge(ASSIGNMENT, SPECS, [case])
    data = to_gradescope(Grade(ASSIGNMENT, said, results, (member,), problem, "", (said,)))

    shown = [data["output"], data["tests"][0]["output"], *data["extra_data"]["members"]]
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert "".join(shown).replace("\n", "").replace("\t", "").isprintable()


def test_results_are_written_whole(tmp_path: Path) -> None:
    """The file holds the data, and nothing else is left in the folder."""
    write_results(tmp_path / "results.json", {"score": 1})
    write_results(tmp_path / "results.json", {"score": 2})

    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]
    assert json.loads((tmp_path / "results.json").read_text(encoding="utf-8")) == {"score": 2}


def test_what_is_no_json_leaves_the_old_file(tmp_path: Path) -> None:
    """NaN is refused before anything is touched."""
    write_results(tmp_path / "results.json", {"score": 1})

    with pytest.raises(ValueError, match="not JSON compliant"):
        write_results(tmp_path / "results.json", {"score": math.nan})
    assert json.loads((tmp_path / "results.json").read_text(encoding="utf-8")) == {"score": 1}
