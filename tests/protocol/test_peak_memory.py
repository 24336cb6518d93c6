"""Large messages: the most memory that a connection ever takes, and how much of it stays."""

from collections.abc import Callable

import pytest

import rules
from harness.client import Client
from harness.frames import frames
from harness.memory import (
    MEBIBYTE,
    ROUNDS_MAX,
    Allowance,
    connections,
    in_units,
    least_growth,
    need_own_memory,
)
from harness.proc import wait_until
from harness.server import Server, Start

LARGEST = 8 * MEBIBYTE
TAKEN_AT_ONCE_BYTES = 1_000_000  # the kernel has room for this much


def payload(size_bytes: int) -> bytes:
    """Makes a payload with bytes of every value.

    We make none before a test needs it, because every process that runs a test of this suite
    imports this file, and forking a large process is slow.
    """
    return (bytes(range(256)) * -(-size_bytes // 256))[:size_bytes]


def largest() -> bytes:
    """Makes more than fits into the kernel's buffers and the bound together, even if those buffers
    may have 32 MiB."""
    return frames([payload(LARGEST)]) * 8


def growing() -> bytes:
    """Makes messages that need more and more room."""
    return frames(payload(size * MEBIBYTE) for size in (1, 3, 5, 8))


def mixed() -> bytes:
    """Makes large and tiny messages, so that some tiny ones arrive with the end of a large one."""
    tiny = [b"", b"x", payload(300)] * 30
    return frames(
        [*tiny, payload(LARGEST), *tiny, payload(5 * MEBIBYTE), *tiny, payload(LARGEST)])


def read_at_once(client: Client, stream: bytes) -> bytes:
    """Reads the answers as they come."""
    return client.exchange(stream, len(stream))


def read_late(client: Client, stream: bytes) -> bytes:
    """Reads the answers only when the server takes no more."""
    # On a busy machine, a server's loop may take this long to look again.
    sent = client.send_until_stuck(stream, pause=0.3)
    client.let_window_grow()
    return client.exchange(stream[sent:], len(stream))


def cut_oddly(client: Client, stream: bytes) -> bytes:
    """Sends the first message in pieces, and leaves its last byte out for a while."""
    client.send_in_pieces(stream[:1], stream[1:3], stream[3:70_001])
    sent = 70_001 + client.send_until_stuck(stream[70_001 : LARGEST + 3], pause=0.05)
    client.let_it_arrive()
    return client.exchange(stream[sent:], len(stream))


def started(start: Start) -> Server:
    """Starts a server for large messages, and lets a first client pay for the first connection."""
    server = start("--max-message", str(LARGEST))
    need_own_memory(server)
    with server.connect() as client:
        client.echo(b"first")
    return server


@pytest.mark.needs("backpressure", "max-message")
@pytest.mark.rule(rules.BOUNDED_MEMORY)
@pytest.mark.parametrize(
    "answers_to", [read_at_once, read_late, cut_oddly], ids=lambda way: way.__name__
)
def test_large_messages_never_cost_more_than_the_bound(
    start: Start, answers_to: Callable[[Client, bytes], bytes]
) -> None:
    server = started(start)
    before = server.process.memory_bytes()
    server.process.forget_peak()
    for made in (largest, growing, mixed):
        stream = made()
        with server.connect(receive_buffer=4096 if answers_to is read_late else None) as client:
            came_back = answers_to(client, stream) == stream
            assert came_back, f"what came back is not the stream '{made.__name__}'"
            # We read it now, because a server that forks ends the process with its client.
            cost = server.process.peak_memory_bytes() - before
        allowed = connections(1, LARGEST) + server.target.at_work
        assert cost < allowed.bytes, (
            f"{in_units(cost)} for one connection in the stream '{made.__name__}'; {allowed}")


@pytest.mark.needs("restore", "max-message")
@pytest.mark.rule(rules.RESTORE)
def test_the_memory_of_large_messages_goes_back(start: Start) -> None:
    server = started(start)
    stream = mixed()

    def two_clients() -> None:
        before = server.process.memory_bytes()
        for answers_to in (read_late, read_at_once):
            with server.connect() as client:
                client.expect_same(stream, answers_to(client, stream))
        wait_until(lambda: server.process.memory_bytes() - before < MEBIBYTE, server.patience)

    rounds = ROUNDS_MAX if server.target.piece_bytes else 1
    kept = least_growth(server.process.memory_bytes, two_clients, MEBIBYTE, rounds)
    assert kept < MEBIBYTE, f"{in_units(kept)} are kept though everybody has left"


@pytest.mark.needs("light-clients", "max-message")
@pytest.mark.rule(rules.IDLE_HOLDS_NOTHING)
def test_the_memory_of_a_large_answer_goes_back_though_nobody_says_another_word(
    start: Start,
) -> None:
    server = started(start)
    message = payload(TAKEN_AT_ONCE_BYTES)
    clients = [server.connect() for _ in range(4)]
    for client in clients:
        client.echo(b"here")
    before = server.process.memory_bytes()
    # So the server sends all the answers in one turn, the last before a silence.
    server.pause()
    for client in clients:
        client.send_messages(message)
    server.resume()
    for client in clients:
        client.expect(message)
    kept = server.process.memory_bytes
    allowed = Allowance({"half a message": len(message) // 2})
    allowed += server.target.at_rest
    assert wait_until(lambda: kept() - before < allowed.bytes, server.patience), (
        f"{in_units(kept() - before)} are kept though everybody has the answer; {allowed}")
