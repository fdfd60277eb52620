"""Show student text as what it is: no control characters, no endless lines."""

import unicodedata

_KEPT = {"\n", "\t"}
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}  # control, direction, surrogates, private, separators


def escape(text: str, most: int = 200) -> str:
    """Escape control characters in a name, and cut it.

    Args:
        text: student text.
        most: characters that are kept.
    """
    return escape_text(text, most).replace("\n", "\\n").replace("\t", "\\t")


def escape_text(text: str, most: int = 4_000) -> str:
    """Escape control characters in a text of several lines, and cut it; line feeds and tabs stay."""
    cut = text[:most] + ("…" if len(text) > most else "")
    return "".join(c if c in _KEPT or unicodedata.category(c) not in _HIDDEN else ascii(c)[1:-1] for c in cut)
