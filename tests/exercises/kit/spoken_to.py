"""Programs of the reader's that print at once what they are told, through FIFOs or a pipe."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from harness.proc import wait_until
from harness.polling import readable

IDLE_SECONDS = 0.3


def make_fifos(*paths: Path) -> list[BinaryIO]:
    """Their writing ends. Each is open for reading as well, so that open(2) does not wait."""
    for path in paths:
        os.mkfifo(path)
    return [os.fdopen(os.open(path, os.O_RDWR), "wb", buffering=0) for path in paths]


def receive(process: subprocess.Popen[bytes], size: int, patience: float) -> bytes:
    """What the program prints, up to `size` bytes: less if it ends, or falls silent."""
    assert process.stdout is not None
    received = b""
    while len(received) < size and readable(process.stdout, patience):
        piece = os.read(process.stdout.fileno(), 65536)
        if not piece:
            break
        received += piece
    return received


def expect_output(process: subprocess.Popen[bytes], wanted: bytes, patience: float) -> None:
    """Waits until this is printed, and nothing else."""
    received = receive(process, len(wanted), patience)
    same = len(os.path.commonprefix([received, wanted]))
    begin = max(0, same - 20)
    assert received == wanted, (f"stdout differs from byte {same} on: wanted "
                                f"{wanted[begin:same + 30]!r}, got {received[begin:same + 30]!r}")


def expect_sleep(
    calls: Callable[[], list[str]], waits: Callable[[str], object], patience: float
) -> str:
    """By what strace has seen, one thread waits in one system call; returns that line."""
    wait_until(lambda: waits(calls()[-1]), patience)
    before = calls()
    time.sleep(IDLE_SECONDS)
    after = calls()
    assert after == before, f"while nothing came: {after[len(before):][:3]}"
    callers = {line.split()[0] for line in after}
    assert len(callers) == 1, f"{len(callers)} threads or processes make system calls"
    return after[-1]
