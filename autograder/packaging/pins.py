"""Which versions an assignment's environment has: those that are installed here, where its suite was proven."""

from collections.abc import Iterable, Iterator
from importlib import metadata

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from autograder.assignment import Assignment

_ALWAYS = ("pytest>=8.2", "numpy>=2")


def requirements(assignment: Assignment, wheels: str = "") -> str:
    """Write requirements.txt: what the assignment needs, each at the version that is installed here.

    Args:
        assignment: what it needs, besides pytest and numpy.
        wheels: an index, a page of links or a folder in which pip looks too; empty for none.
    """
    return "\n".join([*_look_in(wheels), *dict.fromkeys(map(_pinned, _needs(assignment))), ""])


def constraints(assignment: Assignment) -> str:
    """Write constraints.txt: all that these requirements bring along, each at the version that is installed here."""
    return "".join(f"{name}=={version}\n" for name, version in sorted(_closure(_needs(assignment)).items()))


def _needs(assignment: Assignment) -> Iterator[str]:
    """List requirements, each package once: the assignment's own word on numpy and pytest counts."""
    own = {canonicalize_name(parsed.name) for parsed in map(_parsed, assignment.requires) if parsed}
    yield from assignment.requires
    yield from (text for text in _ALWAYS if Requirement(text).name not in own)


def _pinned(text: str) -> str:
    parsed = _parsed(text)
    version = _installed(parsed.name) if parsed else ""
    if parsed is None or not version:
        return text
    extras = f"[{','.join(sorted(parsed.extras))}]" if parsed.extras else ""
    return f"{parsed.name}{extras}=={version}" + (f"; {parsed.marker}" if parsed.marker else "")


def _look_in(wheels: str) -> Iterator[str]:
    """Tell pip where to look too: an address is an index, unless it is a page of links."""
    if wheels:
        index = "://" in wheels and not wheels.endswith((".html", ".htm"))
        yield f"{'--extra-index-url' if index else '--find-links'} {wheels}"


def _closure(texts: Iterable[str]) -> dict[str, str]:
    """Follow requirements through what is installed: name → version. What is not installed here is left open."""
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    left = [(parsed, "") for parsed in map(_parsed, texts) if parsed]
    for requirement, extra in left:  # which grows while it is walked
        name = canonicalize_name(requirement.name)
        version = _installed(name)
        if not version or (requirement.marker and not requirement.marker.evaluate({"extra": extra})):
            continue
        found[name] = version
        for wanted in {"", *requirement.extras} - {part for package, part in seen if package == name}:
            seen.add((name, wanted))
            left += [(Requirement(text), wanted) for text in metadata.requires(name) or ()]
    return found


def _parsed(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:  # such as an address, which says by itself what it is
        return None


def _installed(name: str) -> str:
    """Give the version that is installed, its local part included; empty for none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
