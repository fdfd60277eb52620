"""What a test says beside its verdict."""

import pytest

from coursekit.report import Report


def test_each_picture_has_its_lines() -> None:
    """In the order in which the test reports them."""
    report = Report([])

    report.curve("loss", training=[2.0, 1.0], validation=[3.0, 2.5])
    report.curve("accuracy", validation=[0.5, 0.75])

    assert report.curves == (
        {"title": "loss", "lines": {"training": [(1, 2.0), (2, 1.0)], "validation": [(1, 3.0), (2, 2.5)]}},
        {"title": "accuracy", "lines": {"validation": [(1, 0.5), (2, 0.75)]}},
    )


def test_what_is_no_curve_is_left_out() -> None:
    """A history is the student's: it may hold anything, or nothing."""
    report = Report([])

    report.curve("loss", training="abc", validation=[1.0])
    report.curve("accuracy", validation=None)

    assert [curve["lines"] for curve in report.curves] == [{"validation": [(1, 1.0)]}]


@pytest.mark.parametrize(("value", "order"), [(float("nan"), "desc"), (1.0, "down")])
def test_a_rank_that_cannot_be_sorted_is_refused(value: float, order: str) -> None:
    """It says what it wants, and what it got."""
    with pytest.raises(ValueError, match=f"rank: the value must be finite and the order asc or desc, got {value}"):
        Report([]).rank("Accuracy", value, order)
