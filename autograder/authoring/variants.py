"""Where an assignment's files hold what a term chooses, and how a choice is written there.

`NAME = value  # VARIANT luma` marks a line of Python or TOML, `<!-- VARIANT luma -->value<!-- END VARIANT -->` a
piece of Markdown. The value itself always stands there: a source can be run, a handout read and a change reviewed as
they are, and nothing has to be filled in when they are built, proven or graded.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from autograder.assignment import MANIFEST, Assignment, find_assignments
from autograder.errors import ManifestError, MarkerError, did_you_mean
from autograder.toml import key_lines
from autograder.variants import Value, Variant

_CHOICE = re.compile(r"(\w+)\.(\w+)=(\w+)")
_CHOSEN = re.compile(r"""(\s*chosen\s*=\s*)(?:"[^"]*"|'[^']*')""")
_CODE = re.compile(
    r"^(?P<head>[ \t]*[\w.]+(?:[ \t]*:[^=#\n]+)?[ \t]*=[ \t]*)(?P<value>[^\s=].*?)"
    r"(?P<tail>[ \t]+# VARIANT (?P<name>\w+(?:\.\w+)?)(?::.*)?\r?)$",
    re.MULTILINE,
)
_PROSE = re.compile(
    r"(?P<head><!-- VARIANT (?P<name>\w+(?:\.\w+)?) -->)(?P<value>(?:(?!<!--).)*)(?P<tail><!-- END VARIANT -->)",
    re.DOTALL,
)
_PROSE_MARK = re.compile(r"<!-- (?:VARIANT [\w.]+|END VARIANT) -->")


class _Kind(NamedTuple):
    """How one kind of file is marked: marks, what looks like one, how to write one, and a value."""

    mark: re.Pattern[str]
    like: re.Pattern[str]
    remedy: str
    write: Callable[[Value, str], str]


def unmarked(handout: str) -> str:
    """Take the marks out of Markdown that students read."""
    return _PROSE_MARK.sub("", handout)


def require_followed(assignment: Assignment) -> None:
    """Make sure that every marked value is the chosen one, and that every choice decides something.

    Raises:
        MarkerError: naming file and line, if a mark is misspelt, names no variant, or stands at another value.
        ManifestError: if nothing is marked with a variant, or with a part of one.
    """
    values, used = _values(assignment.variants), set()
    for file, text in _texts(assignment):
        followed = _followed(file, text, values)
        used |= {mark["name"] for mark in _KINDS[file.suffix].mark.finditer(text)}
        if followed != text:
            raise _differs(assignment, file, text, followed)
    for name in values:
        if name not in used:
            todo = f"mark a value with '# VARIANT {name}', or take it out"
            raise ManifestError(assignment.folder / MANIFEST, f"nothing is marked with the variant '{name}'", todo)


def choose(root: Path, choices: Iterable[str]) -> list[Path]:
    """Write choices into the manifests that they are of, and their values wherever they are marked.

    Args:
        root: the course's folder.
        choices: each as `ASSIGNMENT.VARIANT=CHOICE`; all are checked before anything is written.

    Returns:
        the files that were changed.

    Raises:
        ManifestError: if there is no such assignment, variant or choice.
        MarkerError: as `require_followed`, but for values that are not the chosen ones yet.
    """
    texts: dict[Path, str] = {}
    for name, chosen in _read(choices).items():
        texts |= _changes(find_assignments(root, (name,))[0], chosen)
    for file, text in texts.items():
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
    return list(texts)


def _read(choices: Iterable[str]) -> dict[str, dict[str, str]]:
    """Give assignment → variant → choice."""
    found: dict[str, dict[str, str]] = {}
    for choice in choices:
        match = _CHOICE.fullmatch(choice)
        if not match:
            raise ManifestError(repr(choice), "this chooses nothing", "write ASSIGNMENT.VARIANT=CHOICE")
        found.setdefault(match[1], {})[match[2]] = match[3]
    return found


def _changes(assignment: Assignment, chosen: Mapping[str, str]) -> dict[Path, str]:
    """Give the text of each file of an assignment that its choices change."""
    manifest, variants = assignment.folder / MANIFEST, {variant.id: variant for variant in assignment.variants}
    text = before = _text(manifest)
    for name, choice in chosen.items():
        _require_known(manifest, "variant", name, variants)
        _require_known(manifest, f"choice of '{name}'", choice, variants[name].choices)
        variants[name] = replace(variants[name], chosen=choice)
        text = _rechosen(manifest, text, name, choice)
    values = _values(variants.values())
    texts = {file: (old, _followed(file, old, values)) for file, old in _texts(assignment)}
    return {file: new for file, (old, new) in {**texts, manifest: (before, text)}.items() if old != new}


