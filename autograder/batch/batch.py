"""A run from hand-ins to stored grades: what needs work is graded, and what has its grade is left alone."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from autograder.assignment import Assignment
from autograder.batch.decisions import Decisions
from autograder.batch.engine import engine_for
from autograder.batch.entries import Entry, StoredGrade
from autograder.batch.jobs import Job, Task
from autograder.batch.store import Store
from autograder.batch.submissions import Submission
from autograder.errors import GraderFault, HandInError
from autograder.grading import keys
from autograder.grading.grade import problem_of
from autograder.results.files import RESULTS, write_grade
from autograder.results.grade import Grade
from autograder.results.record import restore
from autograder.results.summary import Summary, summary_of

_WORTH_A_WORKER = 4  # hand-ins: for fewer, one more worker takes longer to start than it saves


@dataclass(frozen=True)
class Done:
    """A hand-in that has its grade.

    Attributes:
        entry: the hand-in with the grade that it had.
        summary: the grade without its tests.
        grade: the whole grade; None where it was made before.
        stored: the grade in the store, where there is one.
    """

    entry: Entry
    summary: Summary
    grade: Grade | None = None
    stored: StoredGrade | None = None


@dataclass(frozen=True)
class Workers:
    """Who grades.

    Attributes:
        count: how many work on this machine at once; as many as are worth it when None.
        scheduler: address of a Dask scheduler, whose workers are used instead.
    """

    count: int | None = None
    scheduler: str = ""

    def worth(self, hand_ins: int) -> int:
        """How many to start on this machine for so many hand-ins."""
        return self.count or max(1, min(len(os.sched_getaffinity(0)), hand_ins // _WORTH_A_WORKER))


class Batch:
    """The grading of one assignment's hand-ins.

    Args:
        assignment: what is graded.
        task: what all hand-ins have in common.
        store: where grades are kept; None keeps none.
        applied: whether a new grade counts at once; False for one that is only proposed.
    """

    def __init__(self, assignment: Assignment, task: Task, store: Store | None = None, *, applied: bool = True) -> None:
        self._assignment, self._store, self._applied = assignment, store, applied
        self._foundation = keys.foundation(assignment, task.salt, task.seed) if store else {}
        self._task = replace(task, foundation=tuple(self._foundation.items()))

    def entries(self, submissions: Iterable[Submission]) -> list[Entry]:
        """Note what was handed in; without a store, only number it."""
        if self._store:
            return self._store.register(submissions)
        return [Entry(number, submission, "") for number, submission in enumerate(submissions)]

    def grade(self, entries: Sequence[Entry], workers: Workers) -> Iterator[Done]:
        """Grade what needs it, and give each hand-in as it is ready: first those that have their grade already.

        Raises:
            AutograderError: if no more hand-in can be graded or stored; what is stored stays.
        """
        left = []
        for number, entry in enumerate(entries):
            if known := self._known(entry):
                yield Done(entry, known.summary, stored=known)
            else:
                left.append(number)
        if not left:
            return
        gpu = self._assignment.limits.gpu
        with engine_for(self._task, workers.worth(len(left)), workers.scheduler, gpu=gpu) as engine:
            for job, grade in engine.grade(self._job(number, entries[number].submission) for number in left):
                yield self._finished(entries[job.number], job, grade)

    def whole(self, done: Done) -> Grade:
        """Give a hand-in's grade with all its tests; one that was made before comes from the store."""
        if self._decisions is None or done.stored is None:
            return done.grade or Grade(self._assignment, done.summary.hand_in, ())
        return self._decisions.grade(replace(done.entry, grade=done.stored), self._assignment)

    def summary(self, done: Done) -> Summary:
        """Give a hand-in's grade without its tests, with what people have decided about it."""
        decided = self._decisions and self._decisions.summary(replace(done.entry, grade=done.stored), self._assignment)
        return decided or done.summary

    @cached_property
    def _decisions(self) -> Decisions | None:
        """What people have decided about the hand-ins, once these are known."""
        return Decisions(self._store) if self._store else None

    def _known(self, entry: Entry) -> StoredGrade | None:
        """Give the grade that rests on what is there now: the current one, or one that was proposed since."""
        if self._store is None or entry.grade is None:
            return None
        wanted = self._hashes(self._job(0, entry.submission))
        since = [] if self._applied else [one for one in self._store.history(entry) if one.id > entry.grade.id]
        fitting = [one for one in (entry.grade, *since) if one.summary.final and dict(one.hashes) == wanted]
        known = fitting[-1] if fitting else None
        if known is entry.grade and known and not (self._store.out / entry.folder / RESULTS).exists():
            self._publish(entry, restore(self._store.record(known), self._assignment))
        return known

    def _publish(self, entry: Entry, grade: Grade) -> None:
        if self._store and self._decisions:
            write_grade(self._store.out / entry.folder, self._decisions.decided(entry, grade))

    def _job(self, number: int, submission: Submission) -> Job:
        """Open a hand-in; one that cannot be opened is graded, too, with its reason."""
        try:
            return Job(number, submission.key, submission.open(self._assignment))
        except HandInError as error:
            return Job(number, submission.key, problem=problem_of(error))
        except GraderFault as error:
            return Job(number, submission.key, fault=str(error))

    def _hashes(self, job: Job) -> Mapping[str, str]:
        own = keys.of_hand_in(job.handin) if job.handin else keys.of_text(job.problem)
        return {"hand_in": own, **self._foundation}

    def _finished(self, entry: Entry, job: Job, grade: Grade) -> Done:
        """Publish a grade, then store it: what is in the store has its files."""
        grade = replace(grade, members=grade.members or tuple(map(str, entry.submission.people)))
        if self._store is None:
            return Done(entry, summary_of(grade), grade)
        if self._applied:
            self._publish(entry, grade)
        stored = self._store.keep(entry, grade, self._hashes(job), applied=self._applied)
        return Done(entry, stored.summary, grade, stored)
