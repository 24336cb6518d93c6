"""A terminal that a program is started at, as from a shell."""

import os
import select
import sys

# The terminal becomes that of a session of its own, then standard input and standard error.
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
    """`under` are the words in front of the program, which keeps its id. `close()` when done."""

    def __init__(self) -> None:
        self._screen, self._shells = os.openpty()
        self.path = os.ttyname(self._shells)
        self.under = (sys.executable, "-c", AT_TERMINAL, self.path)
        self._shown = b""

    def shown(self) -> str:
        """What was written to it so far."""
        while select.select([self._screen], [], [], 0)[0]:
            self._shown += os.read(self._screen, 65536)
        return self._shown.decode()

    def close(self) -> None:
        """Hangs up."""
        os.close(self._shells)
        os.close(self._screen)
