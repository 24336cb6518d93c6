"""Whether io_uring can be used here."""

import ctypes
import functools
import os

from harness.confined import IO_URING_SETUP

PARAMETERS_BYTES = 120  # sizeof(struct io_uring_params)


@functools.cache
def why_no_ring() -> str:
    """Why it cannot, or nothing where it can. io_uring_setup(2)"""
    libc = ctypes.CDLL(None, use_errno=True)
    ring = libc.syscall(IO_URING_SETUP, 1, ctypes.create_string_buffer(PARAMETERS_BYTES))
    if ring < 0:
        return f"io_uring cannot be used here: {os.strerror(ctypes.get_errno())}"
    os.close(ring)
    return ""
