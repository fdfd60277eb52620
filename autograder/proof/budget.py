"""What grading the reference takes, beside what the manifest allows."""

import resource
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from autograder.assignment import Assignment
from autograder.grading.grade import Grader
from autograder.proof.claims import Claim, earns_everything
from autograder.proof.trials import Trial, solved
from autograder.sandbox.processes import descendants, memory
from coursekit.verdicts import Case

_MB = 2**20
_EVERY = 0.25  # seconds: adding up the pages of torch's processes takes a tenth of one


@dataclass
class Spent:
    """What a grading took, its start and its end included.

    Attributes:
        cpu_seconds: processor seconds of all of its processes.
        memory: bytes of their own that they held together at most, looked at as cases were decided; libraries'
            files are left out, which the kernel can read again.
    """

    cpu_seconds: float = 0.0
    memory: int = 0


def within_budget(assignment: Assignment, salt: str) -> Claim:
    """Prove that the whole suite keeps the manifest's budget with the reference, from a cold start."""
    start, (spent, broken) = perf_counter(), spend(assignment, salt, solved(assignment, slow=True))
    budget = assignment.budget
    text = f"grading takes at most {budget.cpu_seconds:g} processor seconds and {budget.memory / _MB:.0f} MiB"
    if spent.cpu_seconds > budget.cpu_seconds:
        broken = broken or f"it takes {spent.cpu_seconds:.1f} processor seconds"
    if spent.memory > budget.memory:
        broken = broken or f"it takes {spent.memory / _MB:.0f} MiB"
    return Claim(assignment.name, text, broken=broken, seconds=perf_counter() - start, evidence=vars(spent))


def spend(assignment: Assignment, salt: str, trial: Trial) -> tuple[Spent, str]:
    """Grade one right hand-in by a grader of its own, and give what that took, and what it lost."""
    spent, before, last = Spent(), _seconds(), 0.0

    def look(_: Case) -> None:
        nonlocal last
        if perf_counter() - last < _EVERY:
            return
        last = perf_counter()
        spent.memory = max(spent.memory, sum(map(held, [grader.process, *descendants(grader.process)])))

    with Grader(assignment, salt) as grader:
        grade = grader.grade_files(trial.hand_in(assignment), on_case=look)
    spent.cpu_seconds = _seconds() - before
    return spent, earns_everything(grade)


def held(process: int) -> int:
    """Give the bytes that a process holds of its own; pages that a fork shares count by parts, where /proc tells."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return memory(process)
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("Pss_Anon:", "Pss_Shmem:")))


def _seconds() -> float:
    """Processor seconds of the processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
