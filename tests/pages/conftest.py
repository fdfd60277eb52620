"""Pages of a made-up class, and a browser to open them in."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.assignment import Assignment
from autograder.batch.insight import Class
from autograder.batch.report import class_page
from autograder.batch.similar import Pair, Side
from autograder.batch.similar import write_page as write_pairs
from autograder.proof.claims import Claim, Kind
from autograder.proof.matrix import write_page as write_matrix
from autograder.questions import Question
from autograder.results.grade import Grade, judge
from autograder.results.page import student_page
from coursekit.compared import compared
from coursekit.recording import Spec
from coursekit.verdicts import Case, Verdict

HANDOUT = Path(__file__).resolve().parents[2] / "starter" / "a3_backprop" / "handout.html"
NASTY = "<script>document.title = 'taken over'</script><img src=x onerror='document.title = 1'>"
MADE_UP = Assignment(Path("small"), "Small", ("x.py",), 6, (Question("x", "The X"), Question("y", "The Y")))
SPECS = (
    Spec("test_x::test_a", "x", "A holds.", points=4, hint="Try A."),
    Spec("test_y::test_b", "y", "B holds.", points=2, public=False),
)
ZEROS, RAMP = np.zeros((4, 5)), np.arange(1.0, 21.0).reshape(4, 5)
MET = {"patch": [["", "1"], ["2", "3"]], "kernel": [["0", "1"], ["2", "3"]], "how": "as given"}
SEEN = {**(compared(RAMP, ZEROS, RAMP != ZEROS) or {}), "met": MET}
LOSS = {"title": "loss", "lines": {"training": [(1, 2.0), (2, None), (3, 0.5)], "validation": [(1, 2.25), (3, 1.0)]}}
SAID: dict[str, Any] = {"summary": "all differ", "details": f"got {NASTY}", "compared": SEEN, "curves": (LOSS,)}
SIDE = Side(NASTY, 0.9, (("import numpy\n", False), (f"print({NASTY!r})\n" * 60, True)))
PAIRS = [Pair(SIDE, SIDE)] * 2
CLAIMS = [
    Claim("a1", "the suite's points add up to 10", broken=f"got {NASTY}"),
    Claim("a1", f"mistake 1 ({NASTY}) loses points", Kind.MISTAKE, evidence={"lost": {"t::x": "failed"}, "hinted": []}),
]
CLASS = {  # who → verdicts of A and B, and seconds
    "ada": (Verdict.PASSED, Verdict.PASSED, 1.0),
    "bob": (Verdict.FAILED, Verdict.PASSED, 10.5),
    NASTY: (Verdict.FAILED, Verdict.NOT_ATTEMPTED, 2.0),
    "dan": (Verdict.PASSED, Verdict.GRADER_ERROR, 1.5),
}


def _grade(name: str, a: Verdict, b: Verdict, seconds: float) -> Grade:
    cases = [
        Case(spec.id, "", verdict, float(verdict is Verdict.PASSED), **SAID if verdict is Verdict.FAILED else {})
        for spec, verdict in zip(SPECS, (a, b), strict=True)
    ]
    grade = Grade(MADE_UP, name, judge(MADE_UP, SPECS, cases), seconds=seconds)
    return replace(grade, notes=(f"left out: {name}",), members=(name,))


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Write every page there is: all of them hold text that tries to take them over."""
    folder, found = tmp_path_factory.mktemp("pages"), Class()
    for name, became in CLASS.items():
        found.add(_grade(name, *became), name, "folder")
    texts = {"student": student_page(_grade(NASTY, *CLASS[NASTY])), "class": class_page(MADE_UP, found)}
    files = {name: folder / f"{name}.html" for name in (*texts, "alike", "proof")}
    for name, text in texts.items():
        files[name].write_text(text, encoding="utf-8")
    write_pairs(files["alike"], PAIRS, "Small")
    write_matrix(files["proof"], CLAIMS)
    return files | {"handout": HANDOUT}


@pytest.fixture(scope="session")
def driver() -> Iterator[Any]:
    """Start Debian's chromium without a window."""
    yield from chromium()


def chromium() -> Iterator[Any]:
    """Start Debian's chromium without a window; skip where there is none."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not program or not driver:
        pytest.skip("no browser here: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver, log_output=os.devnull))
    yield browser
    browser.quit()


@pytest.fixture
def browse(driver: Any, pages: dict[str, Path]) -> Callable[[str], Any]:
    """Open one of the pages in the browser."""

    def browse(name: str) -> Any:
        driver.get_log("browser")
        driver.get(pages[name].as_uri())
        return driver

    return browse
