"""How many known mistakes are named for what they are: graded for real, by the tests of their questions.

    OMP_NUM_THREADS=1 python tests/benchmarks/misconceptions.py [--own] [--salt SALT] [--rows X.N] ASSIGNMENT...

A mistake is *named* when a test recognises its misconception and no other; *told* when a check itself sees what is
wrong, such as a changed argument; a *fact* when what is recognised is how the result differs, such as a factor; else
its report has the test's *hint*. It is *misnamed* when any case of any test recognises another misconception, whatever
else is said. `--own` leaves out the tests of other questions; `--rows 5.21` all mistakes but those of 5.1 to 5.21. Slow
tests are left out, and the mistakes that only these catch.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from string import ascii_lowercase

from autograder.assignment import Assignment, load_assignment
from autograder.authoring.mistakes import Mistake
from autograder.course import read_salt
from autograder.grading.grade import Grader, Order
from autograder.proof.naming import Naming, misnamed, naming
from autograder.proof.reach import Reach
from autograder.proof.trials import trials_of
from autograder.results.grade import Grade

ROOT = Path(__file__).parents[2]


def graded(assignment: Assignment, salt: str, rows: str, *, own: bool) -> Iterator[tuple[Mistake, Grade]]:
    """Grade each known mistake.

    Args:
        assignment: whose mistakes they are.
        salt: decides the inputs.
        rows: the last row of the course's table whose mistakes are graded, as "5.21"; all rows when empty.
        own: whether only the tests of the mistake's own question are run.
    """
    with Grader(assignment, salt) as grader:
        reach = Reach(assignment)
        for trial in trials_of(assignment, quick=True):
            if (mistake := trial.mistake) is None or mistake.slow or not is_within(mistake, rows):
                continue
            specs = [s for s in grader.specs if not s.slow and (s.question == mistake.question or not own)]
            order = Order(tuple(reach.tests(trial.changed, specs)))
            yield mistake, grader.grade_files(trial.hand_in(assignment), order=order)


def row(mistake: Mistake) -> str:
    """Give the row of a mistake: 2.18 for 2.18b."""
    return mistake.id.rstrip(ascii_lowercase)


def is_within(mistake: Mistake, rows: str) -> bool:
    """Whether a mistake's row is in the same list as the last one that counts, and not below it."""
    (listed, number), (last, most) = (text.partition(".")[::2] for text in (row(mistake), rows or row(mistake)))
    return listed == last and int(number) <= int(most)


def main() -> None:
    """Print each mistake that is not named, then the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("assignments", nargs="+", metavar="ASSIGNMENT")
    parser.add_argument("--own", action="store_true")
    parser.add_argument("--salt", default=read_salt(ROOT))
    parser.add_argument("--rows", default="")
    options = parser.parse_args()
    lines = [
        f"{'assignment':<16}{'rows':>6}{'mistakes':>10}" + "".join(f"{kind:>7}" for kind in Naming) + f"{'wrong':>7}"
    ]
    for name in options.assignments:
        found, rows, wrong = Counter[Naming](), set[str](), 0
        for mistake, grade in graded(
            load_assignment(ROOT / "assignments" / name), options.salt, options.rows, own=options.own
        ):
            said, other = naming(grade, mistake), misnamed(grade, mistake)
            rows.add(row(mistake))
            found[said] += 1
            wrong += bool(other)
            if said is not Naming.NAMED or other:
                print(f"{name} {mistake.id:<7} {said:<6} {mistake.name}", grade.fault, flush=True)
            for test, sentence in other.items():
                print(f"    wrong: {test} says '{sentence}'", flush=True)
        counts = "".join(f"{found[kind]:7}" for kind in Naming)
        lines.append(f"{name:<16}{len(rows):6}{found.total():10}{counts}{wrong:7}")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
