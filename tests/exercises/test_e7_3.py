"""E7.3: writes that nobody asked for."""

from collections.abc import Callable

import pytest

from harness.client import Client
from harness.frames import frame
from harness.server import Server
from harness.subject import Subject
from kit import suite

pytestmark = pytest.mark.stage("part5-epoll")

OPTION = "--broadcast"


def crowd(server: Server, size: int) -> list[Client]:
    """Connects clients. The server knows them all, because each has heard the later ones."""
    clients: list[Client] = []
    for number in range(size):
        clients.append(server.connect())
        clients[-1].send_messages(b"%d is here" % number)
        for client in clients:
            client.expect(b"%d is here" % number)
    return clients


def test_everybody_hears_a_message(start: Callable[..., Server]) -> None:
    """With --broadcast, a message goes to every client of the loop, including its sender."""
    clients = crowd(start(OPTION), 5)
    clients[2].send_messages(b"hello", b"", b"all")
    for client in clients:
        client.expect(b"hello", b"", b"all")


def test_a_message_is_passed_on_when_it_is_complete(start: Callable[..., Server]) -> None:
    """A message is passed on only when it is complete, and two speakers' messages don't mix."""
    one, two, listener = crowd(start(OPTION), 3)
    one.send_in_pieces(frame(b"slowly")[:7])
    two.send_messages(b"quick")
    listener.expect(b"quick")
    listener.expect_silence()
    one.send(frame(b"slowly")[7:])
    listener.expect(b"slowly")


def test_who_was_busy_gets_it_later(start: Callable[..., Server]) -> None:
    """A client that reads late gets everything, in order."""
    server = start(OPTION)
    speaker = crowd(server, 1)[0]
    slow = server.connect(receive_buffer=4096)
    slow.send_messages(b"here")
    speaker.expect(b"here")
    slow.expect(b"here")
    payloads = [b"%d" % number * 2000 for number in range(20)]
    for payload in payloads:
        speaker.echo(payload)
    slow.expect(*payloads)


def test_who_is_always_a_little_behind_stays(start: Callable[..., Server]) -> None:
    """A client that is always a few messages behind gets all of them. Only a few wait for it at any
    time, however many it gets in all."""
    server = start(OPTION, "--max-message", "1000000")
    speaker = crowd(server, 1)[0]
    slow = server.connect(receive_buffer=4096)
    slow.send_messages(b"here")
    speaker.expect(b"here")
    slow.expect(b"here")
    payload = bytes(100_000)
    for number in range(50 + 200):
        speaker.send_messages(payload)
        speaker.expect(payload)
        if number >= 50:
            slow.expect(payload)


def test_who_never_reads_costs_little_and_holds_up_nobody(start: Callable[..., Server]) -> None:
    """One client never reads. The others hear everything. The server holds a bounded number of
    bytes for that client, or closes it."""
    server = start(OPTION)
    speaker, listener = crowd(server, 2)
    deaf = server.connect(receive_buffer=4096)
    deaf.send_messages(b"talk to me")
    for client in (speaker, listener):
        client.expect(b"talk to me")
    before = server.process.memory_bytes()
    payload = bytes(60_000)
    for _ in range(400):  # 24 MB
        speaker.send_messages(payload)
        speaker.expect(payload)
        listener.expect(payload)
    grown = server.process.memory_bytes() - before
    assert server.process.is_sanitized() or grown < 2 << 20, f"it has grown by {grown} bytes"


def test_whoever_leaves_is_told_nothing_more(start: Callable[..., Server]) -> None:
    """Clients leave with a close or a reset, and the others go on hearing each other."""
    server = start(OPTION)
    clients = crowd(server, 6)
    clients[0].close()
    clients[1].reset()
    clients[2].half_close()
    clients[3].send_messages(b"who is left?")
    for client in clients[3:]:
        client.expect(b"who is left?")


def test_without_the_option_nothing_has_changed(target: Subject) -> None:
    """Without the option, each client gets only its own messages."""
    suite.contract(target, "test_framing.py").must_all_pass()
