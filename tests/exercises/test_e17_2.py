"""E17.2: coroutines on epoll."""

import pytest

from harness.strace import Strace
from harness.server import Server
from harness.subject import Subject
from kit import suite

pytestmark = pytest.mark.program("{port}")


def test_it_echoes_messages(target: Subject) -> None:
    """Messages come back whole and in order, after a half-close too, and nobody's end is anybody
    else's."""
    suite.contract(target, "test_framing.py", "test_half_close.py",
                   "test_survival.py").must_all_pass()


def test_one_thread_waits_for_all(server: Server) -> None:
    """Three clients in turn are served by one thread, which waits in epoll_wait."""
    clients = [server.connect() for _ in range(3)]
    with Strace(server, "-e", "trace=epoll_wait,epoll_pwait") as tracer:
        for turn in range(3):
            for client in clients:
                client.echo(b"%d" % turn)
    assert tracer.lines(), "no epoll_wait among its system calls"
    for client in clients:
        client.close()
