"""Take the pictures of docs/pictures anew, of hand-ins that are graded for it; needs a browser, selenium and pillow."""

import base64
import io
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from conftest import chromium
from PIL import Image

from autograder.assignment import Assignment, find_assignments
from autograder.authoring.markers import reference_text
from autograder.authoring.mistakes import load_mistakes

ROOT = Path(__file__).resolve().parents[2]
OUT, WORK = ROOT / "docs" / "pictures", ROOT / "dist" / "pictures"
PROGRAM = Path(sys.executable).with_name("autograder")
WIDTH, COLOURS = 1000, 128
WRONG = {
    "bea": "2.1",
    "ida": "2.1",
    "sam": "2.1",
    "lea": "2.8",
    "tom": "2.12a",
}  # who → a known mistake of a2_convolution
OTHERS = ["ada", "alan", "dennis", "edsger", "frances", "grace", "hedy", "john", "karen", "linus", "radia", "ruth"]


class Shot(NamedTuple):
    """A part of a page: where it begins, and how high it is in pixels."""

    page: str
    element: str
    height: int


SHOTS = {
    "student": Shot("a2_convolution/bea.py/report.html", "#question-convolve2d + article + article", 1130),
    "training": Shot("a4_mlp/solved.zip/report.html", "section:has(#trained) h3:nth-of-type(2)", 700),
    "class": Shot("a2_convolution/report.html", "h1", 1000),
    "alike": Shot("a2_convolution/similar.html", "h1", 700),
    "proof": Shot("proof.html", "h1", 700),
}


def main() -> None:
    """Grade two assignments, prove a new course's, and take pictures of the pages; what is graded already is kept."""
    hand_ins, course = WORK / "hand_ins", WORK / "course"
    hand_ins.mkdir(parents=True, exist_ok=True)
    convolution, mlp = find_assignments(ROOT, ("a2_convolution", "a4_mlp"))
    write_class(convolution, hand_ins / convolution.name)
    _autograder("build", mlp.name, "--out", str(hand_ins))
    _autograder("grade", convolution.name, str(hand_ins / convolution.name), "--out", str(WORK / convolution.name))
    _autograder("grade", mlp.name, str(hand_ins / mlp.name / "solved.zip"), "--out", str(WORK / mlp.name))
    _autograder("similar", str(WORK / convolution.name))
    for assignment in (convolution, mlp):
        _autograder("report", str(WORK / assignment.name))
    if not course.exists():
        _autograder("new", "course", str(course))
    _autograder("verify", "--quick", "--course", str(course), "--html", str(WORK / "proof.html"))
    OUT.mkdir(exist_ok=True)
    for browser in chromium():
        for name, shot in SHOTS.items():
            take(browser, shot, OUT / f"{name}.png")


def write_class(assignment: Assignment, folder: Path) -> None:
    """Write hand-ins of a small class: some with a mistake, the others right as far as they go, each in its style."""
    source = assignment.source.read_text(encoding="utf-8")
    mistakes = {mistake.id: mistake for mistake in load_mistakes(assignment)}
    texts = {name: reference_text(mistakes[known].apply(source), assignment.source) for name, known in WRONG.items()}
    styles = sorted((assignment.folder / "accepted").glob("*.py"))
    for number, (name, style) in enumerate(zip(OTHERS, styles, strict=False)):
        left = [
            f for question in assignment.questions[len(assignment.questions) - number :] for f in question.functions
        ]
        stubs = "".join(f"\n\ndef {function}(*args, **kwargs):\n    raise NotImplementedError\n" for function in left)
        texts[name] = style.read_text(encoding="utf-8") + stubs
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")


def take(browser: Any, shot: Shot, file: Path) -> None:
    """Take a picture of a page, in few colours, so that it stays small."""
    browser.set_window_size(WIDTH, shot.height)
    browser.get((WORK / shot.page).as_uri())
    top = browser.execute_script(
        """
        const first = document.querySelector("details");
        if (first) first.open = true;
        for (const code of document.querySelectorAll("details[open] pre")) {
            const mark = code.querySelector("mark");
            if (mark) code.scrollTop = mark.offsetTop - code.offsetTop;
        }
        return document.querySelector(arguments[0]).getBoundingClientRect().top + window.scrollY;""",
        shot.element,
    )
    clip = {"x": 0, "y": max(0, top - 20), "width": WIDTH, "height": shot.height, "scale": 1}
    taken = browser.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip, "captureBeyondViewport": True})
    with Image.open(io.BytesIO(base64.b64decode(taken["data"]))) as picture:
        small = picture.convert("RGB").quantize(COLOURS)
    small.save(file, optimize=True)
    sys.stdout.write(f"{file}: {file.stat().st_size / 1000:.0f} KB\n")


def _autograder(*words: str) -> None:
    subprocess.run([PROGRAM, *words], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
