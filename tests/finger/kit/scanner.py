"""A virus scanner that doesn't answer when a file is about to be opened or read. fanotify(7)"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.polling import readable

CLASS_CONTENT, CLOEXEC, NONBLOCK = 4, 1, 2
MARK_ADD = 1
OPEN_PERM, ACCESS_PERM = 0x10000, 0x20000
AT_FDCWD = -100
PATIENCE = 10.0


class Scanner:
    """As long as the scanner doesn't answer, a process that opens or reads the file waits."""

    def __init__(self, group: int) -> None:
        self._group = group

    def wait_until_asked(self) -> None:
        """Waits until a process waits for the scanner."""
        with os.fdopen(os.dup(self._group), "rb") as questions:
            assert readable(questions, PATIENCE), "nothing was asked: this test tested nothing"

    def permit(self) -> None:
        """Ends the scanner, which lets all waiting processes go on."""
        if self._group >= 0:
            os.close(self._group)
            self._group = -1


@contextmanager
def silent_about(file: Path, question: int) -> Iterator[Scanner]:
    """Leaves OPEN_PERM or ACCESS_PERM events of this file unanswered. Skips the test if we can't
    have a scanner."""
    libc = ctypes.CDLL(None, use_errno=True)
    group = libc.fanotify_init(CLASS_CONTENT | CLOEXEC | NONBLOCK, os.O_RDONLY)
    if group < 0:
        pytest.skip(f"no fanotify here: {os.strerror(ctypes.get_errno())}")
    scanner = Scanner(group)
    try:
        marked = libc.fanotify_mark(
            group, MARK_ADD, ctypes.c_uint64(question), AT_FDCWD, os.fspath(file).encode()
        )
        if marked < 0:
            pytest.skip(f"no scanner can be asked here: {os.strerror(ctypes.get_errno())}")
        yield scanner
    finally:
        scanner.permit()
