"""Names of the folders for results."""

import pytest

from autograder.batch.places import Places


def test_a_plain_name_stays() -> None:
    """So that people find it."""
    assert Places().new("ada.zip") == "ada.zip"


@pytest.mark.parametrize(
    ("key", "taken"),
    [("Ada.py", "ada.py"), ("a b", "a_b"), ("ﬁ", "fi"), ("straße", "STRASSE")],
)
def test_folders_differ_on_file_systems_that_fold_names(key: str, taken: str) -> None:
    """By a few letters of a hash."""
    assert Places([taken]).new(key).startswith(f"{key.replace(' ', '_')[:1]}")
    assert "-" in Places([taken]).new(key)


@pytest.mark.parametrize("key", ["grades.csv", "..", "/", "\n", "日" * 200, ".lock", "a/../../b"])
def test_no_name_leaves_its_folder_or_hides_ours(key: str) -> None:
    """Nor is one too long for a file system."""
    name = Places().new(key)

    assert len(name.encode()) < 255
    assert name not in {"grades.csv", "..", ""}
    assert not name.startswith(".")
    assert "/" not in name
