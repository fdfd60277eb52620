"""Curves: small data of whatever a training noted, SVG that a browser takes, and words for who cannot see it."""

import json
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from coursekit.curves import drawn, loss_curves, points

SPACE = "{http://www.w3.org/2000/svg}"


def _read(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own text


def test_two_curves_have_a_line_each_and_words() -> None:
    """Colour and dashes tell them apart."""
    root = _read(loss_curves({"training loss": [2.0, 1.0, 0.5], "validation loss": [2.2, 1.4, 1.1]}))
    lines = root.findall(f"{SPACE}polyline")

    assert root.findtext(f"{SPACE}title") == "training loss 0.5 after epoch 3; validation loss 1.1 after epoch 3"
    assert [len(str(line.get("points")).split()) for line in lines] == [3, 3]
    assert len({line.get("stroke-dasharray") for line in lines}) == 2


def test_one_epoch_and_a_loss_of_zero_can_be_drawn() -> None:
    """Nothing is divided by zero."""
    assert loss_curves({"training loss": [0.0]}).count("<polyline") == 1


def test_what_is_no_number_leaves_a_gap() -> None:
    """A lone number beside it is a dot, and the words say how it ends."""
    root = _read(drawn({"loss": points([3.0, 2.0, float("nan"), -1.0, float("inf")])}))
    lines = [str(line.get("points")).split() for line in root.findall(f"{SPACE}polyline")]

    assert [len(line) for line in lines] == [2, 2]
    assert lines[1][0] == lines[1][1]
    assert root.findtext(f"{SPACE}title") == "loss no number after epoch 5"


def test_losses_below_zero_stay_in_the_picture() -> None:
    """The lowest number is at the floor."""
    text = drawn({"loss": points([1.0, -3.0])})

    assert 'points="70.0,20.0 620.0,310.0"' in text
    assert ">-3</text>" in text


def test_a_name_is_text() -> None:
    """Whatever is written in it."""
    assert _read(drawn({"a < b & <c>": [(1, 1.0)]})).findall(f"{SPACE}text")[-1].text == "a < b & <c>"


def test_a_long_training_is_thinned_out() -> None:
    """To a hundred epochs, from the first to the last."""
    found = points([1 / 3] * 100_000)

    assert (len(found), found[0], found[-1]) == (100, (1, 0.33333), (100_000, 0.33333))


def test_a_short_training_is_kept_whole() -> None:
    """Each epoch once."""
    assert points((3, np.float64(2.5), 1.0)) == [(1, 3.0), (2, 2.5), (3, 1.0)]


ODD: list[Any] = [None, "abc", 1.0, {"a": 1}, [], [None], [float("nan")], [[1.0]], ["1"], [True], [10**400], {1.0}]


@pytest.mark.parametrize("values", ODD, ids=repr)
def test_what_is_no_list_of_numbers_is_no_curve(values: object) -> None:
    """A student's function may give anything."""
    assert points(values) == []


def test_the_data_are_small_and_plain() -> None:
    """Five digits for each number, and no NaN in the JSON."""
    found = points([float("nan"), *(10.0**n / 3 for n in range(-300, 300))])

    assert len(json.dumps(found, allow_nan=False)) < 3_000
