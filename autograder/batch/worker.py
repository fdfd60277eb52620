"""What grades one hand-in after the other in a process: warm graders, made anew when they break."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Self

from autograder.assignment import Assignment, load_assignment
from autograder.batch.jobs import Job, Task
from autograder.errors import ClusterError, GraderFault
from autograder.grading import keys
from autograder.grading.grade import Grader
from autograder.results.grade import Grade


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
