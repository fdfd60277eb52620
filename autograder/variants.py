"""The `[variants]` of a manifest: parameters that a term chooses, each with its choices."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.errors import did_you_mean
from autograder.toml import Table

Value = str | int | float | list[Any]
_KEYS = {"about", "chosen", "choices"}
_NAME = re.compile(r"\w+")


@dataclass(frozen=True)
class Variant:
    """A parameter that a term chooses.

    Attributes:
        id: its name in the manifest, and in marks.
        about: what it decides, in a few words.
        chosen: the name of the choice that the assignment's files hold now.
        choices: name of each choice → its values, by the name that marks give them: the variant's own, such as
            `luma`, where a choice is one value; `luma.weights`, `luma.row` and so on where it has parts.
    """

    id: str
    about: str
    chosen: str
    choices: Mapping[str, Mapping[str, Value]] = field(hash=False)

    @property
    def values(self) -> Mapping[str, Value]:
        """The values of the present choice."""
        return self.choices[self.chosen]


def read_variants(manifest: Table) -> tuple[Variant, ...]:
    """Read the `[variants]` of a manifest; none where it has no such table.

    Raises:
        ManifestError: naming file, line and key, if anything in them cannot be used.
    """
    variants = manifest.below("variants", manifest.get("variants", dict, {}))
    return tuple(_variant(name, variants) for name in variants.table)


def _variant(name: str, variants: Table) -> Variant:
    _require_name(name, variants)
    table = variants.below(name, variants.get(name, dict)).refuse_unknown(_KEYS)
    choices = _choices(name, table.below("choices", table.get("choices", dict)))
    chosen = table.get("chosen", str)
    if chosen not in choices:
        what = f"'{table.path('chosen')}' is '{chosen}', which is none of the choices"
        raise table.wrong("chosen", what, did_you_mean(chosen, choices) or f"choices: {', '.join(choices)}")
    return Variant(name, table.get("about", str), chosen, choices)


def _choices(variant: str, table: Table) -> dict[str, dict[str, Value]]:
    choices = {name: _values(variant, name, table) for name in table.table}
    if len(choices) < 2:  # noqa: PLR2004 - what makes it a choice
        raise table.wrong("", f"'{table.key}' must hold at least two choices, got {len(choices)}")
    first = next(iter(choices))
    for name, values in choices.items():
        if values.keys() != choices[first].keys():
            odd = ", ".join(sorted(values.keys() ^ choices[first].keys()))
            raise table.wrong(name, f"'{table.path(first)}' and '{table.path(name)}' do not both have {odd}")
    return choices


def _values(variant: str, choice: str, choices: Table) -> dict[str, Value]:
    _require_name(choice, choices)
    value = choices.table[choice]
    if not isinstance(value, dict):
        return {variant: _plain(choice, choices)}
    parts = choices.below(choice, value)
    for part in value:
        _require_name(part, parts)
    return {f"{variant}.{part}": _plain(part, parts) for part in value}


def _plain(key: str, table: Table) -> Value:
    value: Value = table.table[key]
    if not _is_plain(value):
        what = f"'{table.path(key)}' must be a text, a finite number, true, false or a list of these, got {value!r}"
        raise table.wrong(key, what)
    return value


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return isinstance(value, (str, int)) or (isinstance(value, float) and math.isfinite(value))


def _require_name(name: str, table: Table) -> None:
    if not _NAME.fullmatch(name):
        raise table.wrong(name, f"'{table.path(name)}' must be named with letters, digits and _ alone")
