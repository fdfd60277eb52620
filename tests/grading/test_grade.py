"""Hand-ins, graded for real: what each deserves, and what it is told."""

import json
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

from autograder.assignment import Assignment, load_assignment
from autograder.errors import ConfinementError, SuiteError
from autograder.grading.grade import Grader, Order
from autograder.results.grade import Grade
from autograder.sandbox.limits import SHARED, Walls, available
from coursekit.verdicts import Verdict

GradeText = Callable[[str], Grade]
HEAD = "import numpy as np\n"
DOUBLE = "def double(x):\n    if not isinstance(x, np.ndarray):\n        raise TypeError('no')\n    return x + x\n"
TWICE = "def twice(f, x):\n    return f(f(x))\n"
GOOD = HEAD + DOUBLE + TWICE


def _verdicts(grade: Grade) -> dict[str, Verdict]:
    return {result.spec.id.split("::")[1]: result.verdict for result in grade.results}


def _said(grade: Grade, test: str) -> str:
    worst = next(r.worst for r in grade.results if r.spec.id.endswith(test))
    return f"{worst.finding}\n{worst.summary}\n{worst.details}" if worst else ""


def test_a_right_hand_in_earns_everything(grade: GradeText) -> None:
    """Calls, callbacks and replacements all answer as the module itself would."""
    result = grade(GOOD)

    assert (result.score, result.final, result.problem) == (10, True, "")


def test_a_stub_is_not_attempted(grade: GradeText) -> None:
    """NotImplementedError costs its points and is no failure; what needs it is not graded."""
    result = grade("def double(x):\n    raise NotImplementedError('double')\n" + TWICE)

    assert result.score == 0
    assert _verdicts(result)["test_double"] is Verdict.NOT_ATTEMPTED
    assert _verdicts(result)["test_double_refuses_lists"] is Verdict.NOT_ATTEMPTED
    assert "needs double, which earned nothing yet" in _said(result, "test_twice_of_a_function")


def test_a_hang_costs_its_own_question_alone(grade: GradeText) -> None:
    """A loop is ended, and its line is told; other questions keep their points."""
    result = grade(HEAD + DOUBLE + "def twice(f, x):\n    return f(_wait(x))\n\ndef _wait(x):\n    while 1 > 0: pass\n")

    assert (result.score, _verdicts(result)["test_twice_of_a_function"]) == (4, Verdict.TIMED_OUT)
    said = _said(result, "test_twice_of_a_function")
    assert "took longer than 2 s; it was here:\n  small.py:7 in twice: return f(_wait(x))" in said
    assert "\n  small.py:10 in _wait: while 1 > 0: pass" in said


def test_a_hang_that_ignores_everything_is_ended_too(grade: GradeText) -> None:
    """Signals and exceptions that student code catches do not save it."""
    stubborn = (
        "import signal\ndef twice(f, x):\n    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "    while True:\n        try:\n            while True:\n                pass\n"
        "        except BaseException:\n            pass\n"
    )

    assert grade(HEAD + DOUBLE + stubborn).score == 4


def test_a_crash_costs_its_own_question_alone(grade: GradeText) -> None:
    """A dead process is started again for the next test."""
    result = grade(HEAD + DOUBLE + "import os\ndef twice(f, x):\n    os.kill(os.getpid(), 11)\n")

    assert (result.score, _verdicts(result)["test_twice_of_a_function"]) == (4, Verdict.CRASHED)


def test_exit_is_a_failure_and_not_the_end(grade: GradeText) -> None:
    """sys.exit in a function is reported as what it did."""
    result = grade(HEAD + DOUBLE + "def twice(f, x):\n    raise SystemExit(0)\n")

    assert (result.score, _said(result, "test_twice_of_a_function").split("\n")[1]) == (4, "raised SystemExit")


def test_an_exception_comes_with_the_students_own_lines(grade: GradeText) -> None:
    """The traceback shows the student's file, lines and source, and nothing of ours."""
    result = grade(HEAD + "def double(x):\n    return helper(x)\ndef helper(x):\n    return x['a']\n" + TWICE)

    said = _said(result, "test_double")
    assert "small.py:3 in double: return helper(x)" in said
    assert "small.py:5 in helper: return x['a']" in said
    assert "autograder" not in said


def test_an_exception_of_two_kinds_is_both(grade: GradeText) -> None:
    """A class of the student's own may be a TypeError besides something else."""
    own = "class Refused(LookupError, TypeError):\n    pass\n"
    result = grade(HEAD + own + DOUBLE.replace("TypeError", "Refused") + TWICE)

    assert result.score == 10


