"""Take from Python what it has on POSIX systems alone; with this folder in PYTHONPATH it runs before all else.

`sys.platform` and `os.name` stay: the standard library and torch branch on them, and their
Windows branches cannot run here.
"""

import importlib
import sys

MODULES = """
    crypt curses fcntl grp nis ossaudiodev pty pwd readline resource spwd syslog termios tty
"""
FUNCTIONS = {
    "os": """
        chown fork forkpty getgid getloadavg getpgid getuid killpg mkfifo nice sched_getaffinity setsid setuid wait4
    """,
    "select": "epoll poll",
    "signal": "SIGALRM SIGHUP SIGKILL SIGUSR1 alarm pause pthread_kill setitimer sigwait",
    "time": "tzset",
}

sys.modules.update(dict.fromkeys(MODULES.split()))  # type: ignore[arg-type]  # None: an import of it raises
for module, names in FUNCTIONS.items():
    for name in names.split():
        delattr(importlib.import_module(module), name)
