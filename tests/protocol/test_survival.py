"""Clients break off, reset, dribble and send nonsense, and the server serves the next one."""

import socket
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rules
from harness import moments
from harness.client import Client
from harness.examples import for_each_example
from harness.frames import distinct_payloads, frame, frames, header
from harness.proc import wait_until
from harness.server import Server
from harness.verdict import ContractBroken

TCP_USER_TIMEOUT = 18  # in milliseconds; Python has a name for this option from 3.12 on
GIVE_UP_SECONDS = 10.0
STREAM = frames([b"", b"one", b"and another one"])


def still_serves(server: Server) -> None:
    """Expects the server to serve the next client as if nothing had happened."""
    with server.connect() as client:
        client.echo(b"anybody there?")


@pytest.mark.needs("survival")
@pytest.mark.rule(rules.SURVIVE)
def test_a_client_that_vanishes_at_any_byte_harms_nobody(server: Server) -> None:
    leave_at_any_byte(server, Client.close)


@pytest.mark.needs("survival")
@pytest.mark.rule(rules.SURVIVE)
def test_a_client_that_resets_at_any_byte_harms_nobody(server: Server) -> None:
    leave_at_any_byte(server, Client.reset)


@pytest.mark.needs("survival")
@pytest.mark.rule(rules.SURVIVE)
def test_a_client_that_ends_its_stream_at_any_byte_harms_nobody(server: Server) -> None:
    leave_at_any_byte(server, lambda client: (client.half_close(), client.receive_until_gone()))


def leave_at_any_byte(server: Server, leaves: Callable[[Client], None]) -> None:
    """Lets one client leave after each number of bytes. The next client must notice nothing."""
    for cut in range(len(STREAM)):
        sockets = moments.socket_count(server)
        client = server.connect()
        client.send_in_pieces(STREAM[:cut])
        leaves(client)
        with moments.client_in_its_place(server, sockets) as next_one:
            next_one.echo(b"next")
    still_serves(server)


@pytest.mark.needs("survival")
@pytest.mark.rule(rules.SURVIVE)
def test_answering_a_client_that_has_left_does_not_end_the_server(server: Server) -> None:
    # The end of the stream comes first and the reset after it, so a write fails with EPIPE and
    # raises SIGPIPE.
    for _ in range(5):
        client = server.connect()
        client.echo(b"accepted")
        server.pause()
        client.send(frames(distinct_payloads(12, 5000)))
        client.half_close()
        client.wait_until_in_kernel()
        client.reset()
        server.resume()
        with server.connect() as next_one:
            next_one.echo(b"next")


@pytest.mark.needs("survival")
@pytest.mark.rule(rules.SURVIVE)
def test_clients_that_connect_and_leave_without_a_word_harm_nobody(server: Server) -> None:
    for _ in range(200):
        server.connect().close()
    server.pause()  # these have left before they are accepted: such a socket has no peer's address
    for leaves in 2 * (Client.close, Client.reset):  # as many as the shortest backlog holds
        leaves(server.connect())
    server.resume()
    still_serves(server)


@pytest.mark.needs("survival")
@pytest.mark.rule(rules.SURVIVE)
def test_random_bytes_end_at_most_their_own_connection(server: Server) -> None:
    server.limit_memory(1 << 30)  # some of the nonsense announces more than the machine has

    @given(nonsense=st.binary(max_size=2000))
    def check(nonsense: bytes) -> None:
        with server.connect() as client:
            client.try_send(nonsense)
            client.try_send(header(0xFFFFFFFF))  # so that the connection ends, whatever came before
            try:
                client.half_close()
                client.receive_until_end()
            except ContractBroken as broken:
                if not broken.by_reset:
                    raise  # a reset is a fair answer to nonsense, but silence isn't

    for_each_example(check)
    still_serves(server)


@pytest.mark.needs("survival")
@pytest.mark.rule(rules.SURVIVE)
def test_a_client_whose_line_is_dead_harms_nobody(server: Server) -> None:
    # When the client's kernel takes no data for a while, the server's kernel gives the connection
    # up. The error is ETIMEDOUT, unlike those of a client that has left.
    client = server.connect(receive_buffer=4096)
    client.send_until_stuck(frame(bytes(60_000)) * 200)
    give_up_soon(server, client)
    if not wait_until(lambda: client.servers_end() is None, GIVE_UP_SECONDS):
        pytest.skip("the kernel has not given the connection up here")
    server.connect().echo(b"served when another connection has failed")


def give_up_soon(server: Server, client: Client) -> None:
    """Makes the server's kernel give up as soon as the client takes nothing for 100 ms. tcp(7)"""
    end = client.servers_end()
    assert end is not None, "no such connection"
    for process, number, inode in server.tree.each_socket():
        if inode == end.inode:
            try:
                with process.borrow_socket(number) as own:
                    own.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, 100)
            except PermissionError as error:
                pytest.skip(f"a server's socket cannot be had here: {error}")
            return
    pytest.skip("the connection is none of a process that can be seen")
