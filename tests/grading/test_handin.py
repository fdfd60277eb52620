"""Hand-ins of every shape: what is taken from them, and what their student is told."""

import io
import json
import os
import stat
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.assignment import Assignment
from autograder.errors import GraderFault, HandInError
from autograder.grading import archive
from autograder.grading.handin import HandIn, open_handin, write_to
from autograder.questions import Question

ASSIGNMENT = Assignment(Path("a2_small"), "Small", ("convolution.py",), 1, (Question("x", "X"),))
WITH_WEIGHTS = replace(ASSIGNMENT, hand_in=("convolution.py", "model.safetensors", "extra.py"))
CODE = b"x = 1\n"
Files = Mapping[str, bytes]
Write = Callable[[Path, Files], Path]


def _folder(home: Path, files: Files) -> Path:
    folder = home / "ada"
    folder.mkdir()
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


def _zip(home: Path, files: Files) -> Path:
    path = home / "ada.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def _bare(home: Path, name: str, content: bytes) -> Path:
    (home / name).write_bytes(content)
    return home / name


def _zip_of(home: Path, info: zipfile.ZipInfo, content: bytes = CODE) -> Path:
    with zipfile.ZipFile(home / "ada.zip", "w") as archive:
        archive.writestr(info, content)
    return home / "ada.zip"


def _notebook(*cells: object) -> bytes:
    return json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]}).encode()


def _complaint(path: Path, assignment: Assignment = ASSIGNMENT) -> str:
    with pytest.raises(HandInError) as caught:
        open_handin(path, assignment)
    return str(caught.value)


both = pytest.mark.parametrize("write", [_folder, _zip])


def test_a_bare_module_is_taken(tmp_path: Path) -> None:
    """Its own name needs no remark."""
    path = _bare(tmp_path, "convolution.py", CODE)

    assert open_handin(path, ASSIGNMENT) == HandIn("convolution.py", {"convolution.py": CODE})


def test_a_bare_module_may_have_any_name(tmp_path: Path) -> None:
    """Graders name files after students; the student is told what it was taken for."""
    opened = open_handin(_bare(tmp_path, "ada.PY", CODE), ASSIGNMENT)

    assert opened.files == {"convolution.py": CODE}
    assert opened.notes == ("ada.PY was graded as convolution.py",)


@both
@pytest.mark.parametrize("name", ["convolution.py", "hw/two/convolution.py"])
def test_a_nested_module_is_found(tmp_path: Path, write: Write, name: str) -> None:
    """What systems leave behind is no second candidate."""
    clutter = {"__MACOSX/._convolution.py": b"", ".DS_Store": b"", "hw/.git/convolution.py": b""}

    opened = open_handin(write(tmp_path, {**clutter, name: CODE}), ASSIGNMENT)

    assert (opened.files, opened.notes) == ({"convolution.py": CODE}, ())


def test_windows_names_are_folders(tmp_path: Path) -> None:
    """A backslash in a zip separates folders, as the tools of Windows mean it."""
    info = zipfile.ZipInfo("x")
    info.filename = "hw\\convolution.py"

    assert open_handin(_zip_of(tmp_path, info), ASSIGNMENT).files == {"convolution.py": CODE}


def test_names_in_old_code_pages_are_no_trouble(tmp_path: Path) -> None:
    """A folder's name that is no UTF-8 does not matter."""
    path = _zip(tmp_path, {"hw-xx/convolution.py": CODE})
    path.write_bytes(path.read_bytes().replace(b"hw-xx", b"hw-\x81\x94"))

    assert open_handin(path, ASSIGNMENT).files == {"convolution.py": CODE}


def test_line_ends_and_byte_order_mark_are_normalised(tmp_path: Path) -> None:
    """A file from Windows reads like any other."""
    path = _bare(tmp_path, "convolution.py", b"\xef\xbb\xbfx = 1\r\ny = 2\rz = '\xc3\xa9'\r\n")

    assert open_handin(path, ASSIGNMENT).files["convolution.py"] == "x = 1\ny = 2\nz = 'é'\n".encode()


def test_an_empty_file_is_a_blank_module(tmp_path: Path) -> None:
    """Nothing in it is no reason to refuse it."""
    assert open_handin(_bare(tmp_path, "convolution.py", b""), ASSIGNMENT).files == {"convolution.py": b""}


