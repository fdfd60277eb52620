"""Check your work and write the zip to hand in: `python hand_in.py [--notebook] [--team NAME NAME …]`.

Needs nothing but Python 3.11, and runs none of your code.
"""

import argparse
import ast
import json
import sys
import tomllib
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
LARGEST = 20 * 2**20  # bytes


class Refused(Exception):
    """The work cannot be handed in as it is."""


def main() -> int:
    """Check, say what is still to do, and write the zip; 0 when it was written, else 1."""
    options = _options()
    manifest = tomllib.loads((HERE / "assignment.toml").read_text(encoding="utf-8"))
    try:
        files = _files(manifest, notebook=options.notebook)
        if not options.notebook:
            _report(HERE / manifest["hand_in"][0])
        path = _write(HERE.name, files, options.team)
    except Refused as error:
        print(f"not handed in: {error}", file=sys.stderr)
        return 1
    print(f"wrote {path.name}: {', '.join(file.name for file in files)}")
    if options.team:
        print(f"team: {', '.join(options.team)}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Check your work and write the zip to hand in.")
    parser.add_argument(
        "--team", nargs="+", default=[], metavar="NAME", help="everyone who hands this in, you included"
    )
    parser.add_argument("--notebook", action="store_true", help="hand in the notebook instead of the module")
    return parser.parse_args()


def _files(manifest: dict, *, notebook: bool) -> list[Path]:
    """Find the files to hand in; refuse what is missing, too large, or no Python."""
    names = [f"{HERE.name}.ipynb", *manifest["hand_in"][1:]] if notebook else manifest["hand_in"]
    files = [HERE / name for name in names]
    for index, file in enumerate(files):
        if not file.is_file() and index == 0:
            raise Refused(f"{file.name} is missing")
    files = [file for file in files if file.is_file()]
    if sum(file.stat().st_size for file in files) > LARGEST:
        raise Refused(f"the files are larger than {LARGEST // 2**20} MB: hand in code, without data sets")
    return files


def _report(module: Path) -> None:
    """Say what is still to do in the module."""
    try:
        tree = ast.parse(module.read_text(encoding="utf-8"), module.name)
    except SyntaxError as error:
        raise Refused(f"{module.name}:{error.lineno}: {error.msg}: {(error.text or '').strip()}") from None
    except UnicodeDecodeError:
        raise Refused(f"{module.name} is not UTF-8: save it as UTF-8") from None
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for node in functions:
        if _is_stub(node):
            print(f"still to do: {node.name} ({module.name}:{node.lineno})")


def _is_stub(node: ast.FunctionDef) -> bool:
    last = node.body[-1]
    return isinstance(last, ast.Raise) and "NotImplementedError" in ast.dump(last)


def _write(name: str, files: list[Path], team: list[str]) -> Path:
    path = HERE / f"{name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.name)
        if team:
            archive.writestr("handin.json", json.dumps({"members": team}, indent=1))
    return path


if __name__ == "__main__":
    sys.exit(main())
