#!/usr/bin/python3
"""Counts what a finger exchange costs a daemon: instructions in user space, by valgrind's callgrind.

    exchange.py BUILD         BUILD/finger/fingerd, and the same as a state machine

A client asks for alice, as often as EXCHANGES says, one exchange after the other. Looks at no
clock: the numbers are those of the compiler, whatever the machine is.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

USERS = Path(__file__).resolve().parents[2] / "finger" / "users"
EXCHANGES, WARM_UP = 50, 10
COMMON = ("--addr", "127.0.0.1", "--port", "0", "--users", str(USERS), "--quiet")
DAEMONS = {"fingerd": ("--max-per-ip", "1000"), "fingerd-machine": ()}
TOTAL = re.compile(r"^totals: (\d+)$", re.MULTILINE)
NOBODY = 65534  # callgrind is told to write by the user that it runs as, and fingerd gives root up


def as_nobody() -> dict[str, int]:
    """Who runs it, for subprocess: not root."""
    return {"user": NOBODY, "group": NOBODY} if os.geteuid() == 0 else {}


def ask(port: int) -> None:
    """One exchange."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"alice\r\n")
        while client.recv(65536):
            pass


def instructions(program: Path, options: tuple[str, ...]) -> float:
    """An exchange's, in user space."""
    with tempfile.TemporaryDirectory(prefix="callgrind-") as directory:
        os.chmod(directory, 0o777)
        profile = Path(directory, "profile")
        words = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={profile}",
                 str(program), *COMMON, *options]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              cwd=directory, **as_nobody()) as daemon:
            try:
                assert daemon.stdout is not None
                port = int(daemon.stdout.readline().rpartition(":")[2])
                for exchanges in (WARM_UP, EXCHANGES):
                    for _ in range(exchanges):
                        ask(port)
                    subprocess.run(["callgrind_control", "--dump", str(daemon.pid)], check=True,
                                   capture_output=True, cwd=directory, **as_nobody())
                total = TOTAL.search(Path(f"{profile}.2").read_text())
            finally:
                daemon.kill()
    assert total
    return int(total[1]) / EXCHANGES


def main() -> int:
    """A line for each."""
    if len(sys.argv) != 2 or not shutil.which("valgrind"):
        print(__doc__ if len(sys.argv) != 2 else "valgrind is not installed", file=sys.stderr)
        return 2
    for name, options in DAEMONS.items():
        each = instructions(Path(sys.argv[1], "finger", name).resolve(), options)
        print(f"{name:16} {each:7,.0f} instructions an exchange")
    return 0


if __name__ == "__main__":
    sys.exit(main())
