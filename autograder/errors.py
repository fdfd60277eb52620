"""Every error that this framework raises on purpose.

* AutograderError         where it happened, what is wrong, what to do
  x ManifestError         an assignment.toml or course.toml that cannot be used
  x MarkerError           a source whose solution markers do not pair up
  x MistakeError          an entry of mistakes.toml that no longer fits its source
  x BuildError            a folder that cannot be built, or has drifted
  x SuiteError            tests that cannot be collected, or whose points do not add up
  x HandInError           a hand-in that cannot be opened
  x ConfinementError      a machine that cannot hold student code, or a wall that fell
  x DataError            a data set that is not there, or is not what it should be
  x WireError             bytes from a worker that are no message
  x GraderFault           a fault of the grader: never the student's loss
  x StoreError            grades that cannot be kept or read, or that another command is at work on
  x ClusterError          a Dask cluster that cannot be reached or used
  x SimilarityError       hand-ins that cannot be compared
  x PeopleError           a name that is nobody's, or people's decisions that cannot be used
"""

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class AutograderError(Exception):
    """Something a person has to put right.

    Args:
        where: a file, a file with line, or a name that a person can look up.
        what: the fact that is wrong.
        todo: what to write or run instead; may be empty.
    """

    def __init__(self, where: object, what: str, todo: str = "") -> None:
        """Put the three parts together; see the class."""
        super().__init__(f"{where}: {what}" + (f"\n  {todo}" if todo else ""))
        self.where, self.what, self.todo = str(where), what, todo

    def __reduce__(self) -> tuple[type, tuple[str, str, str]]:
        """Travel between processes in three parts."""
        return type(self), (self.where, self.what, self.todo)


class ManifestError(AutograderError):
    """An assignment.toml or course.toml cannot be used."""


class MarkerError(AutograderError):
    """A source's solution markers do not pair up, or only look like markers."""


class MistakeError(AutograderError):
    """An entry of mistakes.toml does not fit its source or its assignment."""


class BuildError(AutograderError):
    """A folder cannot be built, or what was built has drifted from its source."""


class SuiteError(AutograderError):
    """The tests of an assignment cannot be collected, or their points do not add up."""


class HandInError(AutograderError):
    """A hand-in cannot be opened; the message is for the student."""


class ConfinementError(AutograderError):
    """This machine cannot hold student code as safely as was asked."""


class DataError(AutograderError):
    """A data set is not there, or its files are not what they should be."""


class WireError(AutograderError):
    """Bytes that came over the wire are not a message."""


class GraderFault(AutograderError):
    """The grader itself failed; no student loses a point by it."""


class StoreError(AutograderError):
    """Grades cannot be kept or read, or another command is at work on them."""


class CallError(AutograderError):
    """A command was given a folder, a run or an address that it cannot use."""


class ClusterError(AutograderError):
    """A Dask cluster cannot be reached or used."""


class SimilarityError(AutograderError):
    """Hand-ins cannot be compared."""


class PeopleError(AutograderError):
    """A name is nobody's, or what people have decided cannot be used."""


def did_you_mean(word: str, known: "Iterable[str]") -> str:
    """Say which of the known words was probably meant; empty when none is near."""
    near = get_close_matches(word, list(known), n=1)
    return f"did you mean '{near[0]}'?" if near else ""
