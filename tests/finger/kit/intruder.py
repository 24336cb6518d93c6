"""A client that has taken the daemon over: what its thread may still do, tried out from inside."""

import ctypes
import ctypes.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from harness.proc import is_sanitized, wait_until
from kit.call_list import numbers_permitted_with_any_arguments
from kit.namespace import as_nobody
from kit.server import FingerServer
from kit.target import FingerTarget

SYS_LANDLOCK_CREATE_RULESET = 444
LANDLOCK_CREATE_RULESET_VERSION = 1
SOURCE = Path(__file__).with_name("intruder.c")
COMPILER = os.environ.get("CC", "cc")  # for the daemon's processor

# Words in front of a program for what systemd's SystemCallArchitectures=native is: a thread that
# makes a call by another processor's numbers is killed, and no other.
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
    """0: there is none."""
    libc = ctypes.CDLL(None, use_errno=True)
    call = (SYS_LANDLOCK_CREATE_RULESET, None, 0, LANDLOCK_CREATE_RULESET_VERSION)
    return max(0, libc.syscall(*call))


def need_landlock() -> None:
    """Skips the test where the kernel has no Landlock."""
    if landlock_version() == 0:
        pytest.skip("the kernel has no Landlock")


def processor() -> str:
    """What the daemon was built for, as x86_64 or i686."""
    if shutil.which(COMPILER) is None:
        pytest.skip("no C compiler")
    told = subprocess.run([COMPILER, "-dumpmachine"], capture_output=True, text=True, check=True)
    return told.stdout.partition("-")[0]


def listed_numbers() -> set[int]:
    """Of the calls that are permitted with any arguments."""
    numbers = numbers_permitted_with_any_arguments(processor())
    if numbers is None:
        pytest.skip("no libseccomp to tell the numbers")
    return numbers


class Intruder:
    """Words in front of the daemon, `under`, that put it in; and afterwards what it could do.

    `credentials`: so many are registered with the daemon's ring, and tried. `threads`: it asks the
    kernel for so many. `cuts`: the first client's socket is to be connected elsewhere. `but`: it
    makes the system calls of every number but these. `numbers`: it only makes one by those of
    another processor, i386 or x32.
    `log`: it only writes over what the log says. `close()`
    when done.
    """

    def __init__(
        self, directory: Path, home_file: Path, outside: Path, port: int, credentials: int = 0,
        cuts: bool = True, but: Collection[int] = (), numbers: str = "", threads: int = 0,
        log: bool = False,
    ) -> None:  # fmt: skip
        processor()  # or there is no compiler
        library = directory / "intruder.so"
        words = [COMPILER, "-shared", "-fPIC", "-o", str(library), str(SOURCE)]
        subprocess.run(words, check=True)
        library.chmod(0o755)
        name = f"intruder-{directory.name}"
        self._abstract = socket.socket(socket.AF_UNIX)
        self._abstract.bind(f"\0{name}")
        self._abstract.listen()
        self._process = subprocess.Popen([*as_nobody(), "sleep", "600"])
        self.under = (
            "env", f"LD_PRELOAD={library}", f"INTRUDER_HOMES={home_file}",
            f"INTRUDER_OUTSIDE={outside}", f"INTRUDER_PORT={port}",
            f"INTRUDER_CREDENTIALS={credentials}", f"INTRUDER_THREADS={threads}",
            f"INTRUDER_ABSTRACT={name}",
            f"INTRUDER_PROCESS={self._process.pid}", *(["INTRUDER_CUTS=1"] if cuts else []),
            *([f"INTRUDER_PERMITTED=,{','.join(map(str, but))},"] if but else []),
            *([f"INTRUDER_NUMBERS={numbers}"] if numbers else []),
            *(["INTRUDER_LOG=1"] if log else []),
        )  # fmt: skip

    def close(self) -> None:
        """Ends what it might have talked to."""
        self._abstract.close()
        self._process.kill()
        self._process.wait()

    def speaks_as(self, server: FingerServer) -> list[str]:
        """Whom its messages came from, `UID:GID`, with each of the credentials."""
        lines = [line.split() for line in server.stderr_text().splitlines()]
        return [words[2] for words in lines if words[:2] == ["intruder", "speaks-as"]]

    def passes(self, server: FingerServer) -> list[int]:
        """The numbers of calls that nothing refused. It has tried all to the last, or we wait."""
        def lines(what: str) -> list[int]:
            found = [line.split() for line in server.stderr_text().splitlines()]
            return [int(words[2]) for words in found if words[:2] == ["intruder", what]]

        assert wait_until(lambda: bool(lines("tried")), server.patience), "it has not come so far"
        return lines("passes")

    def could(self, server: FingerServer, log: str | None = None) -> dict[str, str]:
        """`done`, or the error, for each thing it tried when the first client came.

        `log`: what was written to standard error, where the server does not know.
        """
        text = server.stderr_text() if log is None else log
        lines = [line.split() for line in text.splitlines()]
        return {words[1]: words[2] for words in lines if words[:1] == ["intruder"]}


@pytest.fixture
def unsanitized(target: FingerTarget) -> None:
    """A sanitizer's reports take files from everywhere, and it lets no library come before it."""
    if is_sanitized(Path(target.command[0])):
        pytest.skip("a sanitizer may read what it likes")


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """A file that has nothing to do with plans, and that everybody may read and write."""
    with tempfile.TemporaryDirectory(prefix="outside-") as directory:
        os.chmod(directory, 0o755)
        file = Path(directory, "file")
        file.write_bytes(b"what nobody may see\n")
        file.chmod(0o666)
        yield file


@pytest.fixture
def intrude() -> Iterator[Callable[..., Intruder]]:
    """Makes an intruder, and ends it."""
    with ExitStack() as made:
        yield lambda *words, **more: made.enter_context(closing(Intruder(*words, **more)))


@pytest.fixture
def somebody() -> Iterator[int]:
    """The port of a server on this machine, which knows nothing of ours."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]
