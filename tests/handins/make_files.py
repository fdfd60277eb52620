"""Builders of odd, broken and hostile files: modules, notebooks, zips, folders and checkpoints.

Each public function takes the module's text and an empty folder, and gives the path that is handed in. Where the
assignment has trained weights, those of the solved module lie in the folder already, as `cnn.safetensors`.
"""

import io
import json
import os
import pickle
import stat
import struct
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

MODULE = "convolution.py"
NOTEBOOK = "a2_convolution.ipynb"
WEIGHTS = "cnn.safetensors"
CHECKPOINT = "cnn.pt"
HOSTILE_NAMES = (
    "\x1b[2J\x1b]0;owned\x07.py",  # clears a terminal and names its window
    "\u202eyp.noitulovnoc.py",  # is shown from right to left
    "<script>alert(1)</script>.py",
    "line\r\nbreak\tand\x00nul.py",
    "x" * 296 + ".py",
)
_ENTRY, _DIRECTORY_ENTRY = b"PK\x03\x04", b"PK\x01\x02"
_FLAGS = {_ENTRY: 6, _DIRECTORY_ENTRY: 8}  # where the two headers of a zip's file keep its flags
_SIZE = {_ENTRY: 22, _DIRECTORY_ENTRY: 24}  # … and its size
_ENCRYPTED = 1

# Files and zips


def _bare(folder: Path, content: bytes, name: str = MODULE) -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


def _folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    home = folder / "hand-in"
    home.mkdir()
    for name, content in files.items():
        file = home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return home


def _zip(folder: Path, members: Iterable[tuple[str | zipfile.ZipInfo, bytes]], name: str = "hand-in.zip") -> Path:
    file = folder / name
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members:
            archive.writestr(member, content)
    return file


def _info(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    """Make a member of exactly this name; the constructor would clean it."""
    info = zipfile.ZipInfo("x")
    info.filename, info.external_attr, info.compress_type = name, mode << 16, zipfile.ZIP_DEFLATED
    return info


def _patched(file: Path, header: bytes, place: int, value: bytes) -> None:
    """Overwrite a field in every header of a kind."""
    content = bytearray(file.read_bytes())
    start = content.find(header)
    while start >= 0:
        content[start + place : start + place + len(value)] = value
        start = content.find(header, start + len(header))
    file.write_bytes(content)


# Modules that are right


def with_windows_line_ends(module: bytes, folder: Path) -> Path:
    """Begin with a byte-order mark and end lines with CRLF."""
    return _bare(folder, b"\xef\xbb\xbf" + module.replace(b"\n", b"\r\n"))


def with_old_mac_line_ends(module: bytes, folder: Path) -> Path:
    """End lines with CR."""
    return _bare(folder, module.replace(b"\n", b"\r"))


def with_mixed_line_ends(module: bytes, folder: Path) -> Path:
    """End lines in three ways, and the last one not at all."""
    ends = (b"\r\n", b"\n", b"\r")
    lines = module.rstrip().split(b"\n")
    return _bare(folder, b"".join(line + ends[i % 3] for i, line in enumerate(lines)) + b"LAST = '\ta\t'")


def with_form_feeds_and_a_long_line(module: bytes, folder: Path) -> Path:
    """Put form feeds between functions, and a line of a million characters at the end."""
    module = module.replace(b"\n\n\ndef ", b"\n\n\x0c\ndef ")
    return _bare(folder, module + b"\nLONG = '" + b"long " * 200_000 + b"'  # \xe2\x80\xa6\n")


def with_a_thousand_functions(module: bytes, folder: Path) -> Path:
    """Add a thousand functions of five lines."""
    function = '\n\ndef _helper_{0}(x):\n    """Help."""\n    return x + {0}\n'
    return _bare(folder, module + "".join(map(function.format, range(1_000))).encode())


def named_by_a_browser(module: bytes, folder: Path) -> Path:
    """Hand the module in under the name of a second download."""
    return _bare(folder, module, "convolution (1).py")


# Notebooks


def _cells(module: bytes) -> list[str]:
    """Cut a module into the cells of a notebook."""
    return module.decode("utf-8").split("\n\n\n")


def _cell(source: object, outputs: object = (), kind: str = "code") -> dict[str, Any]:
    return {"cell_type": kind, "metadata": {}, "source": source, "outputs": outputs, "execution_count": None}


def _notebook(cells: Iterable[object]) -> bytes:
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def notebook_with_displays(module: bytes, folder: Path) -> Path:
    """Put magics, commands, displays, plots, training and an exit between the definitions."""
    between = [
        "%matplotlib inline\n%load_ext autoreload\n!pip install numpy\n?np.zeros\nnp.zeros??",
        "%%time\n1 + 1",
        "%%bash\nls; cat << END\ndef not_python(:\nEND",
        "display(convolve2d(np.ones((3, 3)), np.ones((3, 3))))\nplt.imshow(image)\nplt.show()",
        "while True:\n    train_for_ever()",
        "assert False, 'a check of my own'\n1 / 0\nexit()",
    ]
    cells = [_cell(["# My work\n", "$x^2$"], kind="markdown"), _cell("not python at all", kind="raw")]
    for number, source in enumerate(_cells(module)):
        cells += [_cell(source.splitlines(keepends=True)), _cell(between[number % len(between)])]
    return _bare(folder, _notebook(cells), NOTEBOOK)


def notebook_that_assigns_from_commands(module: bytes, folder: Path) -> Path:
    """Give names to what commands and magics print."""
    commands = "files = !ls\nhome = %pwd\nrows, columns = !stty size\nspent = %timeit -o 1 + 1"
    return _bare(folder, _notebook([_cell(commands), *map(_cell, _cells(module))]), NOTEBOOK)


def notebook_of_colab(module: bytes, folder: Path) -> Path:
    """Save as Colab does, under the name that it gives to a copy."""
    uploads = '#@title Upload\nname = "cat.png"  #@param {type:"string"}\nuploaded = files.upload()\n!nvidia-smi'
    cells = [_cell(uploads), *map(_cell, _cells(module)), _cell("drive.mount('/content/drive')")]
    notebook = json.loads(_notebook(cells)) | {"metadata": {"colab": {"provenance": [], "gpuType": "T4"}}}
    return _bare(folder, json.dumps(notebook).encode(), "Copy of a2_convolution.ipynb")


def notebook_that_imports_its_surroundings(module: bytes, folder: Path) -> Path:
    """Import what is there in Colab and nowhere else."""
    imports = "from google.colab import drive, files\nimport ipywidgets as widgets"
    return _bare(folder, _notebook([_cell(imports), *map(_cell, _cells(module))]), NOTEBOOK)


def notebook_with_ten_megabytes_of_outputs(module: bytes, folder: Path) -> Path:
    """Keep pictures in the notebook."""
    return _with_outputs(module, folder, 10)


def notebook_with_thirty_megabytes_of_outputs(module: bytes, folder: Path) -> Path:
    """Keep more pictures than may be handed in."""
    return _with_outputs(module, folder, 30)


def _with_outputs(module: bytes, folder: Path, megabytes: int) -> Path:
    picture = {"output_type": "display_data", "data": {"image/png": "iVBORw0K" * 2**17}, "metadata": {}}
    cells = [*map(_cell, _cells(module)), _cell("plt.show()", [picture] * megabytes)]
    return _bare(folder, _notebook(cells), NOTEBOOK)


def notebook_of_nothing(_: bytes, folder: Path) -> Path:
    """Hold no cells."""
    return _bare(folder, b'{"metadata": {}, "nbformat": 4}', NOTEBOOK)


def notebook_of_empty_cells(module: bytes, folder: Path) -> Path:
    """Hold twenty thousand empty cells beside the others."""
    return _bare(folder, _notebook([_cell("")] * 20_000 + [_cell(source) for source in _cells(module)]), NOTEBOOK)


def notebook_of_long_ago(module: bytes, folder: Path) -> Path:
    """Save in format 3, where cells stand in worksheets."""
    cells = [{"cell_type": "code", "input": source, "language": "python"} for source in _cells(module)]
    return _bare(folder, json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}]}).encode(), NOTEBOOK)


