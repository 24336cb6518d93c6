"""Large messages: the most memory that a connection ever takes, and what is left of it."""

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
TAKEN_AT_ONCE_BYTES = 1_000_000  # the kernel has room for so much


def payload(size_bytes: int) -> bytes:
    """So many bytes, of every value.

    None is made before a test asks for it: a process that has much is slow to fork, and each that
    runs any test of this suite reads this file.
    """
    return (bytes(range(256)) * -(-size_bytes // 256))[:size_bytes]


def largest() -> bytes:
    """More than the kernel's buffers and the bound together, where those may have 32 MiB."""
    return frames([payload(LARGEST)]) * 8


def growing() -> bytes:
    """Messages of which each needs more room than the one before."""
    return frames(payload(size * MEBIBYTE) for size in (1, 3, 5, 8))


def mixed() -> bytes:
    """Large messages and tiny ones, some of which arrive with the end of a large one."""
    tiny = [b"", b"x", payload(300)] * 30
    return frames(
        [*tiny, payload(LARGEST), *tiny, payload(5 * MEBIBYTE), *tiny, payload(LARGEST)])


def read_at_once(client: Client, stream: bytes) -> bytes:
    """The answers, read as they come."""
    return client.exchange(stream, len(stream))


def read_late(client: Client, stream: bytes) -> bytes:
    """The answers, read when the server takes no more."""
    # A busy loop that shares its core with others may not look for that long.
    sent = client.send_until_stuck(stream, pause=0.3)
    client.let_window_grow()
    return client.exchange(stream[sent:], len(stream))


def cut_oddly(client: Client, stream: bytes) -> bytes:
    """The answers, when the first message comes in pieces and lacks a byte for a while."""
    client.send_in_pieces(stream[:1], stream[1:3], stream[3:70_001])
    sent = 70_001 + client.send_until_stuck(stream[70_001 : LARGEST + 3], pause=0.05)
    client.let_it_arrive()
    return client.exchange(stream[sent:], len(stream))


def started(start: Start) -> Server:
    """A server for large messages, and what a first connection costs is paid."""
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
            cost = server.process.peak_memory_bytes() - before  # a process for it ends with it
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
    server.pause()  # so that all the answers are sent in one turn, the last before a silence
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
