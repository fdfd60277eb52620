"""The trained weights that belong to the solved source."""

from pathlib import PurePosixPath

from autograder.assignment import Assignment


def solved_weights(assignment: Assignment) -> dict[PurePosixPath, bytes]:
    """Give the trained weights of the solved module, which lie beside it; nothing where none are handed in."""
    names = assignment.weights.names if assignment.weights else ()
    files = [assignment.folder / name for name in names]
    return {PurePosixPath(file.name): file.read_bytes() for file in files if file.is_file()}
