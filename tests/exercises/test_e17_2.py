"""E17.2: coroutines on epoll."""

import pytest

from harness.strace import Strace
from harness.server import Server
from harness.subject import Subject
from kit import suite

pytestmark = pytest.mark.program("{port}")


def test_it_echoes_messages(target: Subject) -> None:
    """Messages come back complete and in order, even after a half-close, and one client's end
    doesn't end others."""
    suite.contract(target, "test_framing.py", "test_half_close.py",
                   "test_survival.py").must_all_pass()


def test_one_thread_waits_for_all(server: Server) -> None:
    """One thread, which waits in epoll_wait, serves three clients in turn."""
    clients = [server.connect() for _ in range(3)]
    with Strace(server, "-e", "trace=epoll_wait,epoll_pwait") as tracer:
        for turn in range(3):
            for client in clients:
                client.echo(b"%d" % turn)
    assert tracer.lines(), "no epoll_wait among its system calls"
    for client in clients:
        client.close()