def test_a_changed_argument_is_named(grade: GradeText) -> None:
    """Writing into an argument fails the test, and says which argument."""
    result = grade(
        HEAD
        + "def double(x):\n    if not isinstance(x, np.ndarray):\n        raise TypeError\n    x *= 2\n    return x\n"
    )

    assert "The input x changed: double wrote into its argument" in _said(result, "test_double")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return None", "expected a numpy array, got None"),
        ("return [1.0]", "expected a numpy array, got a list"),
        ("return np.float32(2) * x.astype(np.float32)", "expected dtype float64, got float32"),
        ("return np.array([x, x])", "expected shape"),
        ("return np.array([{}], object)", "expected a numpy array, got an array of objects"),
        ("return (2 * x).view(np.matrix)", "expected a numpy array, got a matrix"),
        ("return open", "expected a numpy array, got a"),
        ("return np.full_like(x, np.nan)", "elements are NaN"),
        ("return np.empty((0, 4))", "expected shape"),
        ("return -2 * x", "The sign is wrong."),
        ("return 6 * x", "The result is 3 times what it should be."),
    ],
)
def test_wrong_results_are_told_apart(grade: GradeText, body: str, message: str) -> None:
    """Each wrong kind, shape, dtype or value gets its own sentence."""
    result = grade(HEAD + f"def double(x):\n    {body}\n")

    assert message in _said(result, "test_double")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def double(x):\n  retrn x\n", 'File "small.py", line 2\n    retrn x'),
        ("import numpyy\n", "small.py:1 in <module>: import numpyy\nModuleNotFoundError: No module named 'numpyy'"),
        ("while True:\n    pass\n", "importing small.py takes longer than 2 s"),
        ("exit()\n", "the module calls exit() while it is imported; remove that line"),
        ("import os\nos._exit(0)\n", "importing small.py ended its process"),
        ("n = input('n? ')\n", "the module asks for input while it is imported; there is nobody to answer"),
        ("from numpy import pad\n", "refused in this assignment: write it yourself\nsmall.py:1: numpy.pad"),
        ("import numpy as q\ndef f(x):\n    return q.pad(x, 1)\n", "small.py:3: numpy.pad"),
        ("import scipy.signal\n", "small.py:1: scipy"),
        ("1/0\n", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_module_that_cannot_be_used_is_explained_once(grade: GradeText, text: str, message: str) -> None:
    """The top of the report says why in full; each test points there and earns nothing."""
    result = grade(text)

    assert (result.score, result.final) == (0, True)
    assert message in result.problem


def test_refused_names_are_blocked_at_run_time_too(grade: GradeText) -> None:
    """Looking a refused name up by its text does not help."""
    result = grade(HEAD + "def double(x):\n    return getattr(np, 'p' + 'ad')(x, 1)\n")

    assert "numpy.pad is refused in this assignment: write it yourself" in _said(result, "test_double")


def test_a_missing_function_is_named(grade: GradeText) -> None:
    """A function that is not there fails its tests with its name."""
    result = grade(HEAD + TWICE)

    assert "small.py has no function double" in _said(result, "test_double")


def test_one_hand_in_does_not_touch_the_next(grade: GradeText) -> None:
    """After a hand-in that kills and hangs, the next right one earns everything."""
    grade("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nwhile True: pass\n")

    assert grade(GOOD).score == 10


@pytest.mark.parametrize(
    "damage",
    [
        "os.kill(os.getppid(), 9)",
        "os.fork() or time.sleep(600)",
        "subprocess.Popen(['sleep', '600'])",
        "threading.Thread(target=time.sleep, args=(600,), daemon=True).start()",
        "sys.modules.clear()",
        "np.add = None",
    ],
)
def test_one_questions_damage_stays_its_own(grade: GradeText, damage: str) -> None:
    """Whatever a question leaves behind, a dead parent included, the next one starts from the loaded module."""
    text = "import os, subprocess, sys, threading, time\n" + GOOD.replace(
        "    return x + x", f"    y = x + x\n    {damage}\n    return y"
    )

    assert sum(result.score for result in grade(text).results if result.spec.question == "twice") == 6


def test_printing_a_lot_is_harmless(grade: GradeText) -> None:
    """Output is cut and never blocks the worker."""
    assert grade(GOOD.replace("    return x + x", "    print('x' * 10**7)\n    return x + x")).score == 10


def test_inputs_depend_on_salt_and_seed(small: Assignment, tmp_path: Path) -> None:
    """Two courses meet different inputs; the same course meets the same ones again."""
    (tmp_path / "small.py").write_text(HEAD + "def double(x):\n    raise ValueError(str(x))\n", encoding="utf-8")

    said = []
    for salt, seed in (("one", 0), ("one", 0), ("two", 0), ("one", 1)):
        with Grader(small, salt, run_seed=seed) as grader:
            said.append(_said(grader.grade(tmp_path / "small.py"), "test_double"))

    assert said[0] == said[1]
    assert len(set(said)) == 3


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("assignment.toml", "points = 10", "points = 11", "'points' is 11, but the suites give 10"),
        ("hidden/test_twice.py", 'question("twice")', 'question("twcie")', "question 'twcie' is not in the manifest"),
        ("hidden/test_twice.py", "points(4)", "ponits(4)", "'ponits' not found in `markers` configuration option"),
        ("hidden/test_twice.py", "import numpy", "import numpyy", "No module named 'numpyy'"),
        ("hidden/test_twice.py", '    """twice works with the reference\'s double."""\n', "", "needs a docstring"),
        ("hidden/test_twice.py", "@pytest.mark.points(4)\n", "", "needs a mark @pytest.mark.points"),
        ("small.py", "import numpy as np", "import numpyy as np", "the solved source cannot be imported"),
    ],
)
def test_a_suite_that_cannot_be_used_is_refused(
    small_course: Path, tmp_path: Path, file: str, old: str, new: str, message: str
) -> None:
    """An instructor hears what is wrong before any student is graded."""
    folder = tmp_path / "small"
    shutil.copytree(small_course / "assignments" / "small", folder)
    path = folder / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")

    with pytest.raises(SuiteError, match=".*") as caught:
        Grader(load_assignment(folder), "salt")
    assert message in str(caught.value)