def notebook_cut_off(module: bytes, folder: Path) -> Path:
    """End in the middle."""
    return _bare(folder, _notebook(map(_cell, _cells(module)))[:-500], NOTEBOOK)


def notebook_nested_deeply(_: bytes, folder: Path) -> Path:
    """Nest a hundred thousand lists."""
    return _bare(folder, b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", NOTEBOOK)


def notebook_of_millions_of_lists(_: bytes, folder: Path) -> Path:
    """Ask a reader of JSON for many times the memory that the file has."""
    return _bare(folder, b'{"cells": [' + b"[]," * (6_900_000) + b"[]]}", NOTEBOOK)


def notebook_of_wrong_kinds(_: bytes, folder: Path) -> Path:
    """Give numbers, nulls and halves of characters where text should be."""
    cells: list[Any] = [_cell(7), _cell(None), _cell({"a": 1}), _cell("x = '\ud800'"), 7, None, [], {"source": "x"}]
    return _bare(folder, _notebook(cells), NOTEBOOK)


def notebook_with_a_syntax_error(module: bytes, folder: Path) -> Path:
    """Leave a cell half written."""
    return _bare(folder, _notebook([*map(_cell, _cells(module)), _cell("def half(:\n    pass")]), NOTEBOOK)


def notebook_that_stalls_patterns(module: bytes, folder: Path) -> Path:
    """Hold lines on which a careless regular expression takes for ever."""
    lines = [" " * 200_000 + "!", "a." * 200_000 + "!", "%" + "\\" * 200_000, "%x \\\n" * 100_000, "?" * 200_000]
    stalling = [_cell(f'"""\n{line}\n"""') for line in lines[:2]] + [_cell(line) for line in lines[2:]]
    return _bare(folder, _notebook([*map(_cell, _cells(module)), *stalling]), NOTEBOOK)


def notebook_renamed_to_module(module: bytes, folder: Path) -> Path:
    """Change a notebook's end to .py by hand."""
    return _bare(folder, _notebook(map(_cell, _cells(module))))


# Modules that are no Python, or too much for it


def module_in_utf_16(module: bytes, folder: Path) -> Path:
    """Save as Windows' Notepad does under "Unicode"."""
    return _bare(folder, module.decode("utf-8").encode("utf-16"))


def module_in_utf_16_without_mark(module: bytes, folder: Path) -> Path:
    """Save as UTF-16 without saying so."""
    return _bare(folder, module.decode("utf-8").encode("utf-16-le"))


def module_in_latin_1(module: bytes, folder: Path) -> Path:
    """Save a comment with umlauts in Latin-1."""
    return _bare(folder, "# Lösung\n".encode("latin-1") + module)


def module_in_declared_latin_1(module: bytes, folder: Path) -> Path:
    """Save in Latin-1, and say so in the first line."""
    return _bare(folder, "# coding: latin-1\n# Lösung\n".encode("latin-1") + module)


def module_with_nul_bytes(module: bytes, folder: Path) -> Path:
    """End in a block of NUL bytes, as after a full disk."""
    return _bare(folder, module + b"\0" * 4_096)


def module_of_nothing(_: bytes, folder: Path) -> Path:
    """Be an empty file."""
    return _bare(folder, b"")


def module_of_thirty_megabytes(module: bytes, folder: Path) -> Path:
    """Keep a data set in the module."""
    return _bare(folder, module + b"DATA = '" + b"0123456789" * (3 * 2**20) + b"'\n")


def module_of_many_statements(module: bytes, folder: Path) -> Path:
    """Hold half a million statements in two megabytes: a tree of them takes hundreds."""
    return _bare(folder, module + b"x=1\n" * 480_000)


def module_from_a_web_page(_: bytes, folder: Path) -> Path:
    """Be the page that shows the module, saved by a browser."""
    return _bare(folder, b"<!DOCTYPE html>\n<html><body><pre>def f(): pass</pre></body></html>\n")


def module_that_is_a_picture(_: bytes, folder: Path) -> Path:
    """Be a picture that was renamed."""
    return _bare(folder, b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)))