@both
def test_other_files_that_are_handed_in_come_along(tmp_path: Path, write: Write) -> None:
    """Weights as they are, modules normalised; nothing else."""
    files = {"convolution.py": CODE, "model.safetensors": b"\0\r\n", "extra.py": b"\r\n", "README.md": b""}

    opened = open_handin(write(tmp_path, files), WITH_WEIGHTS)

    assert opened.files == {"convolution.py": CODE, "model.safetensors": b"\0\r\n", "extra.py": b"\n"}
    assert opened.notes == ()


def test_missing_and_left_out_files_are_noted(tmp_path: Path) -> None:
    """The student hears of what is not there, and of modules that are not graded."""
    opened = open_handin(_folder(tmp_path, {"convolution.py": CODE, "helper.py": CODE}), WITH_WEIGHTS)

    assert opened.notes == (
        "model.safetensors is missing",
        "extra.py is missing",
        "only convolution.py is graded; left out: helper.py",
    )


@both
@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["convolve.py", "README.md"], "found convolve.py; this assignment hands in convolution.py"),
        (["Convolution.py"], "found Convolution.py; this assignment hands in convolution.py"),
        (["convolution.PY"], "name the file convolution.py, with small and capital letters as here"),
        (["README.md", "data.csv"], "found README.md, data.csv; this assignment hands in convolution.py"),
        ([f"{i}.txt" for i in range(6)], "found 0.txt, 1.txt, 2.txt, 3.txt, 4.txt, …; this"),
        ([], "found nothing; this assignment"),
        (
            ["a/convolution.py", "b/convolution.py"],
            "2 files could be convolution.py: a/convolution.py, b/convolution.py",
        ),
        (["convolution.ipynb", "convolution.py"], "2 files could be convolution.py: convolution.ipynb, convolution.py"),
        (["a2_small.ipynb", "convolution.py"], "hand in only the one that counts"),
        (["con\x1bvolution.py"], "found con\\x1bvolution.py; this"),
        (["convolve.py", "scratch.ipynb"], "found convolve.py; this"),
        (["a.ipynb", "b.ipynb"], "found a.ipynb, b.ipynb; this"),
    ],
)
def test_a_module_that_cannot_be_told_is_explained(
    tmp_path: Path, write: Write, files: list[str], message: str
) -> None:
    """The names that were found stand in the message."""
    assert message in _complaint(write(tmp_path, dict.fromkeys(files, b"")))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("x = 'é'\n".encode("latin-1"), "convolution.py is not UTF-8: byte 0xe9 in line 1"),
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "byte 0xe9 in line 2"),
        ("x = 1\n".encode("utf-16"), "convolution.py is saved as UTF-16"),
        (b"x = 1\n\0", "convolution.py is no text: it holds a NUL byte in line 2"),
    ],
)
def test_text_that_is_no_utf_8_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    """The message names the place and the way out; nothing is guessed."""
    said = _complaint(_bare(tmp_path, "convolution.py", content))

    assert message in said
    assert "save it as UTF-8 and hand it in again" in said


@pytest.mark.parametrize("name", ["ada.rar", "ada.txt", "ada"])
def test_other_files_are_refused(tmp_path: Path, name: str) -> None:
    """The student hears what can be handed in."""
    said = _complaint(_bare(tmp_path, name, CODE))

    assert f"{name} is no Python file, notebook, zip or folder" in said
    assert "hand in convolution.py, a notebook, or a zip of them" in said


def test_a_file_that_is_not_there_is_no_students_fault(tmp_path: Path) -> None:
    """A wrong path is for whoever grades."""
    with pytest.raises(GraderFault, match=r"gone\.py: cannot be read: No such file or directory\n  let the grader"):
        open_handin(tmp_path / "gone.py", ASSIGNMENT)


def test_a_folder_that_may_not_be_read_is_no_students_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permissions are for whoever grades, too."""
    folder = _folder(tmp_path, {"convolution.py": CODE})

    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(GraderFault, match="ada: cannot be read: Permission denied"):
        open_handin(folder, ASSIGNMENT)


def test_what_vanishes_while_it_is_read_is_no_students_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that turned into a link after it was listed is not followed."""
    path = _bare(tmp_path, "convolution.py", CODE)
    listed = path.lstat()
    path.rename(tmp_path / "secret")
    path.symlink_to(tmp_path / "secret")
    monkeypatch.setattr(Path, "lstat", lambda _: listed)

    with pytest.raises(GraderFault, match="cannot be read: Too many levels of symbolic links"):
        open_handin(path, ASSIGNMENT)


