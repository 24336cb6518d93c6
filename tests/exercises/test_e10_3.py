"""E10.3: an echo server with one system call a message, for many clients and rude ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.proc import wait_until
from harness.server import Server
from harness.strace import Strace

pytestmark = [
    pytest.mark.ring,
    pytest.mark.program("{port}"),
]

MESSAGES = 100
BIG = os.urandom(3_000_000)


def descriptors(server: Server) -> int:
    """How many descriptors the server has open."""
    return len(list(Path(f"/proc/{server.pid}/fd").iterdir()))


def test_bytes_come_back(server: Server) -> None:
    """A client gets its own bytes back, and no other client's, although three hundred clients send
    before the server looks."""
    clients = [server.connect() for _ in range(300)]
    for client in clients:
        client.exchange(b"hi", 2)
    server.pause()
    for number, client in enumerate(clients):
        client.send(b"hello, I am %d\n" % number)
    server.resume()
    for number, client in reversed(list(enumerate(clients))):
        wanted = b"hello, I am %d\n" % number
        assert client.receive(len(wanted)) == wanted


def test_a_message_costs_one_call(server: Server) -> None:
    """A hundred messages, each sent after the previous answer, cost a hundred calls of
    io_uring_enter(2), and no other call moves bytes."""
    with server.connect() as client:
        client.exchange(b"hi", 2)
        calls = "trace=io_uring_enter,recvfrom,recvmsg,sendto,sendmsg,read,write"
        with Strace(server, "-e", calls) as tracer:
            for _ in range(MESSAGES):
                client.exchange(b"hi", 2)
        counted = tracer.calls()
    enters = counted.pop("io_uring_enter", 0)
    assert not counted, f"bytes moved by other calls: {dict(counted)}"
    assert enters <= MESSAGES + 2, f"{MESSAGES} messages cost {enters} calls"


def test_a_slow_reader_gets_every_byte(server: Server) -> None:
    """A client that reads slowly gets each of its bytes once and in order. If a send had room for
    only some bytes, the rest is sent before anything else."""
    with server.connect() as client:
        assert client.exchange(BIG, len(BIG)) == BIG


def test_a_client_that_breaks_off_costs_nothing(server: Server) -> None:
    """If a client leaves with a reset, its answers unread, the server closes its descriptor. After
    a failed send, the server must not wait forever for the linked receive."""
    with server.connect() as other:
        other.exchange(b"hi", 2)
        before = descriptors(server)
        for _ in range(20):
            client = server.connect()
            client.send(BIG[:200_000])
            client.reset()
        assert wait_until(lambda: descriptors(server) == before, server.patience), (
            f"{descriptors(server) - before} descriptors are still open")
        other.exchange(b"ho", 2)
