"""A virus scanner that is asked before each read of a file, and does not answer. fanotify(7)"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CLASS_CONTENT, CLOEXEC, NONBLOCK = 4, 1, 2
MARK_ADD = 1
ACCESS_PERM = 0x20000
AT_FDCWD = -100


@contextmanager
def silent_about(file: Path) -> Iterator[None]:
    """Reads of this file wait until the end. Skips the test where there is no such thing."""
    libc = ctypes.CDLL(None, use_errno=True)
    group = libc.fanotify_init(CLASS_CONTENT | CLOEXEC | NONBLOCK, os.O_RDONLY)
    if group < 0:
        pytest.skip(f"no fanotify here: {os.strerror(ctypes.get_errno())}")
    try:
        marked = libc.fanotify_mark(
            group, MARK_ADD, ctypes.c_uint64(ACCESS_PERM), AT_FDCWD, os.fspath(file).encode()
        )
        if marked < 0:
            pytest.skip(f"no scanner can be asked here: {os.strerror(ctypes.get_errno())}")
        yield
    finally:
        os.close(group)  # what waits is permitted then
