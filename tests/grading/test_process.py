"""The process that several graders share: each grades alone, and only who knows the token joins."""

import os
from collections.abc import Iterator
from pathlib import Path
from time import sleep

import pytest

from autograder.assignment import Assignment
from autograder.authoring.markers import reference_text
from autograder.grading.grade import Grader
from autograder.grading.handin import HandIn
from autograder.grading.process import Host, HostKey, join
from tests.conftest import SALT


@pytest.fixture(scope="module")
def host(small: Assignment) -> Iterator[HostKey]:
    """Start a process to share."""
    with Host(small, SALT) as host:
        yield host.key


def test_graders_of_one_host_grade_as_one_of_its_own(host: HostKey, small: Assignment, grader: Grader) -> None:
    """Each in a fork."""
    solved = HandIn("x", {"small.py": reference_text(small.source.read_text(encoding="utf-8"), small.source).encode()})
    with Grader(small, SALT, host=host) as one, Grader(small, SALT, host=host) as other:
        grades = [each.grade_files(solved) for each in (one, other, one, grader)]

        assert one.process != other.process
    assert [grade.score for grade in grades] == [10] * 4
    assert {grade.results[0].spec for grade in grades} == {grader.grade_files(solved).results[0].spec}


def test_who_does_not_know_the_token_hears_nothing(host: HostKey) -> None:
    """The connection is closed."""
    with pytest.raises(ConnectionError):
        join(HostKey(host.place, "00" * 32))


def test_others_cannot_reach_the_socket(host: HostKey) -> None:
    """Its folder is closed to them."""
    assert Path(host.place).parent.stat().st_mode & 0o077 == 0


def test_a_host_that_is_gone_is_an_error_at_once(small: Assignment) -> None:
    """So that a worker can start a process of its own; nothing stays behind."""
    with Host(small, SALT) as host:
        key = host.key

    with pytest.raises(OSError, match="No such file"):
        join(key)
    assert not Path(key.place).parent.exists()


def test_a_host_ends_its_forks_with_their_graders(host: HostKey, small: Assignment) -> None:
    """A worker that was killed leaves none."""
    grader = Grader(small, SALT, host=host)
    grader.close()

    for _ in range(500):
        try:
            os.kill(grader.process, 0)
        except ProcessLookupError:
            return
        sleep(0.01)
    pytest.fail("the fork is still there")
