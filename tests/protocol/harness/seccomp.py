"""A seccomp filter that answers one system call with an error, as a container's does."""

import ctypes
import errno
import platform
import struct
from collections.abc import Callable

IO_URING_SETUP, IO_URING_ENTER = 425, 426  # the calls' numbers, the same on every architecture
SOCKET = {"x86_64": 41}.get(platform.machine(), 198)  # 198 wherever numbers were given out anew

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
LOAD_WORD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # of linux/bpf_common.h
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
NUMBER, FIRST_ARGUMENT = 0, 16  # where struct seccomp_data has them, on a little-endian machine


def forbid(
    call: int, error: int = errno.EPERM, *, first_argument: int | None = None
) -> Callable[[], None]:
    """What a child does before it becomes another program (`preexec_fn`) to lose that call.

    With `first_argument`, only calls that have it.
    """
    tests = [(NUMBER, call)]
    if first_argument is not None:
        tests.append((FIRST_ARGUMENT, first_argument))
    instructions_of_program = []
    for left, (place, value) in zip(range(len(tests), 0, -1), tests):
        instructions_of_program += [
            (LOAD_WORD, 0, 0, place),
            (JUMP_IF_EQUAL, 0, 2 * left - 1, value),  # else to the last one
        ]
    instructions_of_program += [(RETURN, 0, 0, ERRNO | error), (RETURN, 0, 0, ALLOW)]
    program = b"".join(struct.pack("=HBBI", *one) for one in instructions_of_program)
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
