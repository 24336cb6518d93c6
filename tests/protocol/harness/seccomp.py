"""A seccomp filter that answers one system call with an error, as a container's does."""

from __future__ import annotations

import ctypes
import errno
import struct
from collections.abc import Callable

IO_URING_SETUP = 425  # the system call's number, the same on every architecture

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
LOAD_WORD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # of linux/bpf_common.h
ALLOW, ERRNO = 0x7FFF0000, 0x00050000


def forbid(call: int, error: int = errno.EPERM) -> Callable[[], None]:
    """What a child does before it becomes another program (`preexec_fn`) to lose that call."""
    program = b"".join(
        struct.pack("=HBBI", *instruction)
        for instruction in (
            (LOAD_WORD, 0, 0, 0),  # seccomp_data.nr, the number
            (JUMP_IF_EQUAL, 0, 1, call),
            (RETURN, 0, 0, ERRNO | error),
            (RETURN, 0, 0, ALLOW),
        )
    )
    instructions = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(instructions))
    libc = ctypes.CDLL(None, use_errno=True)

    def apply() -> None:
        zero, one = ctypes.c_ulong(0), ctypes.c_ulong(1)
        failed = libc.prctl(PR_SET_NO_NEW_PRIVS, one, zero, zero, zero)
        failed = failed or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, zero, zero)
        if failed:
            raise OSError(ctypes.get_errno(), "no seccomp filter can be set")
        assert instructions  # the kernel read it; it had to live until now

    return apply