def module_that_is_a_zip(module: bytes, folder: Path) -> Path:
    """Be a zip that was renamed."""
    return _zip(folder, [(MODULE, module)], MODULE)


def zip_that_is_a_module(module: bytes, folder: Path) -> Path:
    """Be a module that was renamed."""
    return _bare(folder, module, "hand-in.zip")


def archive_of_another_kind(_: bytes, folder: Path) -> Path:
    """Be an archive that is no zip."""
    return _bare(folder, b"Rar!\x1a\x07\x01\x00", "hand-in.rar")


def nested_parentheses(module: bytes, folder: Path) -> Path:
    """Nest a hundred thousand parentheses."""
    return _bare(folder, module + b"x = " + b"(" * 100_000 + b"1" + b")" * 100_000 + b"\n")


def unary_minuses(module: bytes, folder: Path) -> Path:
    """Write a million signs in front of a number."""
    return _bare(folder, module + b"x = " + b"-" * 10**6 + b"1\n")


def negations(module: bytes, folder: Path) -> Path:
    """Negate four hundred thousand times."""
    return _bare(folder, module + b"x = " + b"not " * 400_000 + b"1\n")


def many_digits(module: bytes, folder: Path) -> Path:
    """Write a number of a million digits."""
    return _bare(folder, module + b"x = " + b"9" * 10**6 + b"\n")


def many_hexadecimal_digits(module: bytes, folder: Path) -> Path:
    """Write a number of a million hexadecimal digits, which Python takes."""
    return _bare(folder, module + b"x = 0x" + b"f" * 10**6 + b"\n")


def long_sum(module: bytes, folder: Path) -> Path:
    """Add a hundred thousand numbers in one expression."""
    return _bare(folder, module + b"x = " + b"+".join([b"1"] * 100_000) + b"\n")


def long_chain_of_attributes(module: bytes, folder: Path) -> Path:
    """Ask for an attribute of an attribute, a hundred thousand times."""
    return _bare(folder, module + b"x = lambda: np" + b".a" * 100_000 + b"\n")


def long_chain_of_branches(module: bytes, folder: Path) -> Path:
    """Follow an if by fifty thousand elifs."""
    return _bare(folder, module + b"if 0: pass\n" + b"elif 0: pass\n" * 50_000)


def nested_lambdas(module: bytes, folder: Path) -> Path:
    """Nest fifty thousand functions without parentheses."""
    return _bare(folder, module + b"x = " + b"lambda: " * 50_000 + b"0\n")


def power_tower(module: bytes, folder: Path) -> Path:
    """Have constants folded, or computed, that no memory holds."""
    return _bare(folder, module + b"def _unused():\n    return 10**10**10, 'a' * 10**12\n\n\nx = 10**10**10\n")


def unused_power_tower(module: bytes, folder: Path) -> Path:
    """Hold such constants where nothing asks for them."""
    towers = b"10**10**10, 'a' * 10**12, (0,) * 10**10, 1 << 10**11, 9**9**9"
    return _bare(folder, module + b"\n\ndef _unused():\n    return " + towers + b"\n")


# Zips


def zip_of_a_mac(module: bytes, folder: Path) -> Path:
    """Zip as macOS does."""
    fork = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        "
    members = {"My Work/convolution.py": module, "__MACOSX/My Work/._convolution.py": fork, "My Work/.DS_Store": fork}
    return _zip(folder, members.items(), "HAND-IN.ZIP")


def zip_of_windows(module: bytes, folder: Path) -> Path:
    """Zip as Windows' Explorer does: code page 437 without a word about it, and some tools' backslashes."""
    names = {"xbung\\convolution.py": module, "xbung\\Lxsung.py": b"x = 1\n", "xbung\\Thumbs.db": b"\xd0\xcf"}
    file = _zip(folder, [(_info(name), content) for name, content in names.items()])
    content = file.read_bytes().replace(b"xbung", b"\x9abung").replace(b"Lxsung", b"L\x94sung")  # Übung, Lösung
    file.write_bytes(content)
    return file


def zip_with_long_comment(module: bytes, folder: Path) -> Path:
    """Put a program in front, a comment of 64 kB behind, extra fields and a date before all dates inside."""
    info = _info(MODULE)
    info.date_time, info.extra = (1980, 0, 0, 0, 0, 0), struct.pack("<HHBI", 0x5455, 5, 1, 0)
    file = _zip(folder, [(info, module)])
    with zipfile.ZipFile(file, "a") as archive:
        archive.comment = b"PK\x05\x07 " * 10_922
    file.write_bytes(b"MZ" + b"\x90" * 1_000 + file.read_bytes())
    return file


