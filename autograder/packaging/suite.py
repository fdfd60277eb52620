"""Find the suite and the salt inside an unpacked autograder zip."""

from pathlib import Path

from autograder.assignment import MANIFEST, Assignment, load_assignment
from autograder.errors import SuiteError
from autograder.packaging.otter import SALT_FILE


def find_suite(folder: Path) -> tuple[Assignment, str]:
    """Read the one assignment and the salt of `files/suite`.

    Raises:
        SuiteError: if there is none.
    """
    manifests = sorted(folder.glob(f"*/{MANIFEST}"))
    salt = folder / SALT_FILE
    if len(manifests) != 1 or not salt.is_file():
        raise SuiteError(folder, "there is no suite with its salt", "upload the zip that autograder build writes")
    return load_assignment(manifests[0].parent), salt.read_text(encoding="ascii").strip()
