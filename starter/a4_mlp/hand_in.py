"""Check your work and write the zip to hand in: `python hand_in.py [--notebook] [--team NAME NAME ...]`.

Needs nothing but Python 3.11, and runs none of your code.
"""

import argparse
import ast
import importlib.util
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    import tomllib
except ModuleNotFoundError:
    sys.exit(f"this course needs Python 3.11 or later, and this is {sys.version.split()[0]}")

HERE = Path(__file__).resolve().parent
LARGEST = 20 * 2**20  # bytes of all files together


class Refused(Exception):
    """The work cannot be handed in as it is."""


def main() -> int:
    """Check, say what is still to do, and write the zip; 0 when it was written, else 1."""
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal may lack a letter of a name
    options = _options()
    try:
        manifest = tomllib.loads((HERE / "assignment.toml").read_text(encoding="utf-8"))
        files = _files(manifest, notebook=options.notebook)
        remarks = list(_remarks(files[0], manifest))
        path = _write(files, options.team)
    except Refused as error:
        _say(f"not written: {error}")
        return 1
    except FileNotFoundError:
        _say("not written: assignment.toml is missing; keep hand_in.py in the folder that it came in")
        return 1
    for remark in remarks:
        _say(remark)
    _say(f"wrote {path.name} with {', '.join(file.name for file in files)}: hand this file in")
    _say(f"handed in together by {', '.join(options.team)}" if options.team else "handed in by you alone; see --team")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Check your work and write the zip to hand in.")
    parser.add_argument("--team", nargs="+", default=[], metavar="NAME", help="all who hand this in, you included")
    parser.add_argument("--notebook", action="store_true", help="hand in the notebook instead of the module")
    return parser.parse_args()


def _files(manifest: dict[str, Any], *, notebook: bool) -> list[Path]:
    """Find what is handed in: the module or the notebook first, then what else is asked for and there.

    Raises:
        Refused: if it is missing or too large.
    """
    module, *others = manifest["hand_in"]
    files = [_notebook() if notebook else HERE / module]
    files += [HERE / name for name in [*others, *_weights(manifest)] if (HERE / name).is_file()]
    files += [file for question in _written(manifest) for file in _answers(question)]
    if not files[0].is_file():
        raise Refused(f"{module} is missing; it must lie beside hand_in.py")
    size = sum(file.stat().st_size for file in files)
    if size > LARGEST:
        raise Refused(f"{size / 2**20:.0f} MB is more than {LARGEST // 2**20} MB; hand in code, without data sets")
    return files


def _weights(manifest: dict[str, Any]) -> list[str]:
    """Name the file of trained weights that lies here, of the two that may: none where none is asked for.

    Raises:
        Refused: if both are here.
    """
    stem = manifest.get("weights", {}).get("file")
    found = [name for name in (f"{stem}.safetensors", f"{stem}.pt") if stem and (HERE / name).is_file()]
    if len(found) > 1:
        raise Refused(f"{' and '.join(found)} are both here; keep the one that counts")
    return found


def _written(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """List the questions that a person marks."""
    return [question for question in manifest["questions"] if question.get("kind") == "written"]


def _answers(question: dict[str, Any]) -> list[Path]:
    """Find the answer to a written question: what is named as the question, such as derivation.pdf."""
    return [file for file in sorted(HERE.glob(f"{question['id']}.*")) if file.is_file()]


def _notebook() -> Path:
    found = sorted(HERE.glob("*.ipynb"))
    if len(found) != 1:
        names = ", ".join(file.name for file in found) or "none"
        raise Refused(f"one notebook must lie beside hand_in.py, found {names}")
    return found[0]


def _remarks(file: Path, manifest: dict[str, Any]) -> Iterator[str]:
    """Say what is still to do, and what will be refused.

    Raises:
        Refused: if the file is no Python.
    """
    try:
        tree = ast.parse(_code(file), file.name)
    except SyntaxError as error:
        raise Refused(f"{file.name}, line {error.lineno}: {error.msg}: {(error.text or '').strip()}") from None
    except ValueError as error:
        raise Refused(f"{file.name} cannot be read ({error}); save it as UTF-8") from None
    for name in _stubs(tree):
        yield f"still to do: {name}"
    for line, name in _refused_names(tree, manifest.get("refused", [])):
        yield f"line {line} uses {name}, which is refused here: it would earn nothing"
    for name in manifest["hand_in"][1:]:
        if not (HERE / name).is_file():
            yield f"not there, and so not handed in: {name}"
    if "weights" in manifest and not _weights(manifest):
        yield f"not there, and so not handed in: {manifest['weights']['file']}.safetensors, the trained weights"
    for question in _written(manifest):
        if not _answers(question):
            yield f"not there, and so not handed in: {question['id']}.pdf, .md or .jpg, which a person marks"


def _code(file: Path) -> bytes:
    """Read a module, or a notebook's code cells without magics."""
    content = file.read_bytes()
    if file.suffix != ".ipynb":
        return content
    try:
        cells = json.loads(content)["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (KeyError, TypeError):
        raise Refused(f"{file.name} is no notebook that can be read; save it again") from None
    lines = [line for source in sources if not source.lstrip().startswith("%%") for line in source.splitlines()]
    return "\n".join(line for line in lines if not line.lstrip().startswith(("%", "!"))).encode()


def _stubs(tree: ast.AST, prefix: str = "") -> Iterator[str]:
    """Name the functions and methods that end by raising NotImplementedError."""
    stubs: dict[str, bool] = {}  # in a notebook the last definition counts
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from _stubs(node, f"{node.name}.")
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            raised = [part for part in ast.walk(node) if isinstance(part, ast.Raise)]
            stubs[f"{prefix}{node.name}"] = any("id='NotImplementedError'" in ast.dump(part) for part in raised)
    yield from (name for name, stub in stubs.items() if stub)


def _refused_names(tree: ast.Module, refused: list[str]) -> list[tuple[int, str]]:
    """Look for refused names as the tests do, with the helper that lies beside them."""
    spec = importlib.util.spec_from_file_location("refused", HERE / "coursekit" / "refused.py")
    if not refused or spec is None or spec.loader is None or not (HERE / "coursekit").is_dir():
        return []
    helper = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(helper)
    return list(helper.find_refused(tree, refused))


def _write(files: list[Path], team: list[str]) -> Path:
    path = HERE / f"{HERE.name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.name)
        if team:
            archive.writestr("handin.json", json.dumps({"members": list(dict.fromkeys(team))}, indent=1))
    return path


def _say(text: str) -> None:
    print(text)


if __name__ == "__main__":
    sys.exit(main())