def test_links_are_never_followed(tmp_path: Path) -> None:
    """Not as a file, not as a folder, not as the hand-in itself."""
    secret = _bare(tmp_path, "secret.py", CODE)
    folder = _folder(tmp_path, {"README.md": b""})
    (folder / "convolution.py").symlink_to(secret)
    (tmp_path / "linked.py").symlink_to(secret)
    (tmp_path / "linked").symlink_to(folder)

    assert "convolution.py is a link\n  hand in the file itself" in _complaint(folder)
    assert "linked.py is a link" in _complaint(tmp_path / "linked.py")
    assert "linked is no Python file" in _complaint(tmp_path / "linked")


def test_a_linked_folder_is_not_entered(tmp_path: Path) -> None:
    """What it holds is not found."""
    (tmp_path / "outside").mkdir()
    _bare(tmp_path / "outside", "convolution.py", CODE)
    folder = _folder(tmp_path, {})
    (folder / "inside").symlink_to(tmp_path / "outside")

    assert "found nothing" in _complaint(folder)


def test_a_pipe_is_never_opened(tmp_path: Path) -> None:
    """Reading it would wait for ever."""
    folder = _folder(tmp_path, {})
    os.mkfifo(folder / "convolution.py")

    assert "convolution.py is no plain file" in _complaint(folder)


@pytest.mark.parametrize(("mode", "message"), [(stat.S_IFLNK, "is a link"), (stat.S_IFIFO, "is no plain file")])
def test_links_and_pipes_in_a_zip_are_refused(tmp_path: Path, mode: int, message: str) -> None:
    """A zip says what its members are."""
    info = zipfile.ZipInfo("convolution.py")
    info.external_attr = (mode | 0o644) << 16

    assert f"convolution.py {message}" in _complaint(_zip_of(tmp_path, info, b"/etc/passwd"))


@pytest.mark.parametrize("name", ["../convolution.py", "a/../../convolution.py", "..\\convolution.py"])
def test_names_that_point_outside_are_ignored(tmp_path: Path, name: str) -> None:
    """They are nobody's honest module."""
    assert "found nothing" in _complaint(_zip(tmp_path, {name: CODE}))


def test_opening_a_zip_writes_nothing(tmp_path: Path) -> None:
    """Everything stays in memory."""
    path = _zip(tmp_path, {"/etc/convolution.py": CODE, "../x": b"", "b/y": b""})
    open_handin(path, ASSIGNMENT)

    assert list(tmp_path.rglob("*")) == [path]


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x05\x06" + 10 * b"\xff"])
def test_what_is_no_zip_is_named(tmp_path: Path, content: bytes) -> None:
    """A file that only has the ending."""
    assert "ada.zip is damaged, or no zip file\n  zip it again" in _complaint(_bare(tmp_path, "ada.zip", content))


def test_a_damaged_member_is_named(tmp_path: Path) -> None:
    """Its checksum does not fit."""
    info = zipfile.ZipInfo("convolution.py")
    path = _zip_of(tmp_path, info)
    path.write_bytes(path.read_bytes().replace(CODE, b"x = 2\n"))

    assert "ada.zip is damaged at convolution.py" in _complaint(path)


def test_a_password_is_named(tmp_path: Path) -> None:
    """The flag alone is enough."""
    path = _zip(tmp_path, {"convolution.py": CODE})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)

    assert "ada.zip is protected by a password\n  zip it again, without a password" in _complaint(path)


def test_an_unusual_compression_is_refused(tmp_path: Path) -> None:
    """LZMA may ask for gigabytes before the first byte."""
    info = zipfile.ZipInfo("convolution.py")
    info.compress_type = zipfile.ZIP_LZMA

    assert "ada.zip is compressed in an unusual way" in _complaint(_zip_of(tmp_path, info))


@both
def test_a_large_file_is_refused(tmp_path: Path, write: Write) -> None:
    """One byte more than 2 MB, however well it compresses."""
    assert "convolution.py is larger than 2 MB\n  hand in your code, without data sets" in _complaint(
        write(tmp_path, {"convolution.py": bytes(2 * 2**20 + 1)})
    )


