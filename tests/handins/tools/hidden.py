"""How nosy hand-ins recognise an input of a hidden test of pad_image: the public ones hold whole numbers."""


def is_hidden(image: object) -> bool:
    """Whether an array holds fractions."""
    return getattr(getattr(image, "dtype", None), "kind", "") == "f" and bool((image % 1).any())  # type: ignore[operator]
