#!/usr/bin/python3
"""Counts a finger exchange's instructions in user space, by valgrind's callgrind.

    exchange.py BUILD         BUILD/finger/fingerd-plain, the same as a state machine, and fingerd

A client asks for alice, as often as EXCHANGES says, one exchange after the other. Those for frames
take a coroutine's frame from the pool and give it back. Looks at no clock: the numbers are those of
the compiler, whatever the machine is.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import callgrind

USERS = Path(__file__).resolve().parents[2] / "finger" / "users"
EXCHANGES, WARM_UP = 500, 10
COMMON = ("--port", "0", "--users", "users")
CONTRACT = ("--addr", "127.0.0.1", "--quiet")
DAEMONS = {"fingerd-plain": (), "fingerd-machine": CONTRACT,
           "fingerd": (*CONTRACT, "--max-per-ip", "1000")}  # fmt: skip
NOBODY = 65534  # callgrind is told to write by the user that it runs as, and fingerd gives root up


def where(directory: str) -> dict[str, Any]:
    """For subprocess: everybody may write there, and it is not root who does."""
    who = {"user": NOBODY, "group": NOBODY} if os.geteuid() == 0 else {}
    return {"cwd": directory, "env": {**os.environ, "TMPDIR": directory}, **who}


def ask(port: int) -> None:
    """One exchange."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"alice\r\n")
        while client.recv(65536):
            pass


def instructions(program: Path, options: tuple[str, ...]) -> tuple[float, float]:
    """An exchange's, in user space, and how many of them are for frames."""
    with tempfile.TemporaryDirectory(prefix="callgrind-", dir="/tmp") as directory:
        os.chmod(directory, 0o777)
        profile = Path(directory, "profile")
        # The project may lie where nobody else may enter, as beneath /root.
        copied = shutil.copy(program, directory)
        shutil.copytree(USERS, Path(directory, "users"))
        words = [*callgrind.TOOL, f"--callgrind-out-file={profile}", copied, *COMMON, *options]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              **where(directory)) as daemon:
            try:
                assert daemon.stdout is not None
                port = int(daemon.stdout.readline().rpartition(":")[2])
                for exchanges in (WARM_UP, EXCHANGES):
                    for _ in range(exchanges):
                        ask(port)
                    subprocess.run(["callgrind_control", "--dump", str(daemon.pid)], check=True,
                                   capture_output=True, **where(directory))
                counts = callgrind.instructions(Path(f"{profile}.2"))
            finally:
                daemon.kill()
    frames = sum(count for name, count in counts.items() if "FramePool" in name)
    return counts.total() / EXCHANGES, frames / EXCHANGES


def main() -> int:
    """A line for each."""
    if len(sys.argv) != 2 or not shutil.which("valgrind"):
        print(__doc__ if len(sys.argv) != 2 else "valgrind is not installed", file=sys.stderr)
        return 2
    for name, options in DAEMONS.items():
        each, frames = instructions(Path(sys.argv[1], "finger", name).resolve(), options)
        print(f"{name:16} {each:7,.0f} instructions an exchange, {frames:3,.0f} of them for frames")
    return 0


if __name__ == "__main__":
    sys.exit(main())
