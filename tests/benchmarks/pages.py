"""How long the pages of a large class take: to write, and to open in chromium until the page is ready.

    python tests/benchmarks/pages.py [HAND-INS]

The hand-ins are made up: 16 questions with four tests each, of which a third fails, in twelve ways.
"""

import random
import shutil
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from selenium import webdriver

from autograder.assignment import Assignment
from autograder.batch.insight import Class
from autograder.batch.report import class_page
from autograder.questions import Question
from autograder.results.grade import Grade, judge
from autograder.results.page import student_page
from coursekit.recording import Spec
from coursekit.verdicts import Case, Verdict

QUESTIONS = tuple(Question(f"q{n}", f"Question {n}") for n in range(16))
MADE_UP = Assignment(Path("made_up"), "Made up", ("x.py",), 64, QUESTIONS)
SPECS = [Spec(f"test_{q.id}::t{n}", q.id, f"{q.title} holds, part {n}.", 1) for q in QUESTIONS for n in range(4)]
TIMES = 5


def made_up(number: int, chance: random.Random) -> Grade:
    """Make up a hand-in's grade."""
    able, cases = chance.random(), []
    for spec in SPECS:
        right = chance.random() < (1 + able) / 2
        said = "" if right else f"expected 1.5, got {chance.randrange(12)}"
        verdict = Verdict.PASSED if right else Verdict.FAILED
        cases.append(Case(spec.id, "", verdict, float(right), details=said, seconds=chance.random() / 10))
    return Grade(MADE_UP, f"student{number}.py", judge(MADE_UP, SPECS, cases), seconds=1 + chance.random())


def opened(file: Path) -> list[float]:
    """Open a page several times, and give the seconds from the call until its load event has ended."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu"):
        options.add_argument(argument)
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    script = "const page = performance.getEntriesByType('navigation')[0]; return page.loadEventEnd / 1000;"
    seconds = []
    for _ in range(TIMES):
        browser.get(file.as_uri())
        seconds.append(float(browser.execute_script(script)))
    begin = perf_counter()
    browser.find_elements("css selector", "div[aria-labelledby='hand-ins'] th button")[1].click()
    browser.find_element("css selector", "div[aria-labelledby='hand-ins'] td").get_attribute("innerText")
    print(f"sorting the table of hand-ins by a click: {perf_counter() - begin:.2f} s")
    browser.quit()
    return seconds


def main() -> None:
    """Write and open the pages."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    chance, found = random.Random(0), Class()  # noqa: S311 - made-up grades
    grades = [made_up(number, chance) for number in range(count)]
    begin = perf_counter()
    size = sum(len(student_page(grade)) for grade in grades)
    pages = perf_counter() - begin
    for grade in grades:
        found.add(grade, grade.hand_in, grade.hand_in)
    with tempfile.TemporaryDirectory() as folder:
        begin = perf_counter()
        (file := Path(folder) / "report.html").write_text(class_page(MADE_UP, found), encoding="utf-8")
        print(f"{count} pages of students: {pages:.1f} s, {size / count / 1000:.0f} kB each")
        print(f"page of the class: {perf_counter() - begin:.2f} s, {file.stat().st_size / 1e6:.2f} MB")
        seconds = sorted(opened(file))
        print(f"opening it: {seconds[0]:.2f} to {seconds[-1]:.2f} s, median {seconds[TIMES // 2]:.2f} s of {TIMES}")


if __name__ == "__main__":
    main()