def test_the_suite_is_alone(small_course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither modules of the folder that grading is called from nor a conftest.py above the assignment run with it."""
    folder = tmp_path / "small"
    shutil.copytree(small_course / "assignments" / "small", folder)
    (tmp_path / "small.py").write_text(GOOD, encoding="utf-8")
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    monkeypatch.chdir(tmp_path)
    for name in ("conftest", "numpy", "pytest", "json"):
        Path(f"{name}.py").write_text(f"open('imported', 'a').write('{name} ')", encoding="utf-8")

    with Grader(load_assignment(folder), "salt") as grader:
        grade = grader.grade(tmp_path / "small.py")

    assert (grade.score, Path("imported").exists()) == (10, False)


@pytest.mark.parametrize(("calls", "score"), [(200, 10), (10_001, 8)])
def test_a_replaced_function_may_be_called_for_each_pixel(
    small_course: Path, tmp_path: Path, calls: int, score: int
) -> None:
    """A slow and right solution asks often; one that never stops asking is stopped."""
    folder = tmp_path / "small"
    shutil.copytree(small_course / "assignments" / "small", folder)
    test = folder / "hidden" / "test_twice.py"
    told = "    with student.using(double=reference.double):\n        found = student.twice(reference.double, x)\n"
    text = test.read_text(encoding="utf-8")
    text = text.replace("    assert_close(student.twice(reference.double, x), 4", f"{told}    assert_close(found, 4")
    test.write_text(text, encoding="utf-8")
    asks = f"    if f(x)[0] == 2 * x[0]:\n        [double(x) for _ in range({calls})]\n"
    (tmp_path / "small.py").write_text(
        GOOD.replace("    return f(f(x))", f"{asks}    return f(f(x))"), encoding="utf-8"
    )
    with Grader(load_assignment(folder), "salt") as grader:
        grade = grader.grade(tmp_path / "small.py")

    assert grade.score == score


def test_a_fault_of_a_test_is_no_zero(small_course: Path, tmp_path: Path) -> None:
    """A test that breaks by itself is a grader error, and the grade is not final."""
    folder = tmp_path / "small"
    shutil.copytree(small_course / "assignments" / "small", folder)
    path = folder / "hidden" / "test_twice.py"
    path.write_text(path.read_text(encoding="utf-8").replace("4 * x", "4 * y"), encoding="utf-8")
    (tmp_path / "small.py").write_text(GOOD, encoding="utf-8")

    with Grader(load_assignment(folder), "salt") as grader:
        result = grader.grade(tmp_path / "small.py")

    assert not result.final
    assert "NameError: name 'y' is not defined" in _said(result, "test_marker_hidden_sentinel")


def test_an_answer_that_a_test_cannot_use_is_the_students(small_course: Path, tmp_path: Path) -> None:
    """No hand-in can make its grade a fault of the grader by odd values; the instructor is told of each."""
    folder = tmp_path / "small"
    shutil.copytree(small_course / "assignments" / "small", folder)
    path = folder / "hidden" / "test_twice.py"
    odd = "student.twice(reference.double, x).sum() * np.ones(5)"
    path.write_text(path.read_text(encoding="utf-8").replace("student.twice(reference.double, x)", odd), "utf-8")
    (tmp_path / "small.py").write_text(HEAD + DOUBLE + "def twice(f, x):\n    return None\n", encoding="utf-8")

    with Grader(load_assignment(folder), "salt") as grader:
        result = grader.grade(tmp_path / "small.py")

    assert (result.final, _verdicts(result)["test_marker_hidden_sentinel"]) == (True, Verdict.FAILED)
    assert "look at its type, its shape" in _said(result, "test_marker_hidden_sentinel")
    assert any("AttributeError: 'NoneType' object has no attribute 'sum'" in flag for flag in result.flags)


def test_a_hook_that_breaks_is_a_fault_and_no_zero(small_course: Path, tmp_path: Path) -> None:
    """What breaks around a test, here a conftest's hook, is no failure of the student's."""
    folder = tmp_path / "small"
    shutil.copytree(small_course / "assignments" / "small", folder)
    (folder / "hidden" / "conftest.py").write_text("def pytest_runtest_setup(item):\n    raise KeyboardInterrupt\n")
    (tmp_path / "small.py").write_text(GOOD, encoding="utf-8")

    with Grader(load_assignment(folder), "salt") as grader:
        result = grader.grade(tmp_path / "small.py")

    assert not result.final
    assert _verdicts(result)["test_twice_of_a_function"] is Verdict.GRADER_ERROR


def test_a_machine_that_cannot_confine_refuses_or_marks(
    small: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without walls grading refuses; told to go on, it marks the grade and never weakens in silence."""
    monkeypatch.setattr(
        "autograder.grading.grade.available",
        lambda: Walls(own_uid=False, closed_python=False, landlock=0, seccomp=False),
    )
    (tmp_path / "small.py").write_text(GOOD, encoding="utf-8")

    with pytest.raises(ConfinementError, match="student code could read hidden tests.*\n  .*say --allow-unconfined"):
        Grader(small, "salt")
    with Grader(small, "salt", allow_unconfined=True) as grader:
        result = grader.grade(tmp_path / "small.py")

    assert result.score == 10
    assert "student code could read hidden tests" in result.unconfined


def _with_probe(small_course: Path, folder: Path) -> Assignment:
    """Copy the small assignment, and have one of its hidden tests use a probe."""
    shutil.copytree(small_course / "assignments" / "small", folder)
    body = "    seen = []\n    module.twice(lambda v: seen.append(v) or v + 1, n)\n    return seen\n"
    (folder / "probes.py").write_text(f"def calls(module, n):\n{body}", encoding="utf-8")
    test = folder / "hidden" / "test_twice.py"
    text = test.read_text(encoding="utf-8").replace(
        "(student, reference, rng):", "(student, probes, reference, rng):", 1
    )
    call = "    assert student.probe(probes.calls, n=3) == [3, 4]\n    x = rng.normal(size=5)\n"
    test.write_text(text.replace("    x = rng.normal(size=5)\n", call, 1), encoding="utf-8")
    return load_assignment(folder)


def test_training_data_lie_beside_the_module_as_in_the_kit(small_course: Path, tmp_path: Path) -> None:
    """A module that looks at its data while it is imported is as good as any; what is held out is not there."""
    folder = tmp_path / "small"
    shutil.copytree(small_course / "assignments" / "small", folder)
    text = (folder / "assignment.toml").read_text(encoding="utf-8")
    (folder / "assignment.toml").write_text(f'data = ["mnist_sample"]\n{text}', encoding="utf-8")
    looks = (
        "from pathlib import Path\n"
        "(file,) = (Path(__file__).parent / 'data').iterdir()\n"
        "assert np.load(file)['images'].shape == (10000, 28, 28)\n"
    )
    (tmp_path / "small.py").write_text(GOOD + looks, encoding="utf-8")
    with Grader(load_assignment(folder), "salt") as grader:
        grade = grader.grade(tmp_path / "small.py")

    assert (grade.score, grade.problem) == (10, "")


def test_a_probe_runs_in_the_worker_and_hands_back_observations(small_course: Path, tmp_path: Path) -> None:
    """What cannot cross as data is driven beside the student's module; only plain values come back."""
    assignment, results = _with_probe(small_course, tmp_path / "small"), {}
    for name, source in (("right", GOOD), ("wrong", GOOD.replace("f(f(x))", "f(x)"))):
        (tmp_path / "small.py").write_text(source, encoding="utf-8")
        with Grader(assignment, "salt") as grader:
            results[name] = _verdicts(grader.grade(tmp_path / "small.py"))["test_twice_of_a_function"]

    assert results == {"right": Verdict.PASSED, "wrong": Verdict.FAILED}


def test_a_probe_is_no_line_of_the_students(small_course: Path, tmp_path: Path) -> None:
    """An error inside a probe shows the frames of the student's file alone."""
    assignment = _with_probe(small_course, tmp_path / "small")
    (tmp_path / "small.py").write_text(GOOD.replace("return f(f(x))", "return f[x]"), encoding="utf-8")
    with Grader(assignment, "salt") as grader:
        results = {result.spec.id: result for result in grader.grade(tmp_path / "small.py").results}
    details = results["test_twice::test_twice_of_a_function"].cases[0].details

    assert "in twice: return f[x]\nTypeError" in details
    assert "in calls" not in details


def test_tests_beyond_the_deadline_are_not_run(grader: Grader, tmp_path: Path) -> None:
    """They earn nothing and are no failures: what was decided before counts."""
    (tmp_path / "small.py").write_text(GOOD, encoding="utf-8")
    result = grader.grade(tmp_path / "small.py", order=Order(deadline=monotonic() - 1))

    assert {*_verdicts(result).values()} == {Verdict.NOT_RUN}
    assert (result.score, result.final) == (0, True)
    assert "not run: earlier tests used up the time" in _said(result, "test_double")


def test_public_tests_run_before_hidden_ones(grader: Grader, tmp_path: Path) -> None:
    """What a hidden test sends can show in no public report, however a hand-in keeps it."""
    (tmp_path / "small.py").write_text(GOOD, encoding="utf-8")
    order: list[str] = []
    result = grader.grade(tmp_path / "small.py", lambda case: order.append(case.test))
    public = {spec.id for spec in grader.specs if spec.public}

    assert result.score == 10
    assert [test in public for test in order] == sorted((test in public for test in order), reverse=True)


def test_what_was_decided_counts_where_the_grader_is_killed(small: Assignment, tmp_path: Path) -> None:
    """The rest is a fault and no zero, and nothing that the hand-in ran is left."""
    hangs = "def twice(f, x):\n    import time\n    time.sleep(60)\n"
    (tmp_path / "small.py").write_text(HEAD + DOUBLE + hangs, encoding="utf-8")
    with Grader(small, "salt") as grader:
        killed = grader.grade(
            tmp_path / "small.py",
            lambda _: os.killpg(grader._process.pid, signal.SIGKILL),  # noqa: SLF001 - as a crash would
        )

    assert killed.fault == "the grader's process is gone; its last words stand on standard error"
    assert not killed.final
    assert Verdict.PASSED in _verdicts(killed).values()
    assert Verdict.GRADER_ERROR in _verdicts(killed).values()


def test_a_hand_in_that_dies_slowly_in_each_case_is_given_up(small_course: Path, tmp_path: Path) -> None:
    """Crashes cost at most as much time as the timeouts of a question."""
    shutil.copytree(small_course / "assignments" / "small", tmp_path / "small")
    file = tmp_path / "small" / "public" / "test_double.py"
    file.write_text(file.read_text(encoding="utf-8").replace("[3, 4]", "range(40)"), encoding="utf-8")
    dies = "import os, time\ndef double(x):\n    time.sleep(0.5)\n    os.kill(os.getpid(), 9)\n"
    (tmp_path / "small.py").write_text(dies, encoding="utf-8")
    with Grader(load_assignment(tmp_path / "small"), "salt") as grader:
        result = grader.grade(tmp_path / "small.py")

    summaries = [case.summary for case in result.results[0].cases]
    assert 8 <= sum("ended in the middle" in summary for summary in summaries) <= 10
    assert summaries[-1] == "not tried again after earlier tests of this question ended the process"


@pytest.mark.parametrize(
    ("leaves", "told"),
    [
        ("raise TimeoutError", "TimeoutError"),
        ("exit()", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise GeneratorExit", "GeneratorExit"),
    ],
)
def test_leaving_is_told_by_its_own_name(grade: GradeText, leaves: str, told: str) -> None:
    """A student knows SystemExit, not what stands for it here."""
    assert f"raised {told}" in _said(grade(HEAD + DOUBLE + f"def twice(f, x):\n    {leaves}\n"), "of_a_function")


def test_imports_of_a_notebooks_surroundings_are_left_out(grader: Grader, tmp_path: Path) -> None:
    """What is not installed here cannot be imported; the definitions count, and a remark says what is missing."""
    cells = [{"cell_type": "code", "source": f"from google.colab import drive\n{GOOD}\ndrive.mount('/x')"}]
    (tmp_path / "small.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}), encoding="utf-8")
    result = grader.grade(tmp_path / "small.ipynb")

    assert result.score == 10
    assert "not installed here, so left out: import google.colab" in result.notes


@pytest.mark.parametrize(
    "body",
    [
        "import sys; sys.stdout.close()",
        "import inspect; inspect.getsource(twice)",
        "import shutil; shutil.copy2(__file__, 'x')",
    ],
)
def test_what_is_harmless_costs_nothing(grade: GradeText, body: str) -> None:
    """Right results count, whatever a function does besides."""
    assert grade(HEAD + DOUBLE + f"def twice(f, x):\n    {body}\n    return f(f(x))\n").score == 10


def test_processes_without_shared_memory_are_told_why(grade: GradeText) -> None:
    """PermissionError alone would tell a student nothing."""
    pool = "    with multiprocessing.Pool(2) as pool:\n        return pool.map(float, x)\n"
    result = grade("import multiprocessing\n" + HEAD + "def double(x):\n" + pool)

    assert "processes share no memory here; compute in one process" in _said(result, "test_double")


def test_a_module_that_asks_for_threads_computes_in_one(small_course: Path, tmp_path: Path) -> None:
    """As the reference does: threads change the order of sums, and so their last bits."""
    pytest.importorskip("torch")
    shutil.copytree(small_course / "assignments" / "small", tmp_path / "small")
    file = tmp_path / "small" / "assignment.toml"
    roomy = file.read_text(encoding="utf-8").replace("512 MiB", "3 GiB").replace("seconds = 2,", "seconds = 60,")
    file.write_text(roomy, "utf-8")  # importing torch takes both
    asks = "import torch\ntorch.set_num_threads(2)\n"
    double = "def double(x):\n    return 2 * x if torch.get_num_threads() == 1 else x\n"
    (tmp_path / "small.py").write_text(asks + double, "utf-8")
    with Grader(load_assignment(tmp_path / "small"), "salt") as grader:
        result = grader.grade(tmp_path / "small.py")

    assert _verdicts(result)["test_double"] is Verdict.PASSED


def test_shared_memory_is_a_switch(small_course: Path, tmp_path: Path) -> None:
    """With it a pool works, where workers have uids of their own; nothing of it is left behind."""
    if not available().own_uid:
        pytest.skip("needs workers with a uid of their own, and so root")
    shutil.copytree(small_course / "assignments" / "small", tmp_path / "small")
    file = tmp_path / "small" / "assignment.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('"512 MiB"', '"512 MiB", shared_memory = true'), "utf-8")
    before = {*os.listdir(SHARED)}
    pool = "    with multiprocessing.Pool(2) as pool:\n        return np.array(pool.map(float, 2 * x))\n"
    (tmp_path / "small.py").write_text("import multiprocessing\n" + HEAD + "def double(x):\n" + pool, "utf-8")
    with Grader(load_assignment(tmp_path / "small"), "salt") as grader:
        result = grader.grade(tmp_path / "small.py")

    assert _verdicts(result)["test_double"] is Verdict.PASSED
    assert {*os.listdir(SHARED)} == before


def test_shared_memory_needs_a_uid_of_its_own(small: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else workers would find the other programs of the grader's user."""
    walls = Walls(own_uid=False, closed_python=False, landlock=7, seccomp=True)
    monkeypatch.setattr("autograder.grading.grade.available", lambda: walls)
    sharing = replace(small, limits=replace(small.limits, shared_memory=True))

    with pytest.raises(ConfinementError, match="limits.shared_memory needs workers with a uid of their own"):
        Grader(sharing, "salt")
