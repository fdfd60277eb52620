"""A process that has imported the libraries and nothing else, and forks what runs student code.

The grader starts it with a clean environment, before it reads any test. Each
session, one for a hand-in, gets a supervisor of its own, forked from here; the
supervisor forks the loaded template, watches it and what it starts, and kills.
Only the grader holds the sockets of zygote and supervisors.
"""

import gc
import importlib
import json
import os
import signal
import socket
import sys

from autograder.sandbox import processes
from autograder.sandbox.supervisor import PACKET, Supervisor


def main() -> None:
    """Serve sessions on the socket whose number is the first argument; the rest are modules to import."""
    control = socket.socket(fileno=int(sys.argv[1]))
    for name in sys.argv[2:]:
        importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        control.send(json.dumps({"threads": processes.threads(os.getpid())}).encode())
    except BrokenPipeError:  # the grader has ended meanwhile, as where its suite cannot be used
        os._exit(0)
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, PACKET, 1)
        if not data:
            os._exit(0)  # at a usual end, libraries of torch complain at length of what they leave
        if os.fork() == 0:
            control.close()
            with socket.socket(fileno=descriptors[0]) as session:
                Supervisor(session).serve()
            os._exit(0)
        os.close(descriptors[0])


if __name__ == "__main__":
    main()