def _require_known(manifest: Path, what: str, name: str, known: Iterable[str]) -> None:
    if name not in (known := list(known)):
        todo = did_you_mean(name, known) or f"there are: {', '.join(known) or 'none'}"
        raise ManifestError(manifest, f"no {what} is named '{name}'", todo)


def _rechosen(manifest: Path, text: str, name: str, choice: str) -> str:
    lines, number = text.splitlines(keepends=True), key_lines(text).get(f"variants.{name}.chosen")
    if number is None:
        todo = f"write it below a line [variants.{name}]"
        raise ManifestError(manifest, f"'variants.{name}.chosen' has no line of its own", todo)
    lines[number - 1] = _CHOSEN.sub(rf'\g<1>"{choice}"', lines[number - 1], count=1)
    return "".join(lines)


def _followed(file: Path, text: str, values: Mapping[str, Value]) -> str:
    """Give a file's text with the values at its marks."""
    kind = _KINDS[file.suffix]
    marks = list(kind.mark.finditer(text))
    for like in kind.like.finditer(text):
        if not any(mark.start() <= like.start() < mark.end() for mark in marks):
            what = f"'{like[0].strip()}' looks like a mark of a variant but is not one"
            raise MarkerError(_place(file, text, like), what, kind.remedy)
    for mark in marks:
        if mark["name"] not in values:
            known = did_you_mean(mark["name"], values) or f"the manifest has: {', '.join(values) or 'none'}"
            raise MarkerError(_place(file, text, mark), f"no variant is named '{mark['name']}'", known)
    return kind.mark.sub(
        lambda mark: mark["head"] + kind.write(values[mark["name"]], mark["value"]) + mark["tail"], text
    )


def _differs(assignment: Assignment, file: Path, text: str, followed: str) -> MarkerError:
    pairs = zip(text.splitlines(), followed.splitlines(), strict=False)
    number, line = next((number, old) for number, (old, new) in enumerate(pairs, 1) if old != new)
    what = f"'{line.strip()}' is not what the manifest has chosen"
    return MarkerError(f"{file}:{number}", what, f"autograder choose {assignment.chosen}")


def _place(file: Path, text: str, match: re.Match[str]) -> str:
    return f"{file}:{text.count(chr(10), 0, match.start()) + 1}"


def _values(variants: Iterable[Variant]) -> dict[str, Value]:
    return {name: value for variant in variants for name, value in variant.values.items()}


def _texts(assignment: Assignment) -> Iterator[tuple[Path, str]]:
    """Give each file that can be marked, and its text."""
    for file in sorted(assignment.folder.rglob("*")):
        if file.suffix in _KINDS and file.is_file() and file != assignment.folder / MANIFEST:
            yield file, _text(file)


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "surrogateescape")


def _python(value: Value, old: str) -> str:
    return _literal(value, "()" if old.startswith("(") else "[]", {True: "True", False: "False"})


def _toml(value: Value, _: str) -> str:
    return _literal(value, "[]", {True: "true", False: "false"})


def _literal(value: Value, brackets: str, words: Mapping[bool, str]) -> str:
    if isinstance(value, list):
        inner = ", ".join(_literal(item, brackets, words) for item in value)
        comma = "," if len(value) == 1 and brackets == "()" else ""
        return f"{brackets[0]}{inner}{comma}{brackets[1]}"
    if isinstance(value, bool):
        return words[value]
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _prose(value: Value, old: str) -> str:
    return ", ".join(_prose(item, old) for item in value) if isinstance(value, list) else str(value)


_LIKE_CODE = re.compile(r"#[ \t]*variant\b.*", re.IGNORECASE)
_LINE = "write 'NAME = value  # VARIANT <name>', on one line"
_SPAN = "write '<!-- VARIANT <name> -->value<!-- END VARIANT -->'"
_KINDS = {
    ".py": _Kind(_CODE, _LIKE_CODE, _LINE, _python),
    ".toml": _Kind(_CODE, _LIKE_CODE, _LINE, _toml),
    ".md": _Kind(_PROSE, re.compile(r"<!--\s*(?:end\s+)?variant\b.*?-->", re.IGNORECASE), _SPAN, _prose),
}
