"""A handout's pictures inside what shows them, so that it stands alone."""

import base64
from pathlib import Path

from autograder.errors import BuildError


def data_uri(name: str, figures: dict[str, str], handout: Path) -> str:
    """Give a picture as an address that holds it.

    Args:
        name: its file name in `figures/`.
        figures: file name → SVG text, as figures.py draws them.
        handout: the file that shows it.

    Raises:
        BuildError: if it is not drawn.
    """
    if name not in figures:
        drawn = f"figures.py draws {', '.join(figures) or 'none'}"
        raise BuildError(handout, f"there is no picture figures/{name}", drawn)
    return f"data:image/svg+xml;base64,{base64.b64encode(figures[name].encode()).decode()}"
