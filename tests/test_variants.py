"""The `[variants]` of a manifest: what is read, and what is complained about."""

from pathlib import Path

import pytest

from autograder.assignment import load_assignment
from autograder.errors import ManifestError

MANIFEST = """
title = "T"
hand_in = ["solution.py"]
points = 5
[[questions]]
id = "first"
title = "First"
[variants.luma]
about = "weights"
chosen = "new"
choices.new = { weights = [0.2, 0.8], name = "New" }
choices.old = { weights = [0.3, 0.7], name = "Old" }
"""


def _folder(tmp_path: Path, text: str = MANIFEST) -> Path:
    (tmp_path / "assignment.toml").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_variant_has_the_values_of_its_choice(tmp_path: Path) -> None:
    """Parts are named after the variant."""
    (variant,) = load_assignment(_folder(tmp_path)).variants

    assert (variant.id, variant.about, list(variant.choices)) == ("luma", "weights", ["new", "old"])
    assert variant.values == {"luma.weights": [0.2, 0.8], "luma.name": "New"}


def test_an_assignment_with_variants_can_be_a_key(tmp_path: Path) -> None:
    """As every assignment can: what is made from one is remembered."""
    one, same = (load_assignment(_folder(tmp_path)) for _ in range(2))

    assert {one: 1}[same] == 1


def test_a_choice_may_be_one_value(tmp_path: Path) -> None:
    """Then the variant's own name stands for it."""
    text = MANIFEST.replace('{ weights = [0.2, 0.8], name = "New" }', "3").replace(
        '{ weights = [0.3, 0.7], name = "Old" }', "[true, [1.5]]"
    )

    (variant,) = load_assignment(_folder(tmp_path, text)).variants

    assert variant.choices == {"new": {"luma": 3}, "old": {"luma": [True, [1.5]]}}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'chosen = "new"',
            'chosen = "nwe"',
            r"toml:10: 'variants.luma.chosen' is 'nwe', which is none of the choices\n  did you mean 'new'\?",
        ),
        ('chosen = "new"', 'chosen = "xyz"', r"none of the choices\n  choices: new, old"),
        ('chosen = "new"', "", "toml:8: key 'variants.luma.chosen' is missing"),
        ('chosen = "new"', 'chosne = "new"', r"unknown key 'variants.luma.chosne'\n  did you mean 'chosen'\?"),
        ('about = "weights"', "", "key 'variants.luma.about' is missing"),
        ("[variants.luma]", "[variants.lu-ma]", "'variants.lu-ma' must be named with letters, digits and _ alone"),
        ("choices.old", "choices.'o.ld'", "'variants.luma.choices.o.ld' must be named with letters, digits and _"),
        ("{ weights = [0.3", '{ "we ights" = [0.3', "'variants.luma.choices.old.we ights' must be named with letters"),
        ("choices.old", "#", "'variants.luma.choices' must hold at least two choices, got 1"),
        (
            'name = "Old"',
            'nam = "Old"',
            "'variants.luma.choices.new' and 'variants.luma.choices.old' do not both have luma.nam, luma.name",
        ),
        (
            "[0.3, 0.7]",
            "[0.3, nan]",
            r"old.weights' must be a text, a finite number, true, false or a list of these, got \[0.3, nan\]",
        ),
        ("[0.3, 0.7]", "2026-04-01", r"true, false or a list of these, got datetime.date\(2026, 4, 1\)"),
        ("[0.3, 0.7]", "{ red = 0.3 }", r"true, false or a list of these, got \{'red': 0.3\}"),
    ],
)
def test_complaints_name_line_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    """A variant that cannot be used is refused with file, key and remedy."""
    folder = _folder(tmp_path, MANIFEST.replace(old, new))

    with pytest.raises(ManifestError, match=message):
        load_assignment(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("variants = 3", "toml:1: 'variants' must be dict, got 3"),
        ("variants.luma = 3", "'variants.luma' must be dict, got 3"),
    ],
)
def test_variants_are_tables(tmp_path: Path, text: str, message: str) -> None:
    """Anything else is named."""
    folder = _folder(tmp_path, text + MANIFEST.partition("[variants")[0])

    with pytest.raises(ManifestError, match=message):
        load_assignment(folder)
