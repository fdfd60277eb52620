"""Photos of scikit-image, without what its reader imports."""

import subprocess
import sys

import numpy as np
import pytest
from skimage import data

from coursekit import photo


def test_a_photo_is_the_one_that_scikit_image_reads() -> None:
    """The same bytes, in memory of the caller's own."""
    found = photo("chelsea")

    assert found.flags.writeable
    np.testing.assert_array_equal(found, data.chelsea())


def test_reading_needs_no_scipy() -> None:
    """An image for grading leaves it out."""
    code = "import sys; sys.modules['scipy'] = None; from coursekit import photo; photo('chelsea')"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_photo_that_is_not_there_is_an_error() -> None:
    """By its name."""
    with pytest.raises(FileNotFoundError, match="unicorn"):
        photo("unicorn")
