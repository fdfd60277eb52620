"""Our grader under Otter's own verbs: the plugin that `otter run` runs, and results in Otter's terms.

Uses internals of otter-grader 7.0, which pyproject.toml pins: hand-ins go aside before
Otter runs anything of them, and the results that Otter writes become ours.
"""

import json
import shutil
import sys
import tempfile
import traceback
from math import nan
from pathlib import Path
from typing import Any, Self

from nbformat import NotebookNode, from_dict
from otter.plugins import AbstractOtterPlugin
from otter.test_files import GradingResults, TestCase
from otter.test_files.abstract_test import TestCaseResult
from otter.test_files.ottr_test import OttrTestFile

from autograder.grading.grade import Grader
from autograder.grading.handin import handed_in
from autograder.packaging.suite import find_suite
from autograder.results.gradescope import broken, text_of, to_gradescope

_EMPTY: dict[str, Any] = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


class OurResults(GradingResults):  # type: ignore[misc]
    """Otter's results, which write our results.json."""

    ours: dict[str, Any]

    @classmethod
    def of(cls, text: str) -> Self:
        """Make them from the text of a results.json."""
        results = cls([])
        results.fill(json.loads(text))
        return results

    def fill(self, ours: dict[str, Any]) -> None:
        """Take our results over: a line for each test, without a score where a fault of ours left none.

        Where not even the tests are known, Otter is told of a failure: else all hand-ins would lose their columns.
        """
        self.ours = ours
        tests = ours["extra_data"].get("verdicts", {})
        self.results = {test: _test_file(test, entry) for test, entry in zip(tests, ours["tests"], strict=False)}
        self._catastrophic_error = None if tests else RuntimeError(ours["output"])

    @property
    def total(self) -> float:
        """The points, or NaN where a fault of ours leaves some open: an empty cell in Otter's table, and no zero."""
        return nan if self._catastrophic_error else float(super().total)

    @property
    def percent(self) -> float:
        """The share of points, or NaN as in the total."""
        return nan if self._catastrophic_error else float(super().percent)

    def to_gradescope_dict(self, ag_config: object) -> dict[str, Any]:
        """Give our results.json; Otter's configuration has no say in it."""
        del ag_config
        return self.ours


class OtterPlugin(AbstractOtterPlugin):  # type: ignore[misc]
    """Set the hand-in aside, let Otter run nothing, grade with our own suite."""

    def before_grading(self, config: object) -> None:
        """Move the whole submission out of Otter's reach, and leave an empty file in its place."""
        del config
        submission = Path(self.submission_path).parent
        files = submission.parent / "source" / "files"
        self._aside = Path(tempfile.mkdtemp(prefix="autograder-"))
        ours = {entry.name for entry in files.iterdir()} | {"tests", "__init__.py"}
        for entry in list(submission.iterdir()):
            if entry.name not in ours:
                shutil.move(entry, self._aside / entry.name)
            elif entry.name != "tests":
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        self._suite = files / "suite"
        Path(self.submission_path).write_text(_empty(self.submission_path), encoding="utf-8")

    def before_execution(self, submission: object) -> NotebookNode:
        """Give Otter's kernel nothing of the student's to run, and no module to import under a student's name."""
        del submission
        Path(self.submission_path).unlink()
        empty: NotebookNode = from_dict(_EMPTY)  # type: ignore[no-untyped-call]
        return empty

    def after_grading(self, results: GradingResults) -> None:
        """Grade with our suite and put our results into Otter's object; a fault of ours gives no score."""
        results.__class__ = OurResults
        try:
            results.fill(self._grade())
        except Exception:  # noqa: BLE001 - a results.json must come out, and the instructor reads standard output
            traceback.print_exc(file=sys.stdout)
            results.fill(broken("its report is on standard output, for the instructor"))
        finally:
            shutil.rmtree(self._aside, ignore_errors=True)

    def _grade(self) -> dict[str, Any]:
        assignment, salt = find_suite(self._suite)
        with Grader(assignment, salt) as grader:
            return to_gradescope(grader.grade(handed_in(self._aside)))


def _test_file(test: str, entry: dict[str, Any]) -> OttrTestFile:
    """Tell Otter about one test in its own terms."""
    hidden = entry["visibility"] != "visible"
    case = TestCase(test, None, hidden, entry["max_score"], None, None)
    file = OttrTestFile(test, test, [case], all_or_nothing=False)
    file.test_case_results = [TestCaseResult(case, text_of(entry), entry.get("status") == "passed")]
    file.update_score(entry.get("score", nan))
    return file


def _empty(path: str) -> str:
    return json.dumps(_EMPTY) if path.endswith(".ipynb") else ""