def zip_of_a_stream(module: bytes, folder: Path) -> Path:
    """Write to a pipe, where sizes are known only behind each file, in the 64-bit form."""

    class Stream(io.RawIOBase):
        """A file that cannot go back."""

        def __init__(self) -> None:
            self.written = bytearray()

        def writable(self) -> bool:
            """Take bytes."""
            return True

        def write(self, data: Any) -> int:
            """Keep bytes."""
            self.written += data
            return len(data)

    stream = Stream()
    with zipfile.ZipFile(stream, "w") as archive, archive.open(MODULE, "w", force_zip64=True) as member:
        member.write(module)
    return _bare(folder, bytes(stream.written), "hand-in.zip")


def zip_slip(module: bytes, folder: Path) -> Path:
    """Aim at files outside, in every way that tools fell for, beside the module itself."""
    places = (
        "../",
        "../../../../../../../../var/",
        "/var/",
        "/",
        "C:\\",
        "C:/",
        "\\\\server\\share\\",
        "..\\",
        "a/../../",
    )
    members = [(_info(f"{place}evil.py"), b"raise SystemExit\n") for place in places]
    return _zip(folder, [*members, (_info("../" * 8 + "etc/cron.d/evil"), b"* * * * * root true\n"), (MODULE, module)])


def zip_slip_of_the_module(module: bytes, folder: Path) -> Path:
    """Aim at files outside with the module alone."""
    return _zip(folder, [(_info("../../convolution.py"), module), ("README.md", b"")])


def zip_on_an_absolute_path(module: bytes, folder: Path) -> Path:
    """Give the module an absolute path of Windows."""
    return _zip(folder, [(_info("C:\\Users\\Ada\\convolution.py"), module)])


def zip_very_deep(module: bytes, folder: Path) -> Path:
    """Put the module into ten thousand folders."""
    return _zip(folder, [(_info("a/" * 10_000 + MODULE), module)])


def zip_bomb(_: bytes, folder: Path) -> Path:
    """Be small and unpack to a module of 64 MB, as the zip says."""
    return _zip(folder, [(MODULE, b"#" * 2**26)])


def zip_bomb_beside(module: bytes, folder: Path) -> Path:
    """Hold a right module, and four files that unpack to 64 MB each."""
    return _zip(folder, [(MODULE, module), *((f"{n}.txt", bytes(2**26)) for n in range(4))])


def zip_bomb_with_hidden_size(_: bytes, folder: Path) -> Path:
    """Unpack to 64 MB, and say that it is 100 bytes."""
    return _with_claimed_size(_zip(folder, [(MODULE, b"#" * 2**26)]), 100)


def zip_with_exaggerated_size(module: bytes, folder: Path) -> Path:
    """Say that a small module has 4 GB."""
    return _with_claimed_size(_zip(folder, [(MODULE, module)]), 2**32 - 2)


def _with_claimed_size(file: Path, size: int) -> Path:
    for header, place in _SIZE.items():
        _patched(file, header, place, struct.pack("<I", size))
    return file


def zip_of_a_zip(module: bytes, folder: Path) -> Path:
    """Put the zip into another one."""
    inner = _zip(folder, [(MODULE, module)], "inner.zip").read_bytes()
    return _zip(folder, [("hand-in/inner.zip", inner)])


def zip_of_overlapping_members(module: bytes, folder: Path) -> Path:
    """Have many names share the bytes of one member."""
    file = _zip(folder, [(MODULE, module), *((f"{n:03}.txt", b"") for n in range(300))])
    _patched(file, _DIRECTORY_ENTRY, 42, struct.pack("<I", 0))  # every name begins where the first does
    return file


def zip_of_a_link(_: bytes, folder: Path) -> Path:
    """Hold a link in place of the module."""
    return _zip(folder, [(_info(MODULE, stat.S_IFLNK | 0o777), b"/etc/passwd")])


def zip_of_a_device(_: bytes, folder: Path) -> Path:
    """Hold a device in place of the module."""
    return _zip(folder, [(_info(MODULE, stat.S_IFCHR | 0o666), b"")])


def zip_with_links_beside(module: bytes, folder: Path) -> Path:
    """Hold links to everywhere beside the module."""
    targets = {"root": b"/", "loop": b"loop", "up": b"..", "passwd.py": b"/etc/passwd"}
    links = [(_info(name, stat.S_IFLNK | 0o777), target) for name, target in targets.items()]
    return _zip(folder, [*links, (MODULE, module)])


def zip_with_password(module: bytes, folder: Path) -> Path:
    """Say that the module is encrypted."""
    file = _zip(folder, [(MODULE, module)])
    for header, place in _FLAGS.items():
        _patched(file, header, place, struct.pack("<H", _ENCRYPTED))
    return file


def zip_truncated(module: bytes, folder: Path) -> Path:
    """Lose the end, as after an upload that broke off."""
    file = _zip(folder, [(MODULE, module)])
    file.write_bytes(file.read_bytes()[:-200])
    return file


def zip_with_wrong_checksum(module: bytes, folder: Path) -> Path:
    """Say a checksum that is another one's."""
    file = _zip(folder, [(MODULE, module)])
    _patched(file, _DIRECTORY_ENTRY, 16, b"\0\0\0\0")
    return file


def zip_damaged_inside(module: bytes, folder: Path) -> Path:
    """Lose a block in the middle of the module."""
    file = _zip(folder, [(MODULE, module)])
    content = bytearray(file.read_bytes())
    content[1_000:1_512] = b"\xff" * 512
    file.write_bytes(content)
    return file


