"""What grades one hand-in after the other in a process: warm graders, made anew when they break."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Self

from autograder.assignment import Assignment, load_assignment
from autograder.errors import ClusterError, GraderFault
from autograder.grading import keys
from autograder.grading.grade import Grader
from autograder.grading.handin import HandIn
from autograder.grading.process import HostKey
from autograder.results.grade import Grade


@dataclass(frozen=True)
class Task:
    """What all hand-ins of a run have in common.

    Attributes:
        folder: the assignment's folder, on a file system that all workers see.
        salt: the course's salt.
        seed: seed of the run.
        allow_unconfined: whether to grade where student code could read hidden tests.
        foundation: hashes of what the grades rest on; a worker that has another suite or other libraries refuses.
        host: a warm process on this machine that its graders share.
    """

    folder: Path
    salt: str
    seed: int = 0
    allow_unconfined: bool = False
    foundation: tuple[tuple[str, str], ...] = ()
    host: HostKey | None = None


@dataclass(frozen=True)
class Job:
    """One hand-in to grade, on its way to a worker.

    Attributes:
        number: names it within the run.
        name: as reports show it; student text.
        handin: what was handed in; None where that cannot be opened.
        problem: why not, where its student has to put it right.
        fault: what keeps it from being graded, where that is no fault of its student's.
    """

    number: int
    name: str
    handin: HandIn | None = None
    problem: str = ""
    fault: str = ""


class Graders:
    """Warm graders, one for each task; use as a context manager."""

    def __init__(self) -> None:
        self._graders: dict[Task, Grader] = {}
        self._alone = False  # whether the host's process is to be trusted no more

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all graders' processes."""
        while self._graders:
            self._graders.popitem()[1].close()

    def grade(self, task: Task, job: Job) -> Grade:
        """Grade a hand-in; after a fault of the grader, once more with a fresh one.

        Raises:
            AutograderError: if no hand-in of the task can be graded here.
        """
        grade = self._try(task, job)
        if grade.fault and not job.fault:
            self._graders.pop(task).close()
            self._alone = True
            grade = self._try(task, job)
        return grade

    def _try(self, task: Task, job: Job) -> Grade:
        grader = self._warm(task)
        if job.fault:
            return grader.give_up(job.name, job.fault)
        if job.handin is None:
            return grader.refuse(job.name, job.problem)
        try:
            return replace(grader.grade_files(job.handin), hand_in=job.name)
        except (GraderFault, OSError) as error:  # its process is gone
            return grader.give_up(job.name, str(error))

    def _warm(self, task: Task) -> Grader:
        if task not in self._graders:
            assignment = load_assignment(task.folder)
            if task.foundation:
                _require_same(dict(task.foundation), keys.foundation(assignment, task.salt, task.seed))
            self._graders[task] = self._started(task, assignment)
        return self._graders[task]

    def _started(self, task: Task, assignment: Assignment) -> Grader:
        """Join the host, or start a process of its own where there is none."""
        start = partial(Grader, assignment, task.salt, run_seed=task.seed, allow_unconfined=task.allow_unconfined)
        if task.host and not self._alone:
            with suppress(OSError, GraderFault):
                return start(host=task.host)
        return start()


def _require_same(wanted: Mapping[str, str], found: Mapping[str, str]) -> None:
    if other := [part for part, value in wanted.items() if found[part] != value]:
        todo = "use one file system and one environment on all machines, and give the command again"
        raise ClusterError("a worker", f"has another {' and '.join(other)} than the command", todo)
