"""Data sets: where they are looked for, and what the embedded sample holds."""

from pathlib import Path

import numpy as np
import pytest

from autograder.data.sets import files, inventory, load
from autograder.errors import DataError
from coursekit.data import DataSet
from coursekit.verdicts import NotGraded


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Write a data set of four images into a folder of its own; nothing is held out."""
    folder = tmp_path / "assignments" / "a1_tiny" / "data"
    folder.mkdir(parents=True)
    np.savez(folder / "tiny_train.npz", images=np.zeros((4, 2, 3), np.uint8), labels=np.arange(4, dtype=np.uint8))
    return folder


@pytest.mark.parametrize(("part", "count"), [("train", 10_000), ("held_out", 2_000)])
def test_the_sample_holds_all_digits(part: str, count: int) -> None:
    """Images of bytes with a label each, and each digit about as often as any other."""
    images, labels = getattr(load("mnist_sample"), part)
    shares = np.bincount(labels, minlength=10) / count

    assert (images.shape, images.dtype, labels.dtype) == ((count, 28, 28), np.uint8, np.int64)
    assert images.max() == 255
    assert shares.min() > 0.08
    assert shares.max() < 0.13


def test_the_sample_has_the_pixels_of_the_full_set() -> None:
    """Mean and spread are near the published ones, 33.318 and 78.567."""
    images, _ = load("mnist_sample").train

    assert abs(images.mean() - 33.318) < 0.5
    assert abs(images.std() - 78.567) < 0.5


def test_an_assignments_own_data_come_first(own: Path) -> None:
    """A folder beside the tests needs no framework to be changed."""
    images, labels = load("tiny", own.parent).train

    assert (images.shape, labels.tolist()) == ((4, 2, 3), [0, 1, 2, 3])
    assert list(files("tiny", own.parent)) == ["train"]


def test_each_access_gives_a_copy(own: Path) -> None:
    """A student who writes into the images spoils them for nobody."""
    data = load("tiny", own.parent)
    data.train.images[:] = 9

    assert data.train.images.max() == 0


def test_without_a_held_out_part_nothing_is_graded_on_it(own: Path) -> None:
    """A starter kit has the training part alone."""
    with pytest.raises(NotGraded, match="the data set tiny has no file tiny_test.npz here"):
        _ = DataSet(own, "tiny").held_out


def test_reading_ahead_reads_what_is_there(own: Path) -> None:
    """A grader reads before it forks; a part that is missing is no error until it is asked for."""
    data = DataSet(own, "tiny")
    data.read()
    (own / "tiny_train.npz").unlink()

    assert len(data.train.labels) == 4


def test_a_name_that_is_nowhere_is_an_error(tmp_path: Path) -> None:
    """The message says where it was looked for, and what was probably meant."""
    with pytest.raises(DataError, match=r"data set 'mnist_sampel': is not there: .*\n  did you mean 'mnist_sample'\?"):
        load("mnist_sampel", tmp_path)


def test_what_was_fetched_comes_before_what_is_embedded(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cache serves by name, as an assignment's own folder does."""
    monkeypatch.setenv("AUTOGRADER_DATA", str(own))

    assert len(load("tiny", tmp_path / "no such folder").train.labels) == 4


def test_a_folder_that_the_course_names_serves_each_assignment(own: Path) -> None:
    """Beside the assignments' own folders; addresses and folders that are not there are left to `fetch`."""
    course = own.parents[2]
    (course / "assignments" / "a2_small").mkdir()
    settings = 'data = ["assignments/a1_tiny/data", "nowhere", "https://mirror.example.org"]'
    (course / "course.toml").write_text(settings, encoding="utf-8")

    assert list(files("tiny", course / "assignments" / "a2_small")) == ["train"]


def test_a_data_set_that_can_be_fetched_says_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The full sets are not embedded."""
    monkeypatch.setenv("AUTOGRADER_DATA", str(tmp_path))

    with pytest.raises(DataError, match=r"data set 'cifar10': is not there: .*\n  autograder data fetch cifar10"):
        load("cifar10")


def test_a_fetched_data_set_that_was_changed_is_said_in_the_inventory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list never fails; its line says what to do."""
    monkeypatch.setenv("AUTOGRADER_DATA", str(tmp_path))
    (tmp_path / "mnist.json").write_text("{", encoding="utf-8")
    first = next(inventory())

    assert not first.there
    assert f"delete {tmp_path / 'mnist'}* and run autograder data fetch mnist" in str(first)