def zip_with_wrong_magic(module: bytes, folder: Path) -> Path:
    """Begin each file with other letters than it should."""
    file = _zip(folder, [(MODULE, module)])
    _patched(file, _ENTRY, 0, b"QK")
    return file


def zip_with_wild_directory(module: bytes, folder: Path) -> Path:
    """Say that the directory begins behind the file's end, and is 4 GB."""
    file = _zip(folder, [(MODULE, module)])
    _patched(file, b"PK\x05\x06", 12, struct.pack("<II", 2**32 - 2, 2**32 - 2))
    return file


def zip_compressed_otherwise(module: bytes, folder: Path) -> Path:
    """Compress with bzip2, which most tools cannot read."""
    info = _info(MODULE)
    info.compress_type = zipfile.ZIP_BZIP2
    return _zip(folder, [(info, module)])


def zip_of_nothing(_: bytes, folder: Path) -> Path:
    """Be a zip without files."""
    return _zip(folder, [])


def zip_of_twenty_thousand_members(module: bytes, folder: Path) -> Path:
    """Hold far too many files."""
    return _zip(folder, [(MODULE, module), *((f"{n}.txt", b"") for n in range(20_000))])


def zip_of_two_candidates(module: bytes, folder: Path) -> Path:
    """Hold the module in two folders."""
    return _zip(folder, [("old/convolution.py", b""), ("new/convolution.py", module)])


def zip_of_one_name_twice(module: bytes, folder: Path) -> Path:
    """Hold two files of one name, as no folder can."""
    info = _info("convolutiox.py")
    file = _zip(folder, [(MODULE, b""), (info, module)])
    file.write_bytes(file.read_bytes().replace(b"convolutiox.py", MODULE.encode()))
    return file


def zip_of_module_and_notebook(module: bytes, folder: Path) -> Path:
    """Hold the module, and a notebook that could be it."""
    return _zip(folder, [(MODULE, module), (NOTEBOOK, _notebook(map(_cell, _cells(module))))])


def zip_in_another_case(module: bytes, folder: Path) -> Path:
    """Write the module's name with capital letters."""
    return _zip(folder, [("Convolution.PY", module)])


def zip_under_another_name(module: bytes, folder: Path) -> Path:
    """Name the module after the student."""
    return _zip(folder, [("ada_lovelace.py", module), ("notes.txt", b"")])


def zip_with_hidden_end(module: bytes, folder: Path) -> Path:
    """Name the module as Windows does that hides ends."""
    return _zip(folder, [("convolution.py.txt", module)])


def zip_with_strange_names(module: bytes, folder: Path) -> Path:
    """Hold files with hostile names beside the module."""
    return _zip(folder, [*((_info(name), b"") for name in HOSTILE_NAMES), (MODULE, module)])


def zip_of_strange_names(_: bytes, folder: Path) -> Path:
    """Hold files with hostile names, and no module."""
    return _zip(folder, [(_info(name), b"") for name in HOSTILE_NAMES])


# Folders


def folder_with_everything(module: bytes, folder: Path) -> Path:
    """Hold all that lies in a student's folder."""
    clutter = (
        ".git/config", ".venv/lib/convolution.py", ".ipynb_checkpoints/convolution-checkpoint.py", ".DS_Store",
        "__pycache__/convolution.cpython-311.pyc", ".pytest_cache/README.md", "tests/test_it.py", "conftest.py",
        "pytest.ini", "setup.py", "venv/lib/numpy/__init__.py", "results/results.json", "run_autograder", "run.sh",
        "numpy.py", "sitecustomize.py", "data/cat.npz", "report.pdf", "Übung 1/Notizen.txt", "build/lib/core.so",
    )  # fmt: skip
    return _folder(folder, {MODULE: module, **dict.fromkeys(clutter, b"\x00raise SystemExit\n")})


def folder_of_a_link(_: bytes, folder: Path) -> Path:
    """Hold a link in place of the module."""
    home = _folder(folder, {})
    (home / MODULE).symlink_to("/etc/passwd")
    return home


def folder_of_a_hard_link(module: bytes, folder: Path) -> Path:
    """Hold a second name of a file in place of the module."""
    home = _folder(folder, {})
    os.link(_bare(folder, module, "elsewhere.py"), home / MODULE)
    return home


def folder_with_links_beside(module: bytes, folder: Path) -> Path:
    """Hold links to everywhere beside the module, some in circles."""
    home = _folder(folder, {MODULE: module})
    for name, target in {"root": "/", "loop": "loop", "up": "..", "here": ".", "gone.py": "/nowhere"}.items():
        (home / name).symlink_to(target)
    return home


def folder_behind_a_link(module: bytes, folder: Path) -> Path:
    """Hold the module behind a link to another folder."""
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    _bare(elsewhere, module)
    home = _folder(folder, {"README.md": b""})
    (home / "src").symlink_to(elsewhere)
    return home


def folder_of_a_pipe(_: bytes, folder: Path) -> Path:
    """Hold a pipe in place of the module, to which nobody writes."""
    home = _folder(folder, {})
    os.mkfifo(home / MODULE)
    return home


def folder_of_a_socket(_: bytes, folder: Path) -> Path:
    """Hold a socket in place of the module."""
    home = _folder(folder, {})
    os.mknod(home / MODULE, stat.S_IFSOCK | 0o600)
    return home


def folder_of_a_device(_: bytes, folder: Path) -> Path:
    """Hold an endless device in place of the module; needs root."""
    home = _folder(folder, {})
    os.mknod(home / MODULE, stat.S_IFCHR | 0o600, os.makedev(1, 5))
    return home