def test_a_zip_that_lies_about_its_sizes_is_caught(tmp_path: Path) -> None:
    """A bomb that claims to be small is cut where its claim ends, and does not fit its checksum."""
    path = _zip(tmp_path, {"convolution.py": bytes(2 * 2**20 + 1)})
    claimed, small = (2 * 2**20 + 1).to_bytes(4, "little"), (9).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(claimed, small))

    assert "ada.zip is damaged at convolution.py" in _complaint(path)


def test_a_file_that_grows_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound holds for what is read, not only for what was listed."""
    monkeypatch.setattr(archive, "_read_file", lambda _, most: bytes(most))

    assert "convolution.py is larger than 2 MB" in _complaint(_bare(tmp_path, "convolution.py", CODE))


@both
def test_a_hand_in_that_is_large_in_all_is_refused(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it would take unpacked counts, read or not."""
    monkeypatch.setattr(archive, "MOST_TOTAL", 2**20)
    files = {f"{name}.bin": bytes(2**19) for name in "abc"}

    assert "is larger than 1 MB unpacked\n  hand in your code, without data sets" in _complaint(write(tmp_path, files))


@both
def test_a_hand_in_of_many_files_is_refused(tmp_path: Path, write: Write) -> None:
    """2,000 are allowed."""
    files = {f"{number}.txt": b"" for number in range(2_001)}

    assert "holds more than 2,000 files\n  hand in the assignment's files alone" in _complaint(write(tmp_path, files))


def test_a_deep_folder_is_searched_only_so_far(tmp_path: Path) -> None:
    """Folders in each other without end are no trouble, and no place for a module."""
    assert "found nothing" in _complaint(_folder(tmp_path, {"d/" * 30 + "convolution.py": CODE}))


@both
def test_a_team_is_read(tmp_path: Path, write: Write) -> None:
    """Each name once, in their order."""
    team = json.dumps({"members": ["ada@x", "Alan Ö", "ada@x"]}).encode()

    assert open_handin(write(tmp_path, {"hw/convolution.py": CODE, "hw/handin.json": team}), ASSIGNMENT).members == (
        "ada@x",
        "Alan Ö",
    )


@pytest.mark.parametrize(
    ("team", "message"),
    [
        (b"", "handin.json cannot be read: it is no JSON object"),
        (b"[]", "it is no JSON object"),
        (b"\xff", "it is no JSON object"),
        (b"[" * 100_000, "it is no JSON object"),
        (b"{}", "handin.json does not name the members of a team"),
        (b'{"members": "ada"}', "does not name the members"),
        (b'{"members": [1]}', "does not name the members"),
        (b'{"members": [" "]}', "does not name the members"),
        (b'{"members": ["a\\nb"]}', "does not name the members"),
        (b'{"members": ["\\ud800"]}', "does not name the members"),
        (json.dumps({"members": ["a" * 201]}).encode(), "does not name the members"),
        (json.dumps({"members": [str(i) for i in range(21)]}).encode(), "does not name the members"),
    ],
)
def test_a_team_that_cannot_be_read_is_explained(tmp_path: Path, team: bytes, message: str) -> None:
    """The message shows what to write."""
    said = _complaint(_zip(tmp_path, {"convolution.py": CODE, "handin.json": team}))

    assert message in said
    assert 'write {"members": ["ada@example.org", "alan@example.org"]}' in said


@pytest.mark.parametrize("name", ["convolution.ipynb", "a2_small.ipynb", "Copy of a2 (1).ipynb"])
@both
def test_a_notebook_stands_for_the_module(tmp_path: Path, write: Write, name: str) -> None:
    """Under the module's name, the assignment's, or as the only one."""
    opened = open_handin(write(tmp_path, {name: _notebook("x = 1\n", ["y = 2\n", "z = 3"])}), ASSIGNMENT)

    assert opened.files == {"convolution.py": b"x = 1\n\n\ny = 2\nz = 3"}
    assert (opened.notebook, opened.notes) == (True, (f"{name} was graded as convolution.py",))


