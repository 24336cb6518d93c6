"""Starts a program that may do less: `confined.py RESTRICTION... -- PROGRAM...`.

RESTRICTION is ring=ERRNO, enter=ERRNO or register=ERRNO (io_uring_setup(2) or that call fails so),
family=NAME (socket(2) knows no AF_NAME), memlock=BYTES (locked memory, without the privilege to
ignore the limit), nofile=N (descriptors), disabled=N (the program reads that in
kernel.io_uring_disabled, and nobody else does) or clock=SECONDS (its monotonic clock is ahead of
the machine's).
"""

import ctypes
import errno
import os
import platform
import resource
import socket
import struct
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

IO_URING_SETUP, IO_URING_ENTER, IO_URING_REGISTER = 425, 426, 427  # the same on every architecture
# 198 on every architecture with the new numbers
SOCKET = {"x86_64": 41}.get(platform.machine(), 198)
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
LOAD_WORD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # from linux/bpf_common.h
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
NUMBER, FIRST_ARGUMENT = 0, 16  # offsets in struct seccomp_data on a little-endian machine

CAP_IPC_LOCK, PR_CAPBSET_DROP = 14, 24
CLONE_NEWTIME = 0x00000080
CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 0x00020000, 4096, 16384, 1 << 18
SWITCH = "/proc/sys/kernel/io_uring_disabled"

CANNOT = 77  # our exit status if a restriction isn't possible here


def confined(*restrictions: str) -> tuple[str, ...]:
    """Returns the words in front of a command line."""
    return (sys.executable, __file__, *restrictions, "--")


def skip_if_impossible(status: int, words: str) -> None:
    """Skips the test if the machine doesn't permit the restriction."""
    import pytest  # not at the top, because it would double the time to start a server

    if status == CANNOT:
        pytest.skip(words.strip())


def forbid(call_number: int, error: int, *, first_argument: int | None = None) -> None:
    """Makes the system call fail from now on, as under a container's seccomp filter. With
    `first_argument`, it fails only with that argument."""
    tests = [(NUMBER, call_number)]
    if first_argument is not None:
        tests.append((FIRST_ARGUMENT, first_argument))
    instructions = []
    for left, (place, value) in zip(range(len(tests), 0, -1), tests):
        instructions += [
            (LOAD_WORD, 0, 0, place),
            (JUMP_IF_EQUAL, 0, 2 * left - 1, value),  # otherwise go to the last instruction
        ]
    instructions += [(RETURN, 0, 0, ERRNO | error), (RETURN, 0, 0, ALLOW)]
    program = b"".join(struct.pack("=HBBI", *one) for one in instructions)
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(instructions), ctypes.addressof(buffer))
    zero, one = ctypes.c_ulong(0), ctypes.c_ulong(1)
    call("prctl", PR_SET_NO_NEW_PRIVS, one, zero, zero, zero)
    call("prctl", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, zero, zero)


def forbid_family(name: str) -> None:
    """Makes socket(2) fail for the family, as on a kernel built without it."""
    forbid(SOCKET, errno.EAFNOSUPPORT, first_argument=getattr(socket, f"AF_{name}"))


def limit_locked_memory(limit: str) -> None:
    """Limits locked memory, for root, too: a root process that executes a program gains only the
    rights in the bounding set."""
    if os.geteuid() == 0:
        call("prctl", PR_CAPBSET_DROP, *map(ctypes.c_ulong, (CAP_IPC_LOCK, 0, 0, 0)))
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (int(limit), int(limit)))


def limit_descriptors(limit: str) -> None:
    """Sets the soft and the hard limit."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(limit), int(limit)))


def show_switch(value: str) -> None:
    """Covers the switch with a file of ours, in a mount namespace, because the real switch would
    forbid rings to everything else on this machine."""
    call("unshare", CLONE_NEWNS)
    call("mount", None, b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None)
    with tempfile.NamedTemporaryFile() as file:
        file.write(value.encode())
        file.flush()
        call("mount", file.name.encode(), SWITCH.encode(), None, ctypes.c_ulong(MS_BIND), None)


def shift_clock(seconds: str) -> None:
    """Gives the program a time namespace of its own, from its first instruction on."""
    call("unshare", CLONE_NEWTIME)
    Path("/proc/self/timens_offsets").write_text(f"monotonic {seconds} 0")


def call(name: str, *arguments: object) -> None:
    """Calls a function of the C library that returns 0, or raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


RESTRICTIONS: dict[str, Callable[[str], None]] = {
    "ring": lambda error: forbid(IO_URING_SETUP, getattr(errno, error)),
    "enter": lambda error: forbid(IO_URING_ENTER, getattr(errno, error)),
    "register": lambda error: forbid(IO_URING_REGISTER, getattr(errno, error)),
    "family": forbid_family,
    "memlock": limit_locked_memory,
    "nofile": limit_descriptors,
    "disabled": show_switch,
    "clock": shift_clock,
}


def main(words: list[str]) -> None:
    """Restricts this process, and then becomes the program."""
    end = words.index("--")
    for word in words[:end]:
        name, _, value = word.partition("=")
        try:
            RESTRICTIONS[name](value)
        except OSError as error:
            print(f"{word} cannot be had here: {error}", file=sys.stderr)
            sys.exit(CANNOT)
    os.execvp(words[end + 1], words[end + 1 :])


if __name__ == "__main__":
    main(sys.argv[1:])
