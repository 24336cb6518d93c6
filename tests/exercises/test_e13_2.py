"""E13.2: a program that tells whether a reload loses a query."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NOT_YET = "sh -c 'kill -HUP {pid}; echo alice | ncat 127.0.0.1 {port}'"

pytestmark = pytest.mark.program("{port} {pid}", not_yet=NOT_YET)

SERVERS = Path(__file__).parent / "kit" / "servers_of_e13_2.py"
Run = Callable[..., subprocess.CompletedProcess[bytes]]


@contextmanager
def serving(how: str) -> Iterator[dict[str, str]]:
    """A server that treats a SIGHUP in that manner: its port, its process."""
    with subprocess.Popen([sys.executable, SERVERS, how], stdout=subprocess.PIPE,
                          text=True) as server:
        assert server.stdout is not None
        try:
            yield {"port": server.stdout.readline().strip(), "pid": str(server.pid)}
        finally:
            server.kill()


def test_a_server_that_loses_nothing_is_acquitted(run: Run) -> None:
    """A server that goes on as if nothing had happened, whenever it is told to reload, loses
    nothing: exit status 0."""
    with serving("goes on") as server:
        ended = run(**server)
    assert ended.returncode == 0, said(ended)


@pytest.mark.parametrize("how", ["hangs up", "forgets the queue", "forgets what it has heard"])
def test_a_server_that_loses_a_query_is_found_out(run: Run, how: str) -> None:
    """A server that cuts off whoever is connected, refuses whoever comes at this moment, or has
    forgotten the beginning of a query after a reload is found out: exit status 1."""
    with serving(how) as server:
        ended = run(**server)
    assert ended.returncode == 1, f"a server that {how}: {said(ended)}"


def said(ended: subprocess.CompletedProcess[bytes]) -> str:
    """How the reader's program has ended, and what it has printed."""
    printed = (ended.stdout + ended.stderr)[-200:].decode(errors="replace")
    return f"your program said {printed!r} and ended with {ended.returncode}"
