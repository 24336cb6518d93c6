"""E7.2: edges."""

from collections.abc import Callable

import pytest

from harness.server import Server
from harness.strace import Strace
from harness.subject import Subject
from kit import suite

pytestmark = pytest.mark.stage("part5-epoll")


def changes(lines: list[str], operation: str) -> list[str]:
    return [line for line in lines if f"EPOLL_CTL_{operation}" in line]


def test_connections_are_watched_for_edges(server: Server) -> None:
    """Every connection is added with EPOLLET."""
    with Strace(server, "-e", "trace=epoll_ctl") as tracer:
        for _ in range(5):
            server.connect().echo(b"hello")
    added = changes(tracer.lines(), "ADD")
    assert len(added) == 5, f"{len(added)} additions for 5 clients"
    level = [line for line in added if "EPOLLET" not in line]
    assert not level, f"this one is watched for levels: {level[0]}"


def test_the_interest_never_changes(start: Callable[..., Server]) -> None:
    """Even a client that reads slowly costs no further epoll_ctl(2), because the events are set
    once."""
    server = start("--max-message", "4000000")
    with Strace(server, "-e", "trace=epoll_ctl") as tracer:
        client = server.connect(receive_buffer=4096)
        for _ in range(3):
            client.send_messages(bytes(3_000_000))
            client.expect(bytes(3_000_000))
    changed = changes(tracer.lines(), "MOD")
    assert not changed, f"{len(changed)} changes, the first: {changed[0]}"


def test_what_one_turn_leaves_is_not_forgotten(server: Server) -> None:
    """Many messages arrive at once, and then nothing more. All of them are answered, although there
    is no further edge."""
    client = server.connect()
    payloads = [b"%d" % number * 20 for number in range(3000)]
    client.echo(*payloads)


def test_one_who_floods_keeps_nobody_waiting(server: Server) -> None:
    """The server reads until EAGAIN, but not in a single turn. While one client sends and reads
    without end, another client is answered."""
    flood, other = server.connect(), server.connect()
    server.pause()  # so that everything has arrived when the server looks
    flood.send_until_stuck(b"\x00\x10\x00\x00" + bytes(4096))
    flood.send_until_stuck((b"\x00\x10\x00\x00" + bytes(4096)) * 2000)
    other.send_messages(b"and me?")
    server.resume()
    other.expect(b"and me?")


@pytest.mark.parametrize("file", ["test_framing.py", "test_half_close.py", "test_closing.py",
                                  "test_backpressure.py", "test_drain.py"])
def test_the_stage_is_as_good_as_before(target: Subject, file: str) -> None:
    """The contract's tests pass as before."""
    suite.contract(target, file).must_all_pass()
