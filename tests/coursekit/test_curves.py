"""Loss curves: SVG that a browser takes, and words for who cannot see it."""

from xml.etree import ElementTree as ET

from coursekit.curves import loss_curves


def test_two_curves_have_a_line_each_and_words() -> None:
    """Colour and dashes tell them apart."""
    text = loss_curves({"training loss": [2.0, 1.0, 0.5], "validation loss": [2.2, 1.4, 1.1]})
    root = ET.fromstring(text)  # noqa: S314 - our own text
    space = "{http://www.w3.org/2000/svg}"
    lines = root.findall(f"{space}polyline")

    assert root.findtext(f"{space}title") == "training loss 0.5 after 3 epochs; validation loss 1.1 after 3 epochs"
    assert [len(str(line.get("points")).split()) for line in lines] == [3, 3]
    assert len({line.get("stroke-dasharray") for line in lines}) == 2


def test_one_epoch_and_a_loss_of_zero_can_be_drawn() -> None:
    """Nothing is divided by zero."""
    assert loss_curves({"training loss": [0.0]}).count("<polyline") == 1
