"""The engine: hand-ins in, grades out as they are ready, in this process or on a Dask cluster."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager

from autograder.batch.jobs import Engine, Graded, Job, Task
from autograder.batch.worker import Graders
from autograder.errors import ClusterError


def engine_for(
    task: Task, workers: int = 1, scheduler: str = "", *, gpu: bool = False
) -> AbstractContextManager[Engine]:
    """Choose an engine: this process for one worker, else Dask.

    Args:
        task: what all hand-ins have in common.
        workers: how many work on this machine at once.
        scheduler: address of a Dask scheduler elsewhere; then its workers are used.
        gpu: whether the assignment uses a GPU: then a worker holds one alone.

    Raises:
        ClusterError: if Dask is not installed, or the scheduler does not answer.
    """
    if workers == 1 and not scheduler:
        return _here(task)
    try:
        from autograder.batch import cluster  # noqa: PLC0415 - it takes a second, and an extra
    except ImportError as error:
        todo = "pip install 'autograder[cluster]', or leave --workers and --scheduler away"
        raise ClusterError("several workers", f"need Dask, which is not installed ({error})", todo) from None
    if scheduler:
        return cluster.connected(task, scheduler, gpu=gpu)
    return cluster.local(task, workers, gpu=gpu)


@contextmanager
def _here(task: Task) -> Iterator[Engine]:
    with Graders() as graders:
        yield _Here(task, graders)


class _Here:
    """Grades in this process, one hand-in after the other."""

    def __init__(self, task: Task, graders: Graders) -> None:
        self._task, self._graders = task, graders

    def grade(self, jobs: Iterable[Job]) -> Iterator[Graded]:
        for job in jobs:
            yield job, self._graders.grade(self._task, job)
