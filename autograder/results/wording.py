"""What may be said of a test to a student: of a public one everything, of a hidden one no value."""

from coursekit.verdicts import Case, Verdict

from autograder.assignment import Assignment
from autograder.results.escape import escape_text
from autograder.results.grade import Grade, TestResult

NOT_FINAL = "NOT FINAL: a fault of the grader"


def message(result: TestResult, assignment: Assignment) -> str:
    """Say what became of a test, and what to try.

    Args:
        result: the test's outcome.
        assignment: its limits.

    Returns:
        Lines of text; empty for a test that passed in full.
    """
    case = result.worst
    if result.verdict is Verdict.GRADER_ERROR:
        return f"{NOT_FINAL}; your instructor has been told, and no point is lost by it"
    if result.verdict is Verdict.PASSED:
        return "\n".join(dict.fromkeys(escape_text(case.summary) for case in result.cases if case.summary))
    if case is None:
        return "not run: the grading stopped before this test"
    lines = [_finding(case), _how_many(result), _what_happened(case, assignment), _details(result, case)]
    if result.verdict is Verdict.FAILED and not case.finding and result.spec.hint:
        lines.append(f"hint: {result.spec.hint}")
    return escape_text("\n".join(line for line in lines if line))


def overall(grade: Grade) -> str:
    """Say what concerns the whole hand-in: faults, what kept it from being graded, notes, the team."""
    lines = []
    if not grade.final:
        lines.append(f"{NOT_FINAL}; your instructor has been told, and no point is lost by it")
    if grade.unconfined:
        lines.append(f"NOT CONFINED, so not an official grade: {grade.unconfined}")
    lines += [grade.problem, *grade.notes]
    if grade.members:
        lines.append(f"handed in by {', '.join(grade.members)}")
    return escape_text("\n".join(line for line in lines if line))


def _finding(case: Case) -> str:
    return f"hint: {case.finding}" if case.finding else ""


def _how_many(result: TestResult) -> str:
    """Count the failing cases, of a test that has several."""
    if result.spec.cases == 1:
        return ""
    bad = sum(case.verdict is not Verdict.PASSED for case in result.cases)
    return f"{bad} of {result.spec.cases} cases fail" if result.verdict is Verdict.FAILED else ""


def _what_happened(case: Case, assignment: Assignment) -> str:
    match case.verdict:
        case Verdict.NOT_ATTEMPTED:
            return "still to do"
        case Verdict.NOT_GRADED:
            return f"not graded: {case.summary}"
        case Verdict.TIMED_OUT:
            return case.summary or f"took longer than {assignment.limits.seconds:g} s"
        case Verdict.CRASHED:
            return f"crashed: {case.summary}"
    return case.summary


def _details(result: TestResult, case: Case) -> str:
    if not result.spec.public or case.verdict is not Verdict.FAILED:
        return ""
    return f"case {case.case}\n{case.details}" if case.case and case.details else case.details