def folder_with_pipes_beside(module: bytes, folder: Path) -> Path:
    """Hold pipes and sockets beside the module."""
    home = _folder(folder, {MODULE: module})
    os.mkfifo(home / "pipe.py")
    os.mknod(home / "socket.ipynb", stat.S_IFSOCK | 0o600)
    return home


def folder_of_a_folder(module: bytes, folder: Path) -> Path:
    """Hold a folder under the module's name, with the module in it."""
    return _folder(folder, {"convolution.py/main.py": module})


def folder_with_strange_names(module: bytes, folder: Path) -> Path:
    """Hold files whose names are no text beside the module."""
    home = _folder(folder, {MODULE: module})
    for name in (b"\xff\xfe\x80.py", b"\x1b[31m.py", "\u202egnp.py".encode(), b"new\nline.py", b"y" * 250 + b".py"):
        (home / os.fsdecode(name)).write_bytes(b"")
    return home


def folder_of_many_files(module: bytes, folder: Path) -> Path:
    """Hold more files than a hand-in may."""
    return _folder(folder, {MODULE: module, **{f"{n}.txt": b"" for n in range(2_500)}})


def file_of_a_strange_name(module: bytes, folder: Path) -> Path:
    """Name the module so that a terminal is steered by it."""
    return _bare(folder, module, "\x1b[2J\u202e<b>\n" + "x" * 200 + ".py")


def link_to_the_module(module: bytes, folder: Path) -> Path:
    """Be a link itself."""
    link = folder / MODULE
    link.symlink_to(_bare(folder, module, "elsewhere.py"))
    return link


# The file that names a team


def _with_team(module: bytes, folder: Path, team: bytes) -> Path:
    return _zip(folder, [(MODULE, module), ("handin.json", team)])


def team_of_html(module: bytes, folder: Path) -> Path:
    """Name members as tags and as formulas of a spreadsheet."""
    return _with_team(module, folder, b'{"members": ["<img src=x onerror=alert(1)>", "=HYPERLINK(\\"http://x\\")"]}')


def team_of_terminal_codes(module: bytes, folder: Path) -> Path:
    """Name a member so that a terminal is steered by it."""
    return _with_team(module, folder, b'{"members": ["ada\\u001b[2J\\u202e\\ud800"]}')


def team_of_wrong_kinds(module: bytes, folder: Path) -> Path:
    """Give members in every kind but the right one."""
    return _with_team(module, folder, b'{"members": [{"name": "ada"}, 7, null, ["alan"], 1e999]}')


