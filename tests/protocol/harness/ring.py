"""Finds out whether io_uring can be used here."""

import ctypes
import errno
import functools
import os
import struct

from harness.confined import IO_URING_SETUP

PARAMETERS_BYTES = 120  # sizeof(struct io_uring_params); the flags come after 8 bytes
FLAGS = 1 << 12 | 1 << 13  # SINGLE_ISSUER and DEFER_TASKRUN, of Linux 6.0 and 6.1


@functools.cache
def why_no_ring() -> str:
    """Returns the reason why io_uring can't be used, or "" if it can. io_uring_setup(2)"""
    libc = ctypes.CDLL(None, use_errno=True)
    parameters = ctypes.create_string_buffer(struct.pack("=8xI", FLAGS), PARAMETERS_BYTES)
    ring = libc.syscall(IO_URING_SETUP, 1, parameters)
    if ring < 0:
        if ctypes.get_errno() == errno.EINVAL:  # this kernel doesn't know a flag
            return f"io_uring cannot be used here: it takes Linux 6.1, this is {os.uname().release}"
        return f"io_uring cannot be used here: {os.strerror(ctypes.get_errno())}"
    os.close(ring)
    return ""
