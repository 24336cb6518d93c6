"""An intruder who took over the daemon, and tries from inside what its thread may still do."""

import ctypes
import ctypes.util
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.needed import need_program
from harness.proc import is_sanitized, wait_until
from kit.call_list import numbers_permitted_with_any_arguments
from kit.namespace import as_nobody
from kit.server import FingerServer
from kit.target import FingerTarget

SYS_LANDLOCK_CREATE_RULESET = 444
LANDLOCK_CREATE_RULESET_VERSION = 1
SOURCE = Path(__file__).with_name("intruder.c")
COMPILER = os.environ.get("CC", "cc")  # for the daemon's processor

# Words in front of a program that act like systemd's SystemCallArchitectures=native: if a thread
# makes a call by a different processor's numbers, the kernel kills that thread only.
SCMP_ACT_ALLOW = 0x7FFF0000
NATIVE_CALLS = (sys.executable, "-c", f"""
import ctypes, os, sys
library = ctypes.CDLL({ctypes.util.find_library("seccomp")!r})
library.seccomp_init.restype = ctypes.c_void_p
filter = ctypes.c_void_p(library.seccomp_init({SCMP_ACT_ALLOW}))
assert filter and library.seccomp_load(filter) == 0
os.execvp(sys.argv[1], sys.argv[1:])
""")  # fmt: skip


def landlock_version() -> int:
    """Returns the version, or 0 without Landlock."""
    libc = ctypes.CDLL(None, use_errno=True)
    call = (SYS_LANDLOCK_CREATE_RULESET, None, 0, LANDLOCK_CREATE_RULESET_VERSION)
    return max(0, libc.syscall(*call))


def need_landlock() -> None:
    """Skips the test if the kernel has no Landlock."""
    if landlock_version() == 0:
        pytest.skip("the kernel has no Landlock")


def processor() -> str:
    """Returns the processor that the daemon was built for, such as x86_64 or aarch64."""
    need_program(COMPILER)
    told = subprocess.run([COMPILER, "-dumpmachine"], capture_output=True, text=True, check=True)
    return told.stdout.partition("-")[0]


def listed_numbers() -> str:
    """Returns the numbers of the calls that are permitted with any arguments, for
    INTRUDER_PERMITTED."""
    numbers = numbers_permitted_with_any_arguments()
    if numbers is None:
        pytest.skip("no libseccomp here (Debian: apt-get install libseccomp2)")
    return f",{','.join(map(str, numbers))},"


class Intruder:
    """Puts an intruder into the daemon with the words `under`, and reads afterwards what was
    possible. `more` are variables for intruder.c, such as `credentials` for INTRUDER_CREDENTIALS.
    With None as `cuts`, the first client's socket isn't connected elsewhere.
    """

    def __init__(self, stack: ExitStack, home_file: Path, **more: object) -> None:
        processor()  # skips the test if there's no compiler
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="intruder-")))
        directory.chmod(0o755)
        library, outside = directory / "intruder.so", directory / "file"
        words = [COMPILER, "-shared", "-fPIC", "-o", str(library), str(SOURCE)]
        subprocess.run(words, check=True)
        library.chmod(0o755)
        # The file has nothing to do with plans, and everybody may read and write it.
        outside.write_bytes(b"what nobody may see\n")
        outside.chmod(0o666)
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind(f"\0{directory.name}")
        abstract.listen()
        somebody = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        process = stack.enter_context(subprocess.Popen([*as_nobody(), "sleep", "600"]))
        stack.callback(process.kill)
        variables = {"homes": home_file, "outside": outside, "port": somebody.getsockname()[1],
                     "abstract": directory.name, "process": process.pid, "credentials": 0,
                     "threads": 0, "cuts": 1} | more  # fmt: skip
        settings = [f"INTRUDER_{name.upper()}={value}" for name, value in variables.items()
                    if value is not None]  # fmt: skip
        self.under = ("env", f"LD_PRELOAD={library}", *settings)

    def told(self, server: FingerServer, what: str) -> list[str]:
        """Returns all that the intruder wrote about `what`, each time."""
        lines = [line.split() for line in server.stderr_text().splitlines()]
        return [words[2] for words in lines if words[:2] == ["intruder", what]]

    def passes(self, server: FingerServer) -> list[str]:
        """Returns the numbers of the calls that weren't refused, once the intruder has tried the
        last."""
        tried = wait_until(lambda: bool(self.told(server, "tried")), server.patience)
        assert tried, "it has not come so far"
        return self.told(server, "passes")

    def could(self, server: FingerServer, log: str | None = None) -> dict[str, str]:
        """Returns `done`, or the error, for each thing that the intruder tried when the first
        client came. `log` is standard error, for a server that doesn't know its own."""
        text = server.stderr_text() if log is None else log
        lines = [line.split() for line in text.splitlines()]
        return {words[1]: words[2] for words in lines if words[:1] == ["intruder"]}


Intrude = Callable[..., Intruder]


@pytest.fixture
def walled_in(target: FingerTarget) -> None:
    """Skips sanitizers, because their reports read files from everywhere, and because they must be
    the first library."""
    program = Path(target.command[0])
    if is_sanitized(program):
        pytest.skip("a sanitizer may read what it likes, and there is no filter of system calls")
    if b"no filter of system calls on this processor" in program.read_bytes():
        pytest.skip("built for a processor without a filter of system calls: call_filter.cc")


@pytest.fixture
def intrude(walled_in: None) -> Iterator[Intrude]:
    """Makes an intruder, and removes it afterwards."""
    with ExitStack() as made:
        yield lambda home_file, **more: Intruder(made, home_file, **more)
