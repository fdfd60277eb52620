"""Points and verdicts of a test, from those of its cases."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from coursekit.recording import Spec, case_of, combined
from coursekit.report import Report
from coursekit.verdicts import Case, CheckFailed, Verdict

SPEC = Spec("test_x::test_y", "x", "X holds.", points=6, cases=3)


def _cases(*fractions: float) -> Sequence[Case]:
    return [Case("test_x::test_y", str(i), Verdict.PASSED if f else Verdict.FAILED, f) for i, f in enumerate(fractions)]


def test_cases_share_the_points_evenly() -> None:
    """Each of three cases is worth a third, and a fraction of it counts."""
    assert SPEC.earned(_cases(1, 0, 0.5)) == 3


def test_a_case_that_did_not_run_earns_nothing() -> None:
    """The share of a missing case is lost, not given to the others."""
    assert SPEC.earned(_cases(1, 1)) == 4


@pytest.mark.parametrize(("fractions", "points"), [((1, 1, 1), 6), ((1, 1, 0), 0), ((1, 1), 0)])
def test_all_or_nothing(fractions: tuple[float, ...], points: float) -> None:
    """One failing or missing case costs everything, where the test says so."""
    spec = Spec(**{**SPEC.__dict__, "all_or_nothing": True})

    assert spec.earned(_cases(*fractions)) == points


def test_the_worst_case_gives_the_verdict() -> None:
    """A fault of the grader is worse than a crash, that than a failure; no case at all is not run."""
    order = [
        Verdict.PASSED,
        Verdict.NOT_GRADED,
        Verdict.NOT_ATTEMPTED,
        Verdict.FAILED,
        Verdict.TIMED_OUT,
        Verdict.CRASHED,
    ]
    for better, worse in zip(order, [*order[1:], Verdict.GRADER_ERROR], strict=True):
        assert combined([Case("t", "", better), Case("t", "", worse)]) is worse

    assert combined([]) is Verdict.NOT_RUN


@pytest.mark.parametrize(("folder", "kept"), [("public", True), ("hidden", False), ("tests", True)])
def test_only_a_public_test_gives_away_what_it_compared(folder: str, kept: bool) -> None:  # noqa: FBT001 - a case
    """The arrays of a hidden test do not leave it."""

    def fail() -> None:
        raise CheckFailed("all differ", compared={"place": "(0, 0)"})

    item: Any = SimpleNamespace(path=Path(folder, "test_x.py"), name="test_y", user_properties=[])

    assert (case_of(item, pytest.CallInfo.from_call(fail, when="call")).compared is not None) == kept


@pytest.mark.parametrize(("folder", "kept"), [("public", 1), ("hidden", 0), ("tests", 1)])
def test_only_a_public_test_shows_how_training_went(folder: str, kept: int) -> None:
    """What a student's code notes in a hidden training could carry what the test sent."""
    item: Any = SimpleNamespace(path=Path(folder, "test_x.py"), name="test_y", user_properties=[])
    Report(item.user_properties).curve("loss", training=[2.0, 1.0])

    assert len(case_of(item, pytest.CallInfo.from_call(lambda: None, when="call")).curves) == kept
