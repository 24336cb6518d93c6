"""Runs servers that play a part, kit/servers_of_*.py. They print their port."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def serving(servers: str, how: str) -> Iterator[dict[str, str]]:
    """Runs a server that treats its clients, or signals, in that way. Returns its port and pid."""
    program = Path(__file__).parent / servers
    with subprocess.Popen([sys.executable, program, how], stdout=subprocess.PIPE,
                          text=True) as server:
        assert server.stdout is not None
        try:
            yield {"port": server.stdout.readline().strip(), "pid": str(server.pid)}
        finally:
            server.kill()


def said(ended: subprocess.CompletedProcess[bytes]) -> str:
    """The output and the exit status of the reader's program."""
    printed = (ended.stdout + ended.stderr)[-200:].decode(errors="replace")
    return f"your program said {printed!r} and ended with {ended.returncode}"