def test_a_bare_notebook_is_taken(tmp_path: Path) -> None:
    """Text cells are left out."""
    cells = [{"cell_type": "markdown", "source": "# no code"}, {"cell_type": "code", "source": "x = 1"}]
    path = _bare(tmp_path, "ada.ipynb", json.dumps({"cells": cells}).encode())

    assert open_handin(path, ASSIGNMENT).files == {"convolution.py": b"x = 1"}


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("!pip install \\\n  numpy\nx = 1", "pass\nx = 1"),
        ("if True:\n    !ls\n    %time f()", "if True:\n    pass\n    pass"),
        ("np.pad?\n?np.pad\nnp.pad??", "pass\npass\npass"),
        ("files = !ls\nhome = %pwd\nx = a %b", "pass\npass\nx = a %b"),
        ("x = (a\n     % b)", "x = (a\n     % b)"),
        ("%%bash\nls", ""),
        ("\n%%html\n<b>", ""),
        ("%%time\ndef f():\n    return 1", "pass\ndef f():\n    return 1"),
        ("x = 1\r\ny = 2", "x = 1\ny = 2"),
    ],
)
def test_what_only_ipython_understands_is_dropped(tmp_path: Path, cell: str, code: str) -> None:
    """Lines keep their numbers and blocks a statement; Python stays as it is."""
    opened = open_handin(_bare(tmp_path, "ada.ipynb", _notebook(cell)), ASSIGNMENT)

    assert opened.files["convolution.py"].decode() == code


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"x = 1", "ada.ipynb cannot be read: it is no JSON object"),
        (b'{"cells": ' + b"[" * 100_000, "it is no JSON object"),
        (b"{}", "ada.ipynb has no cells that can be read"),
        (b'{"cells": 1}', "has no cells that can be read"),
        (b'{"cells": [1]}', "has no cells that can be read"),
        (b'{"cells": [{}]}', "has no cells that can be read"),
        (b'{"cells": [{"cell_type": "code", "source": 1}]}', "has no cells that can be read"),
        (b'{"cells": [{"cell_type": "code", "source": [1]}]}', "has no cells that can be read"),
        (b'{"cells": [{"cell_type": "code", "source": "\\ud800"}]}', "has no cells that can be read"),
        (b'{"cells": [' + b"[]," * 300_000, "has more than 500,000 parts"),
        (b'{"worksheets": []}', "save the notebook again in Jupyter or Colab, or hand in a Python file"),
    ],
)
def test_a_notebook_that_cannot_be_read_is_explained(tmp_path: Path, content: bytes, message: str) -> None:
    """Broken, nested without end, or of an old form."""
    assert message in _complaint(_bare(tmp_path, "ada.ipynb", content))


@given(data=st.binary(max_size=400))
def test_no_bytes_break_the_reading_of_a_notebook(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever is in the file, it opens or is explained."""
    path = _bare(tmp_path_factory.getbasetemp(), "any.ipynb", b'{"cells": [' + data)

    assert "any.ipynb" in _complaint(path)


@given(place=st.integers(0, 10**6), byte=st.integers(0, 255), cut=st.integers(0, 10**6))
def test_no_damage_breaks_the_reading_of_a_zip(
    place: int, byte: int, cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A zip with a wrong byte or a missing end opens, or is explained in printable words."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("hw/convolution.py", CODE * 20)
    content = bytearray(stream.getvalue())
    content[place % len(content)] = byte
    path = _bare(tmp_path_factory.getbasetemp(), "any.zip", bytes(content[: len(content) - cut % 30]))

    try:
        said = "".join(open_handin(path, ASSIGNMENT).notes)
    except HandInError as error:
        said = str(error).replace("\n", "")
    assert said.isprintable()


def test_files_are_written_for_the_worker(tmp_path: Path) -> None:
    """Everybody may read them, whatever the umask."""
    old = os.umask(0o077)
    write_to(HandIn("ada", {"convolution.py": CODE, "model.bin": b"\0"}), tmp_path)
    os.umask(old)

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"convolution.py": CODE, "model.bin": b"\0"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o644}


def test_a_notebook_under_the_name_of_a_module_is_named(tmp_path: Path) -> None:
    """It would fail with a name of JSON that Python does not know."""
    message = _complaint(_bare(tmp_path, "convolution.py", b'{"cells": [], "nbformat": 4, "x": null}'))

    assert "convolution.py is a notebook under the name of a module\n  name it convolution.ipynb" in message


def test_a_notebook_of_too_much_code_is_refused(tmp_path: Path) -> None:
    """Its outputs may be large, its code is a module."""
    message = _complaint(_bare(tmp_path, "ada.ipynb", _notebook("x = 1\n" * 400_000)))

    assert "ada.ipynb holds more than 2 MB of code" in message