def team_nested_deeply(module: bytes, folder: Path) -> Path:
    """Nest a hundred thousand lists."""
    return _with_team(module, folder, b'{"members": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")


def team_of_a_crowd(module: bytes, folder: Path) -> Path:
    """Name a hundred thousand members."""
    return _with_team(module, folder, json.dumps({"members": [f"m{n}" for n in range(100_000)]}).encode())


def team_of_thirty_megabytes(module: bytes, folder: Path) -> Path:
    """Name one member at length."""
    return _with_team(module, folder, b'{"members": ["' + b"a" * (30 * 2**20) + b'"]}')


def team_behind_a_link(module: bytes, folder: Path) -> Path:
    """Link to a file of the grader's in place of naming members."""
    home = _folder(folder, {MODULE: module})
    (home / "handin.json").symlink_to("/etc/passwd")
    return home


# Trained weights: a folder with the module and a checkpoint, right or wrong. They need torch.


def _handed_in(module: bytes, folder: Path, files: Mapping[str, bytes], **linked: Path) -> Path:
    home = _folder(folder, {"cnn.py": module, **files})
    for name, target in linked.items():
        (home / f"cnn.{name}").symlink_to(target)
    return home


def _trained(folder: Path) -> dict[str, Any]:
    """Give the solved module's weights."""
    from safetensors.torch import load_file  # noqa: PLC0415 - where torch is not installed, no case asks for it

    state: dict[str, Any] = load_file(folder / WEIGHTS)
    return state


def _safe(state: Mapping[str, Any]) -> dict[str, bytes]:
    from safetensors.torch import save  # noqa: PLC0415

    return {WEIGHTS: save({name: tensor.contiguous() for name, tensor in state.items()})}


def _pt(thing: object, **options: Any) -> dict[str, bytes]:
    import torch  # noqa: PLC0415

    file = io.BytesIO()
    torch.save(thing, file, **options)
    return {CHECKPOINT: file.getvalue()}


def _repacked(checkpoint: bytes, change: Any) -> dict[str, bytes]:
    """Write a checkpoint's parts again, compressed and changed; torch itself never compresses."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(checkpoint)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return {CHECKPOINT: file.getvalue()}


class _Command:
    """Runs a command where it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("kill -9 $PPID; kill -9 -1; sleep 60",)


def weights_as_state_dict(module: bytes, folder: Path) -> Path:
    """Save with torch.save."""
    return _handed_in(module, folder, _pt(_trained(folder)))


def weights_in_the_old_form(module: bytes, folder: Path) -> Path:
    """Save in torch's form before 1.6, which is no zip."""
    return _handed_in(module, folder, _pt(_trained(folder), _use_new_zipfile_serialization=False))


def weights_in_a_checkpoint(module: bytes, folder: Path) -> Path:
    """Save with the optimizer, the epoch and the losses, as save_checkpoint does."""
    import torch  # noqa: PLC0415

    state = _trained(folder)
    optimizer = torch.optim.Adam([torch.nn.Parameter(t) for t in state.values() if t.is_floating_point()])
    sum(p.sum() for group in optimizer.param_groups for p in group["params"]).backward()
    optimizer.step()
    state = _trained(folder)
    everything = {"model": state, "optimizer": optimizer.state_dict(), "epoch": 8, "losses": [2.3, 1.1]}
    return _handed_in(module, folder, _pt(everything))


def weights_from_a_gpu(module: bytes, folder: Path) -> Path:
    """Say of every tensor that it lies on a GPU."""
    device = [b"X" + len(tag).to_bytes(4, "little") + tag for tag in (b"cpu", b"cuda:3")]
    checkpoint = _pt(_trained(folder))[CHECKPOINT]
    return _handed_in(module, folder, _repacked(checkpoint, lambda _, part: part.replace(*device)))


def weights_in_float64(module: bytes, folder: Path) -> Path:
    """Save numbers of 64 bits."""
    return _in_dtype(module, folder, "float64")


def weights_in_float16(module: bytes, folder: Path) -> Path:
    """Save numbers of 16 bits."""
    return _in_dtype(module, folder, "float16")


def weights_in_bfloat16(module: bytes, folder: Path) -> Path:
    """Save numbers of 16 bits with 8 for the exponent."""
    return _in_dtype(module, folder, "bfloat16")


def _in_dtype(module: bytes, folder: Path, dtype: str) -> Path:
    import torch  # noqa: PLC0415

    wanted, state = getattr(torch, dtype), _trained(folder)
    return _handed_in(
        module, folder, _safe({name: t.to(wanted) if t.is_floating_point() else t for name, t in state.items()})
    )


def weights_in_two_forms(module: bytes, folder: Path) -> Path:
    """Hand in right weights, and broken ones in the other form."""
    return _handed_in(module, folder, {**_safe(_trained(folder)), CHECKPOINT: b"broken"})


def weights_that_share_memory(module: bytes, folder: Path) -> Path:
    """Save tensors that are parts of one."""
    import torch  # noqa: PLC0415

    state = _trained(folder)
    whole = torch.cat([tensor.double().flatten() for tensor in state.values()])
    parts = whole.split([tensor.numel() for tensor in state.values()])
    shared = {name: part.view(state[name].shape) for name, part in zip(state, parts, strict=True)}
    return _handed_in(module, folder, _pt(shared))


def weights_with_a_command(module: bytes, folder: Path) -> Path:
    """Save with torch what runs a command where it is loaded without care."""
    return _handed_in(module, folder, _pt({**_trained(folder), "extra": _Command()}))


def weights_of_a_pickled_command(module: bytes, folder: Path) -> Path:
    """Pickle what runs a command where it is loaded."""
    return _handed_in(module, folder, {CHECKPOINT: pickle.dumps(_Command())})


def weights_of_a_whole_module(module: bytes, folder: Path) -> Path:
    """Save the model in place of its state dict, as students do."""
    import torch  # noqa: PLC0415

    return _handed_in(module, folder, _pt(torch.nn.Sequential(torch.nn.Linear(3, 10))))


def weights_of_a_script(module: bytes, folder: Path) -> Path:
    """Save a compiled model."""
    import torch  # noqa: PLC0415

    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls them deprecated
        torch.jit.save(torch.jit.trace(torch.nn.Linear(3, 10), torch.zeros(1, 3)), file)
    return _handed_in(module, folder, {CHECKPOINT: file.getvalue()})


def weights_with_a_numpy_scalar(module: bytes, folder: Path) -> Path:
    """Save the loss as NumPy gave it, which torch does not load with care."""
    import numpy as np  # noqa: PLC0415

    return _handed_in(module, folder, _pt({"model": _trained(folder), "loss": np.float64(0.5)}))


def weights_of_a_trillion_elements(module: bytes, folder: Path) -> Path:
    """Save a tensor of 10**12 elements with steps of zero: a file of 1.5 kB."""
    import torch  # noqa: PLC0415

    return _handed_in(module, folder, _pt({**_trained(folder), "extra": torch.zeros(1).expand(10**6, 10**6)}))


def weights_that_inflate(module: bytes, folder: Path) -> Path:
    """Compress 200 MB of zeros into 200 kB."""
    import torch  # noqa: PLC0415

    checkpoint = _pt({"extra": torch.zeros(50 * 2**20)})[CHECKPOINT]
    return _handed_in(module, folder, _repacked(checkpoint, lambda _, part: part))


def weights_of_nested_lists(module: bytes, folder: Path) -> Path:
    """Nest three million lists in a pickle."""
    lists = b"\x80\x02" + b"]" * 3_000_000 + b"a" * 2_999_999 + b"."
    checkpoint = _pt({"extra": 1})[CHECKPOINT]
    return _handed_in(
        module, folder, _repacked(checkpoint, lambda name, part: lists if name.endswith("data.pkl") else part)
    )


def weights_on_no_device(module: bytes, folder: Path) -> Path:
    """Save tensors that have a shape and no numbers."""
    return _handed_in(module, folder, _pt({name: tensor.to("meta") for name, tensor in _trained(folder).items()}))


def weights_that_are_sparse(module: bytes, folder: Path) -> Path:
    """Save tensors without their zeros."""
    return _handed_in(module, folder, _pt({name: tensor.to_sparse() for name, tensor in _trained(folder).items()}))


def weights_that_are_quantized(module: bytes, folder: Path) -> Path:
    """Save numbers of 8 bits with a scale."""
    import torch  # noqa: PLC0415

    state = _trained(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls them deprecated
        quantized = {n: torch.quantize_per_tensor(t.float(), 0.1, 0, torch.qint8) for n, t in state.items()}
    return _handed_in(module, folder, _pt(quantized))


def weights_that_are_complex(module: bytes, folder: Path) -> Path:
    """Save complex numbers."""
    import torch  # noqa: PLC0415

    return _handed_in(module, folder, _pt({n: t.to(torch.complex64) for n, t in _trained(folder).items()}))


def weights_that_are_no_numbers(module: bytes, folder: Path) -> Path:
    """Save what a training gives that diverged."""
    state = _trained(folder)
    return _handed_in(module, folder, _safe({n: t * float("nan") for n, t in state.items()}))


def weights_in_another_shape(module: bytes, folder: Path) -> Path:
    """Save the weights of another model."""
    return _handed_in(module, folder, _safe({n: t[..., None] for n, t in _trained(folder).items()}))


def weights_with_a_prefix(module: bytes, folder: Path) -> Path:
    """Save the weights of a compiled or distributed model, whose names have a prefix."""
    return _handed_in(module, folder, _safe({f"module.{n}": t for n, t in _trained(folder).items()}))


def weights_that_are_too_many(module: bytes, folder: Path) -> Path:
    """Save more numbers than the assignment allows."""
    import torch  # noqa: PLC0415

    return _handed_in(module, folder, _safe({**_trained(folder), "extra": torch.zeros(250_000)}))


def weights_of_thirty_megabytes(module: bytes, folder: Path) -> Path:
    """Save a model that is far too large."""
    import torch  # noqa: PLC0415

    return _handed_in(module, folder, _safe({**_trained(folder), "extra": torch.zeros(30 * 2**18)}))


def weights_of_nothing(module: bytes, folder: Path) -> Path:
    """Save an empty dict."""
    return _handed_in(module, folder, _pt({}))


def weights_of_an_empty_file(module: bytes, folder: Path) -> Path:
    """Save nothing at all."""
    return _handed_in(module, folder, {WEIGHTS: b""})


def weights_under_strange_names(module: bytes, folder: Path) -> Path:
    """Name tensors so that a terminal is steered by them."""
    names = ("\x1b[2J\u202e", "<script>", "line\nbreak")
    return _handed_in(
        module, folder, _safe({names[i % 3] + str(i): t for i, t in enumerate(_trained(folder).values())})
    )


def weights_under_long_names(module: bytes, folder: Path) -> Path:
    """Name tensors with ten thousand characters each."""
    return _handed_in(module, folder, _safe({"z" * 10_000 + n: t for n, t in _trained(folder).items()}))


def weights_under_another_name(module: bytes, folder: Path) -> Path:
    """Name the file as a tutorial does."""
    return _handed_in(module, folder, {"cnn.pth": _pt(_trained(folder))[CHECKPOINT]})


def weights_behind_a_link(module: bytes, folder: Path) -> Path:
    """Link to weights elsewhere."""
    return _handed_in(module, folder, {}, safetensors=folder / WEIGHTS)


def weights_behind_a_pipe(module: bytes, folder: Path) -> Path:
    """Hold a pipe in place of weights, to which nobody writes."""
    home = _handed_in(module, folder, {})
    os.mkfifo(home / WEIGHTS)
    return home


def weights_with_an_absurd_header(module: bytes, folder: Path) -> Path:
    """Say that the header of a safetensors file has 2**63 bytes."""
    return _handed_in(module, folder, {WEIGHTS: struct.pack("<Q", 2**63) + b"{}"})


def _header(*tensors: tuple[list[int], list[int]], data: int = 8, more: bytes = b"") -> dict[str, bytes]:
    """Write a safetensors file of tensors with these shapes and offsets."""
    table = {f"t{i}": {"dtype": "F32", "shape": s, "data_offsets": o} for i, (s, o) in enumerate(tensors)}
    header = more or json.dumps(table).encode()
    return {WEIGHTS: struct.pack("<Q", len(header)) + header + bytes(data)}


def weights_that_overflow(module: bytes, folder: Path) -> Path:
    """Say shapes whose product is beyond 64 bits, and offsets behind the end."""
    return _handed_in(module, folder, _header(([2**62, 4], [0, 2**63]), ([2**63 - 1, 2], [0, 2**64 - 1])))


def weights_that_overlap(module: bytes, folder: Path) -> Path:
    """Say that tensors lie on the same bytes."""
    return _handed_in(module, folder, _header(([2], [0, 8]), ([2], [0, 8]), ([1], [4, 8])))


def weights_with_a_nested_header(module: bytes, folder: Path) -> Path:
    """Nest a hundred thousand objects in the header."""
    nested = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    return _handed_in(module, folder, _header(more=nested))


def weights_of_a_pickle_under_a_safe_name(module: bytes, folder: Path) -> Path:
    """Call a pickle safetensors."""
    return _handed_in(module, folder, {WEIGHTS: pickle.dumps(_Command())})


def weights_with_a_header_of_90_megabytes(module: bytes, folder: Path) -> Path:
    """Fill the header with nothing but blanks."""
    return _handed_in(module, folder, _header(more=b"{" + b" " * (90 * 2**20) + b"}"))


def weights_with_a_header_of_2_megabytes(module: bytes, folder: Path) -> Path:
    """Fill the header with as much as the file may have."""
    return _handed_in(module, folder, _header(more=b'{"__metadata__": {"x": "' + b"y" * (2 * 2**20) + b'"}}', data=0))


def weights_of_many_tensors(module: bytes, folder: Path) -> Path:
    """Save twenty thousand empty tensors."""
    import torch  # noqa: PLC0415

    return _handed_in(module, folder, _safe({f"t{n}": torch.zeros(0) for n in range(20_000)}))
