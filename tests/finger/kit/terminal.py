"""A terminal from which a user starts the daemon by hand."""

import os
import select
import sys
from pathlib import Path

# The terminal becomes that of a session of its own, and then standard input and standard error.
AT_TERMINAL = """
import fcntl, os, sys, termios
if os.getsid(0) != os.getpid():
    os.setsid()
terminal = os.open(sys.argv[1], os.O_RDWR)
fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
os.dup2(terminal, 0)
os.dup2(terminal, 2)
os.close(terminal)
os.execvp(sys.argv[2], sys.argv[2:])
"""


class Terminal:
    """Starts the daemon by hand on this terminal, after the words of `under`."""

    def __init__(self) -> None:
        self._screen, self._shells = os.openpty()
        self.path = os.ttyname(self._shells)
        self.under = (sys.executable, "-c", AT_TERMINAL, self.path)
        self._shown = b""

    def shown(self) -> str:
        """Returns all that was written to the terminal so far."""
        while select.select([self._screen], [], [], 0)[0]:
            self._shown += os.read(self._screen, 65536)
        return self._shown.decode()

    def close(self) -> None:
        """Hangs up."""
        os.close(self._shells)
        os.close(self._screen)


def has_terminal(pid: int) -> bool:
    """Returns true if the process's session has a terminal."""
    state, parent, group, session, number = (
        Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:5]
    )
    return number != "0"


def can_read(pid: int, descriptor: int) -> bool:
    """Returns true if the descriptor is open for reading."""
    lines = Path(f"/proc/{pid}/fdinfo/{descriptor}").read_text().splitlines()
    flags = next(int(line.split()[1], 8) for line in lines if line.startswith("flags:"))
    return flags & os.O_ACCMODE != os.O_WRONLY
