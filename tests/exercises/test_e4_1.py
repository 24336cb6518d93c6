"""E4.1: threads that say whom they serve."""

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.client import Client
from harness.proc import wait_until
from harness.server import Server
from harness.subject import Subject
from kit import suite

pytestmark = pytest.mark.stage("part2-threads")

NAME_BYTES_MAX = 15


def names(server: Server) -> list[str]:
    """What the threads are called: ps -L -o comm."""
    found = []
    for thread in server.process.thread_ids():
        try:
            found.append(Path(f"/proc/{server.pid}/task/{thread}/comm").read_text().strip())
        except FileNotFoundError:  # it has ended
            pass
    return sorted(found)


def name_of(client: Client) -> str:
    host, port = client.socket.getsockname()[:2]
    return f"{host}:{port}"[-NAME_BYTES_MAX:]


@pytest.mark.parametrize("options", [(), ("--workers", "4")], ids=["a-thread-each", "pool"])
def test_a_thread_is_called_after_its_client(
    start: Callable[..., Server], options: tuple[str, ...]
) -> None:
    """While a thread serves a client its name is the client's address and port, as in
    127.0.0.1:40512, of which the last 15 characters count."""
    server = start(*options)
    clients = [server.connect() for _ in range(3)]
    for client in clients:
        client.echo(b"here")
    there = names(server)
    missing = [name_of(client) for client in clients if name_of(client) not in there]
    assert not missing, f"nobody is called {missing}; the threads are {there}"


@pytest.mark.parametrize("options", [(), ("--workers", "4")], ids=["a-thread-each", "pool"])
def test_a_thread_that_serves_nobody_has_its_old_name(
    start: Callable[..., Server], options: tuple[str, ...]
) -> None:
    """When the client has left, no thread is called after it."""
    server = start(*options)
    client = server.connect()
    client.echo(b"here")
    name = name_of(client)
    assert name in names(server), f"nobody is called {name}"
    client.close()
    assert wait_until(lambda: name not in names(server), server.patience), (
        f"a thread is still called {name}: {names(server)}")


def test_the_stage_is_as_good_as_before(target: Subject) -> None:
    """The contract's tests of framing pass as before."""
    suite.contract(target, "test_framing.py").must_all_pass()
