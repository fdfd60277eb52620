"""The process that forks what runs student code, by itself."""

import socket
import subprocess
import sys


def test_a_zygote_whose_grader_has_ended_says_nothing() -> None:
    """A suite that cannot be used is one message, without a traceback of a process that came too late."""
    grader, zygote = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    grader.close()
    command = [sys.executable, "-m", "autograder.sandbox.zygote", str(zygote.fileno())]
    done = subprocess.run(command, pass_fds=[zygote.fileno()], capture_output=True, text=True, check=False)
    zygote.close()

    assert (done.returncode, done.stderr) == (0, "")
