"""Instant feedback in a notebook: `check("question")` runs its public tests on the functions defined so far."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from .recording import Recorder
from .verdicts import Case, Verdict

_WORDS = {Verdict.PASSED: "ok", Verdict.NOT_ATTEMPTED: "to do", Verdict.NOT_GRADED: "waits"}
_OPTIONS = (
    *("-p", "no:terminal", "-p", "no:cacheprovider", "--capture=no", "-W", "ignore"),
    *("-o", "addopts=--import-mode=importlib"),  # those of the kit's pytest.ini speak to a terminal
)


class NotebookModule:
    """Plugin that offers a notebook's own functions to the tests of one question.

    Attributes:
        module: what stands for the student's module.
        question: the question to run; others are left out.
    """

    def __init__(self, module: ModuleType, question: str) -> None:
        self.module, self.question = module, question

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the tests of the question."""
        marks = [item.get_closest_marker("question") for item in items]
        items[:] = [item for item, mark in zip(items, marks, strict=True) if mark and mark.args == (self.question,)]


def check(question: str, folder: Path | str = ".") -> None:
    """Run the public tests of one question on this notebook's functions, and print points, findings and hints.

    Args:
        question: the question's id.
        folder: the starter kit's folder.
    """
    plugin = NotebookModule(sys.modules["__main__"], question)
    found = _Keep()
    pytest.main([*_OPTIONS, f"--rootdir={folder}", "-c", f"{folder}/pytest.ini", str(folder)], plugins=[plugin, found])
    recorder = found.recorder
    if recorder is None or not recorder.cases_of(question):
        print(f"there are no public tests of {question}")
        return
    possible = sum(spec.points for spec in recorder.specs.values() if spec.question == question)
    print(f"{recorder.earned(question):g} of {possible:g} points that the public tests of {question} give")
    for spec in recorder.specs.values():
        cases = list(recorder.by_test.get(spec.id, {}).values())
        bad = [case for case in cases if case.verdict is not Verdict.PASSED]
        if bad:
            print("\n".join(_lines(spec.title, spec.hint, bad[0])))


def _lines(title: str, hint: str, case: Case) -> list[str]:
    said = [f"{_WORDS.get(case.verdict, 'wrong')}: {title}", case.finding, case.summary, case.details]
    return [line for line in [*said, f"hint: {hint}" if hint and not case.finding else ""] if line]


class _Keep:
    """Plugin that keeps the recorder of a run."""

    recorder: Recorder | None = None

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Remember what was recorded."""
        self.recorder = session.config.pluginmanager.get_plugin("coursekit-recorder")
