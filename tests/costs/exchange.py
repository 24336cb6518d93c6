#!/usr/bin/python3
"""Counts a finger exchange's instructions in user space, by valgrind's callgrind.

    exchange.py BUILD         of BUILD/finger/fingerd

A client asks for alice, as often as EXCHANGES says, one exchange after the other. Those for frames
take a coroutine's frame from the pool and give it back. Looks at no clock: the numbers are those of
the compiler, whatever the machine is.
"""

import ctypes
import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import callgrind

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "protocol"))

from harness.proc import serving  # noqa: E402

USERS = Path(__file__).resolve().parents[2] / "finger" / "users"
EXCHANGES, WARM_UP = 500, 10
OPTIONS = ("--addr", "127.0.0.1", "--port", "0", "--users", "users", "--log", "none",
           "--max-per-ip", "1000")  # fmt: skip
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM  # SCMP_ACT_ALLOW, SCMP_ACT_ERRNO
EQUAL, PR_SET_DUMPABLE, PR_SET_SECCOMP = 4, 4, 22  # SCMP_CMP_EQ
NOBODY = 65534  # callgrind is told to write by the user that it runs as, and fingerd gives root up


def where(directory: str) -> dict[str, Any]:
    """For subprocess: everybody may write there, and it is not root who does."""
    who = {"user": NOBODY, "group": NOBODY} if os.geteuid() == 0 else {}
    return {"cwd": directory, "env": {**os.environ, "TMPDIR": directory}, **who}


class Comparison(ctypes.Structure):
    """struct scmp_arg_cmp of seccomp_rule_add(3)."""

    _fields_ = [("argument", ctypes.c_uint), ("how", ctypes.c_int), ("value", ctypes.c_uint64),
                ("other", ctypes.c_uint64)]  # fmt: skip


def refuse_walls() -> None:
    """Lets a process, and what it starts, put up no wall around itself. Those of fingerd permit
    what fingerd needs, and valgrind, which is the same process, needs more: it writes a file."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(ALLOW)))
    for call, first in ((b"seccomp", None), (b"landlock_restrict_self", None),
                        (b"prctl", PR_SET_SECCOMP), (b"prctl", PR_SET_DUMPABLE)):  # fmt: skip
        number = library.seccomp_syscall_resolve_name(call)
        comparison = Comparison(0, EQUAL, first or 0, 0)
        library.seccomp_rule_add_array(rules, ctypes.c_uint32(REFUSE), number, first is not None,
                                       ctypes.byref(comparison))
    library.seccomp_load(rules)


def ask(port: int) -> None:
    """One exchange."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"alice\r\n")
        while client.recv(65536):
            pass


def instructions(program: Path) -> tuple[float, float]:
    """An exchange's, in user space, and how many of them are for frames."""
    with tempfile.TemporaryDirectory(prefix="callgrind-", dir="/tmp") as directory:
        os.chmod(directory, 0o777)
        profile = Path(directory, "profile")
        # The project may lie where nobody else may enter, as beneath /root.
        copied = shutil.copy(program, directory)
        shutil.copytree(USERS, Path(directory, "users"))
        words = [*callgrind.TOOL, "--trace-children=yes", f"--callgrind-out-file={profile}.%p",
                 copied, *OPTIONS]  # fmt: skip
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              preexec_fn=refuse_walls, **where(directory)) as daemon:
            try:
                assert daemon.stdout is not None
                port = int(daemon.stdout.readline().rpartition(":")[2])
                pid = serving(daemon.pid)
                for exchanges in (WARM_UP, EXCHANGES):
                    for _ in range(exchanges):
                        ask(port)
                    subprocess.run(["callgrind_control", "--dump", str(pid)], check=True,
                                   capture_output=True, **where(directory))
                counts = callgrind.instructions(Path(f"{profile}.{pid}.2"))
            finally:
                os.kill(serving(daemon.pid), signal.SIGKILL)
                daemon.kill()
    frames = sum(count for name, count in counts.items() if "FramePool" in name)
    return counts.total() / EXCHANGES, frames / EXCHANGES


def main() -> int:
    """A line."""
    if len(sys.argv) != 2 or not shutil.which("valgrind"):
        print(__doc__ if len(sys.argv) != 2 else "valgrind is not installed", file=sys.stderr)
        return 2
    each, frames = instructions(Path(sys.argv[1], "finger", "fingerd").resolve())
    print(f"{each:,.0f} instructions an exchange, {frames:,.0f} of them for frames")
    return 0


if __name__ == "__main__":
    sys.exit(main())
