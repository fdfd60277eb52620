"""What crosses between `otter grade` and our container: Otter copies one file in, and reads one pickle back.

The image has no Otter: our grader grades there as everywhere. The pickle that it leaves is one call, of
`results_from` with the text of results.json, which Otter makes on the instructor's machine.
"""

import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.packaging.otter_plugin import OurResults


class Answer:
    """Our results, as Otter unpickles them.

    Args:
        text: what results.json holds.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def __reduce__(self) -> tuple[Any, ...]:
        return results_from, (self._text,)


def results_from(text: str) -> "OurResults":
    """Make Otter's results out of our results.json; needs Otter.

    Args:
        text: what results.json holds.
    """
    from autograder.packaging.otter_plugin import OurResults  # noqa: PLC0415 - it is there on one of the two sides

    return OurResults.of(text)


def write_answer(results: Path, answer: Path) -> None:
    """Write the pickle that Otter reads back.

    Args:
        results: our results.json.
        answer: the pickle.
    """
    answer.write_bytes(pickle.dumps(Answer(results.read_text(encoding="utf-8"))))
