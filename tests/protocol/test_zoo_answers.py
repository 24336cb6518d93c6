"""Answers that the kernel will not take yet, and what was received with their questions."""

from __future__ import annotations

import array
import fcntl
import socket
import struct
import termios

import pytest

import rules
from harness import sockdiag
from harness.client import Client
from harness.frames import frame, header
from harness.proc import wait_until
from harness.server import Server

BURST = frame(bytes(96)) * 160  # fits the 16 KiB that servers like to read at once
TRIES = 10
UNREAD_BYTES = 50_000  # more than a server reads at a time, less than its kernel takes
QUEUES = struct.Struct("=4x48x4xII")  # their place in struct inet_diag_msg


def queues(client: Client) -> tuple[int, int]:
    """At the server's end of the connection: bytes not read, and bytes not acknowledged."""
    names = client.socket.getpeername()[:2], client.socket.getsockname()[:2]
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, sockdiag.NETLINK_SOCK_DIAG) as diag:
            diag.settimeout(1)
            diag.send(sockdiag._request(*names, client.socket.family))
            answer = diag.recv(4096)
    except OSError as error:
        pytest.skip(f"the kernel does not tell about other people's sockets here: {error}")
    assert sockdiag.HEADER.unpack_from(answer)[1] != sockdiag.NLMSG_ERROR, "no such connection"
    return QUEUES.unpack_from(answer, sockdiag.HEADER.size)


def arrived_bytes(client: Client) -> int:
    """How many bytes the client could read now."""
    number = array.array("i", [0])
    fcntl.ioctl(client.socket.fileno(), termios.FIONREAD, number)
    return number[0]


def send_until_the_server_holds_answers(client: Client) -> tuple[int, bool]:
    """Sends a burst when the last one was taken, until the kernel does not take all of its answers.

    How much was sent, and whether the server has taken all of that: then nothing is left in the
    kernel that could wake it.
    """
    sent = 0

    def all_is_read() -> bool:
        return queues(client)[0] == 0

    def all_answers_are_out() -> bool:
        return arrived_bytes(client) + queues(client)[1] >= sent

    while True:
        client.send(BURST)
        sent += len(BURST)
        client.wait_until_in_kernel()
        if not wait_until(all_is_read, within=1.0, pause=0.0005):
            return sent, False  # it held answers to the burst before, unnoticed
        if not wait_until(all_answers_are_out, within=0.1, pause=0.0005):
            return sent, True


@pytest.mark.needs("backpressure")
@pytest.mark.rule(rules.SLOW_READER)
def test_what_the_server_has_received_is_answered_without_another_byte(server: Server) -> None:
    for _ in range(TRIES):
        client = server.connect(receive_buffer=4096)
        sent, all_taken = send_until_the_server_holds_answers(client)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        answers = client.receive(sent)
        assert answers == BURST * (sent // len(BURST))
        client.close()
        if all_taken:
            return
    pytest.skip(f"in {TRIES} tries the server never took all that was sent and held answers")


@pytest.mark.needs("closing", "interruptions")
@pytest.mark.rule(rules.CLOSE_WITHOUT_RESET)
def test_input_that_is_there_and_is_not_read_does_not_become_a_reset(server: Server) -> None:
    client = server.connect()
    client.echo(b"accepted")
    server.pause()  # so that there is more than it reads at a time when it finds what ends it
    client.send(frame(b"answered") + header(0xFFFFFFFF) + bytes(UNREAD_BYTES))
    client.wait_until_in_kernel()
    server.resume()
    client.expect(b"answered")
    client.expect_end()
