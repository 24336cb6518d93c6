"""A client that has taken the daemon over: what its thread may still do, tried out from inside."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import pytest

from kit.server import FingerServer

SYS_LANDLOCK_CREATE_RULESET = 444
LANDLOCK_CREATE_RULESET_VERSION = 1
SOURCE = Path(__file__).with_name("intruder.c")


def landlock_version() -> int:
    """0: there is none."""
    libc = ctypes.CDLL(None, use_errno=True)
    call = (SYS_LANDLOCK_CREATE_RULESET, None, 0, LANDLOCK_CREATE_RULESET_VERSION)
    return max(0, libc.syscall(*call))


def need_landlock() -> None:
    """Skips the test where the kernel has no Landlock."""
    if landlock_version() == 0:
        pytest.skip("the kernel has no Landlock")


class Intruder:
    """Words in front of the daemon, `under`, that put it in; and afterwards what it could do.

    `credentials`: so many are registered with the daemon's ring, and tried.
    """

    def __init__(self, directory: Path, home_file: Path, outside: Path, port: int,
                 credentials: int = 0) -> None:  # fmt: skip
        if shutil.which("cc") is None:
            pytest.skip("no C compiler")
        library = directory / "intruder.so"
        words = ["cc", "-shared", "-fPIC", "-o", str(library), str(SOURCE)]
        subprocess.run(words, check=True)
        library.chmod(0o755)
        self.under = (
            "env", f"LD_PRELOAD={library}", f"INTRUDER_HOMES={home_file}",
            f"INTRUDER_OUTSIDE={outside}", f"INTRUDER_PORT={port}",
            f"INTRUDER_CREDENTIALS={credentials}",
        )  # fmt: skip

    def speaks_as(self, server: FingerServer) -> list[str]:
        """Whom its messages came from, `UID:GID`, with each of the credentials."""
        lines = [line.split() for line in server.stderr_text().splitlines()]
        return [words[2] for words in lines if words[:2] == ["intruder", "speaks-as"]]

    def could(self, server: FingerServer) -> dict[str, str]:
        """`done`, or the error, for each thing it tried when the first client came."""
        lines = [line.split() for line in server.stderr_text().splitlines()]
        return {words[1]: words[2] for words in lines if words[:1] == ["intruder"]}
