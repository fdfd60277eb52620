"""TOML files: complaints name the line."""

from pathlib import Path

import pytest

from autograder.errors import ManifestError
from autograder.toml import key_lines, read_toml

TEXT = """\
title = "T"
limits = { seconds = 2 }

[people."ada@example.org"]
days = 2

[[late]]
days = 1
[[late]]
"days" = 2
"""


def test_keys_stand_on_their_lines() -> None:
    """Plain keys, quoted keys, tables and lists of tables."""
    assert key_lines(TEXT) == {
        "title": 1, "limits": 2, "people.ada@example.org": 4, "people.ada@example.org.days": 5,
        "late[0]": 7, "late[0].days": 8, "late[1]": 9, "late[1].days": 10,
    }  # fmt: skip


def test_a_key_inside_a_line_stands_where_its_table_does(tmp_path: Path) -> None:
    """The nearest line that is known is named."""
    file = tmp_path / "x.toml"
    file.write_text(TEXT, encoding="utf-8")
    table = read_toml(file)
    limits = table.below("limits", table.get("limits", dict))

    with pytest.raises(ManifestError, match=r"x.toml:2: unknown key 'limits.seconds'"):
        limits.refuse_unknown({"memory"})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"x =", "x.toml: not valid TOML: "),
        (b"x = '\xff'", "x.toml: not valid TOML: .*utf-8"),
        (None, "x.toml: cannot be read: no such file or directory\n  write one"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    """Missing, not TOML, not UTF-8."""
    file = tmp_path / "x.toml"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(ManifestError, match=message):
        read_toml(file, "write one")
