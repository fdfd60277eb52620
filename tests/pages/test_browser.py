"""The pages in a real browser: no errors, nothing taken over, sorting and the keyboard work, everyone can read them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
Browse = Callable[[str], Any]
EVERY_PAGE = pytest.mark.parametrize("name", ["student", "class", "alike", "proof", "handout"])
EVERY_REPORT = pytest.mark.parametrize("name", ["student", "class", "alike", "proof"])
OPEN_ALL = "for (const details of document.querySelectorAll('details')) details.open = true"


def _column(browser: Any, heading: str, number: int) -> list[str]:
    """Read a column of the table below a heading."""
    script = """
        const table = document.querySelector(`div[aria-labelledby="${arguments[0]}"] table`);
        return Array.from(table.tBodies[0].rows, (row) => row.cells[arguments[1]].innerText);"""
    return list(browser.execute_script(script, heading, number))


def _button(browser: Any, heading: str, number: int) -> Any:
    return browser.find_elements("css selector", f"div[aria-labelledby='{heading}'] th button")[number]


@EVERY_PAGE
def test_pages_open_without_errors(browse: Browse, name: str) -> None:
    """Nothing is refused, missing or broken on the console."""
    assert browse(name).get_log("browser") == []


@EVERY_REPORT
def test_a_script_that_a_student_wrote_is_text(browse: Browse, name: str) -> None:
    """It stands on the page to be read, and did not run."""
    browser = browse(name)
    titles = {
        "student": "Small: <script>",
        "class": "Report: Small",
        "alike": "Look-alikes: Small",
        "proof": "What the",
    }

    browser.execute_script(OPEN_ALL)

    text = browser.find_element("tag name", "main").text
    assert "<script>document.title = 'taken over'</script><img src=x" in text
    assert browser.title.startswith(titles[name])
    assert browser.find_elements("css selector", "img[src='x']") == []


@EVERY_PAGE
def test_nothing_runs_on_a_page_but_its_own_script(browse: Browse, name: str) -> None:
    """Its policy refuses even a script that got into it."""
    browser = browse(name)

    browser.execute_script("""
        const script = document.createElement("script");
        script.textContent = "document.title = 'taken over'";
        document.body.append(script);""")

    assert browser.title != "taken over"


def test_tables_sort_by_a_click(browse: Browse) -> None:
    """Numbers as numbers, up and then down, and the heading says which."""
    browser = browse("class")
    button = _button(browser, "hand-ins", 2)
    heading = button.find_element("xpath", "..")

    button.click()
    up, said_up = _column(browser, "hand-ins", 2), heading.get_attribute("aria-sort")
    button.click()

    assert (up, said_up) == (["1.0", "1.5", "2.0", "10.5"], "ascending")
    assert _column(browser, "hand-ins", 2) == ["10.5", "2.0", "1.5", "1.0"]
    assert heading.get_attribute("aria-sort") == "descending"


def test_unknown_scores_sort_below_all_others(browse: Browse) -> None:
    """What a fault of the grader left open is no number."""
    browser = browse("class")

    _button(browser, "hand-ins", 1).click()

    assert _column(browser, "hand-ins", 1) == ["?", "0", "2", "6"]


def test_tables_sort_by_the_keyboard(browse: Browse) -> None:
    """A heading is a button, which the tab key reaches and Enter presses."""
    browser = browse("class")
    button = _button(browser, "hand-ins", 0)
    browser.execute_script("arguments[0].focus()", _button(browser, "alike", 3))

    for _ in range(20):
        if browser.switch_to.active_element == button:
            break
        browser.switch_to.active_element.send_keys(webdriver.Keys.TAB)
    button.send_keys(webdriver.Keys.ENTER)

    assert _column(browser, "hand-ins", 0)[1:] == ["ada", "bob", "dan"]


def test_pictures_are_there(browse: Browse) -> None:
    """Decoded by the browser, a pixel for each number, each with words in its place."""
    script = "return Array.from(document.images, (i) => [i.complete, i.naturalWidth, i.naturalHeight, i.alt])"

    assert browse("student").execute_script(script) == [
        [True, 5, 4, "expected: 4 by 5 numbers from 0 to 20"],
        [True, 5, 4, "got: 4 by 5 numbers from 0 to 20"],
        [True, 5, 4, "got minus expected: 4 by 5 numbers from -20 to 20"],
        [True, 640, 360, "loss: training 0.5 after epoch 3; validation 1 after epoch 3"],
    ]


def test_questions_of_the_student_page_are_links(browse: Browse) -> None:
    """From the table of points to what went wrong."""
    browser = browse("student")

    browser.find_element("link text", "The X").click()

    assert browser.current_url.endswith("#question-x")
    assert browser.find_element("id", "question-x").text == "The X"


def test_formulas_are_set(browse: Browse) -> None:
    """The browser lays out a fraction over two lines, without any script."""
    script = "return document.querySelector('mfrac').getBoundingClientRect().height"
    lines = "return parseFloat(getComputedStyle(document.querySelector('math')).fontSize)"
    browser = browse("handout")

    assert browser.execute_script(script) > 1.5 * browser.execute_script(lines)


@EVERY_PAGE
def test_everyone_can_read_the_pages(browse: Browse, name: str) -> None:
    """axe-core finds nothing: contrast, headings, landmarks, names, tables."""
    axe = os.environ.get("AUTOGRADER_TEST_AXE")
    if not axe:
        pytest.skip("AUTOGRADER_TEST_AXE names no axe.min.js: npm pack axe-core")
    browser = browse(name)

    browser.execute_script(OPEN_ALL)
    browser.execute_script(Path(axe).read_text(encoding="utf-8"))
    found = browser.execute_async_script("axe.run(document).then(arguments[0])")

    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []
    assert "color-contrast" in {one["id"] for one in found["passes"]}
