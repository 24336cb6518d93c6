"""A terminal, and what is to be seen on it."""

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time
from collections.abc import Callable

LINES = 24
PIECES = re.compile(r"\r|\n|\x1b\[K|[^\r\n\x1b]")


class Screen:
    """So many columns wide, with a program in it."""

    def __init__(self, columns: int, become: Callable[[], None]) -> None:
        """`become` runs in the child, and never returns: it executes the program."""
        self._columns = columns
        self._rows = [""]
        self._column = 0
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, columns, 0, 0))
                become()
            finally:
                os._exit(127)

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def lines(self) -> list[str]:
        """What is on it now, and what has gone off its upper edge."""
        return [row.rstrip() for row in self._rows]

    def watch(self, seconds: float) -> None:
        """Looks on for so long, or until the program has ended."""
        self._until(lambda: False, seconds)

    def until(self, text: str, seconds: float = 30) -> None:
        """Looks on until this is to be seen."""
        self._until(lambda: text in "".join(self._rows), seconds)
        assert text in "".join(self._rows), self.lines()

    def end(self) -> int:
        """Looks on until the program has ended; its exit status."""
        self._until(lambda: False, 60)
        os.close(self._fd)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def _until(self, seen: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not seen() and (left := deadline - time.monotonic()) > 0:
            if not select.select([self._fd], [], [], left)[0]:
                return
            try:
                self._show(os.read(self._fd, 4096).decode(errors="replace"))
            except OSError:  # EIO: no program has the terminal open any more
                return

    def _show(self, text: str) -> None:
        for piece in PIECES.findall(text):
            if piece == "\r":
                self._column = 0
            elif piece == "\n":
                self._next_row()
            elif piece.startswith("\x1b"):
                self._rows[-1] = self._rows[-1][:self._column]
            else:
                if self._column == self._columns:
                    self._next_row()
                    self._column = 0
                row = self._rows[-1].ljust(self._column)
                self._rows[-1] = row[:self._column] + piece + row[self._column + 1:]
                self._column += 1

    def _next_row(self) -> None:
        self._rows.append("")
