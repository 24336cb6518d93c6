"""E5.1: how many bytes went to and fro."""

import re
from collections.abc import Callable

import pytest

from harness.client import Client
from harness.frames import frames
from harness.proc import wait_until
from harness.server import Server

pytestmark = pytest.mark.stage("part3-nonblocking")

LINE = re.compile(r"(\S+): (\d+) bytes in, (\d+) bytes out")


def counted(server: Server, client: Client, address: str) -> tuple[int, int]:
    """The numbers in the log for this client, which has left."""

    def lines() -> list[tuple[int, int]]:
        found = (LINE.fullmatch(line) for line in server.log_lines())
        return [(int(one[2]), int(one[3])) for one in found if one and one[1] == address]

    if not wait_until(lambda: bool(lines()), server.patience):
        raise client.broken(f"no line says `{address}: N bytes in, N bytes out`")
    assert len(lines()) == 1, f"{len(lines())} lines about {address}"
    return lines()[0]


def address_of(client: Client) -> str:
    return "{}:{}".format(*client.socket.getsockname())


def test_the_bytes_of_a_client_are_counted(start: Callable[..., Server]) -> None:
    """With --verbose, a line about each client that leaves says how many bytes came from it and
    went to it, including the four bytes of each length."""
    server = start("--verbose")
    clients = [server.connect() for _ in range(3)]
    for number, client in enumerate(clients):
        for _ in range(number):
            client.echo(bytes(100))
    for number, client in enumerate(clients):
        address = address_of(client)
        client.close()
        assert counted(server, client, address) == (104 * number, 104 * number)


def test_answers_that_were_held_are_counted_too(start: Callable[..., Server]) -> None:
    """A client sends a lot, half-closes, and reads the answers late. Bytes that the server had to
    hold count when the kernel takes them."""
    server = start("--verbose", "--max-message", "4000000")
    client = server.connect(receive_buffer=4096)
    stream = frames([bytes(3_900_000)])
    client.send(stream)
    client.half_close()
    client.let_window_grow()
    assert len(client.receive_until_end()) == len(stream)
    assert counted(server, client, address_of(client)) == (len(stream), len(stream))


def test_half_a_message_is_counted_and_not_answered(start: Callable[..., Server]) -> None:
    """Bytes of an incomplete message count as received."""
    server = start("--verbose")
    client = server.connect()
    client.send(b"\5\0\0\0hel")
    client.half_close()
    client.expect_end()
    assert counted(server, client, address_of(client)) == (7, 0)


def test_nothing_is_said_without_verbose(server: Server) -> None:
    """Without --verbose, there is no line about a client that leaves."""
    client = server.connect()
    client.echo(b"hello")
    client.half_close()
    client.expect_end()
    assert server.log_lines() == []
