"""A reader's programs that print their input at once, which comes through FIFOs or a pipe."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from harness.proc import wait_until
from harness.polling import readable
from kit.tested import Words

IDLE_SECONDS = 0.3


def receive(process: subprocess.Popen[bytes], size: int, patience: float) -> bytes:
    """The next `size` bytes of the program's output, or fewer if it ends or falls silent."""
    assert process.stdout is not None
    received = b""
    while len(received) < size and readable(process.stdout, patience):
        piece = os.read(process.stdout.fileno(), 65536)
        if not piece:
            break
        received += piece
    return received


def expect_output(process: subprocess.Popen[bytes], wanted: bytes, patience: float) -> None:
    """Waits for exactly this output."""
    received = receive(process, len(wanted), patience)
    same = len(os.path.commonprefix([received, wanted]))
    begin = max(0, same - 20)
    assert received == wanted, (f"stdout differs from byte {same} on: wanted "
                                f"{wanted[begin:same + 30]!r}, got {received[begin:same + 30]!r}")


def expect_sleep(
    calls: Callable[[], list[str]], waits: Callable[[str], object], patience: float
) -> str:
    """Expects, by strace's lines, that one thread waits in a system call. Returns its line."""
    wait_until(lambda: waits(calls()[-1]), patience)
    before = calls()
    time.sleep(IDLE_SECONDS)
    after = calls()
    assert after == before, f"while nothing came: {after[len(before):][:3]}"
    callers = {line.split()[0] for line in after}
    assert len(callers) == 1, f"{len(callers)} threads or processes make system calls"
    return after[-1]


class Running:
    """A program with two FIFOs, which prints each line after a word for its FIFO."""

    def __init__(
        self,
        words: Words,
        directory: Path,
        patience: float,
        says: dict[str, bytes],
        *before: str,
        prepare: Callable[[], None] | None = None,
    ) -> None:
        """`says` has the words by the FIFOs' names on the command line. `before` begins the
        command, for example with strace. `prepare` runs in the new process."""
        self.patience, self._says = patience, says
        paths = {name: directory / name for name in says}
        for path in paths.values():
            os.mkfifo(path)
        # Open them for reading as well, so that open(2) doesn't wait.
        self.fifos = {name: os.fdopen(os.open(path, os.O_RDWR), "wb", buffering=0)
                      for name, path in paths.items()}
        self.process = subprocess.Popen([*before, *words(**paths)], stdout=subprocess.PIPE,
                                        preexec_fn=prepare)

    def expect(self, wanted: bytes) -> None:
        """Waits for exactly this output."""
        expect_output(self.process, wanted, self.patience)

    def say(self, fifo: str, line: bytes) -> None:
        """Writes a line, and expects the program to print it at once."""
        self.fifos[fifo].write(line + b"\n")
        self.expect(self._says[fifo] + line + b"\n")

    def kill(self) -> None:
        """Closes the FIFOs and kills the program."""
        for fifo in self.fifos.values():
            fifo.close()
        self.process.kill()
        self.process.wait()
