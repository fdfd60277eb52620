"""How a case becomes a hand-in: the texts that it starts from, its edits, its files, and builders of odd forms.

A builder takes the module's text and an empty folder, and gives the path that is handed in. Builders
for whole classes of files stand in `make_files.py`.
"""

import runpy
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from autograder.assignment import Assignment
from autograder.authoring.markers import reference_text, regions, starter_text
from autograder.authoring.mistakes import Edit, Mistake
from autograder.authoring.weights import solved_weights

Builder = Callable[[bytes, Path], Path]
TOOLS = Path(__file__).with_name("tools")  # what hand-ins of several cases use
BASES = ("solved", "half", "stubs", "none")


@cache
def base_text(assignment: Assignment, base: str) -> str:
    """Give the text that a case starts from.

    Args:
        assignment: whose solved source it is.
        base: "solved", "half", "stubs" or "none"; in "half" the functions of every second question return None.
    """
    if base == "none":
        return ""
    source = assignment.source.read_text(encoding="utf-8")
    if base == "stubs":
        return starter_text(source, assignment.source)
    if base == "half":
        given_up = {name for question in assignment.questions[1::2] for name in question.functions}
        lines = source.splitlines()
        for region in reversed(regions(source, assignment.source)):
            if region.function.split(".")[0] in given_up:
                lines[region.first - 1 : region.last] = [f"{region.indent}return None"]
        source = "\n".join(lines) + "\n"
    return reference_text(source, assignment.source)


def module_text(assignment: Assignment, case: dict[str, Any], course: Path) -> str:
    """Give the text of a case's module: its base, edited, between the code before it, and tools and code after it.

    Args:
        assignment: whose module it is.
        case: the case.
        course: what COURSE stands for in a case's code.
    """
    text = base_text(assignment, case["base"])
    if case["edits"]:
        edits = tuple(Edit(edit["in"], edit["replace"], edit["by"]) for edit in case["edits"])
        text = Mistake(case["id"], case["about"], "", "", (), edits, case["id"]).apply(text)
    tools = (TOOLS / f"{case['uses']}.py").read_text(encoding="utf-8") if case["uses"] else ""
    parts = (case["before"], text, tools, case["code"].replace("COURSE", str(course)))
    return "\n\n".join(part for part in parts if part)


def hand_in(assignment: Assignment, case: dict[str, Any], text: str, folder: Path) -> Path:
    """Write a case's hand-in into an empty folder, and give its path.

    Where trained weights are handed in, those of the solved module lie beside a base that is solved or half solved.

    Args:
        assignment: whose hand-in it is.
        case: the case.
        text: its module's text.
        folder: the empty folder.
    """
    weights = solved_weights(assignment) if case["base"] in {"solved", "half"} else {}
    beside = {str(path): content for path, content in weights.items()}
    if case["make"]:
        _write(folder, beside)
        return builders()[case["make"]](text.encode("utf-8"), folder)
    beside |= {name: content.encode("utf-8") for name, content in case["files"].items()}
    home = folder / "hand-in" if beside else folder
    _write(home, {assignment.module_file: text.encode("utf-8"), **beside})
    return home if beside else home / assignment.module_file


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def builders() -> dict[str, Builder]:
    """Give every builder by its name: those that stand here, and those of `make_files.py`."""
    more = Path(__file__).with_name("make_files.py")
    found = runpy.run_path(str(more)) if more.exists() else {}
    return {name: value for name, value in found.items() if callable(value) and not name.startswith("_")} | OWN


OWN: dict[str, Builder] = {}
