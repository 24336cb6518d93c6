"""The server hangs up first, and no answer is lost."""

import time
from collections.abc import Callable

import pytest

import rules
from harness import moments
from harness.client import Client
from harness.frames import distinct_payloads, frames, header
from harness.held import finish_and_read_late
from harness.lingering import (
    LINGER_SECONDS, TOO_LONG, UNREAD, LingeringClose, expect_lingering_close, expect_two_seconds)
from harness.server import Server, Start
from harness.timing import AT_ONCE_SECONDS, happens_often


@pytest.mark.needs("closing")
@pytest.mark.rule(rules.TOO_LONG_BY_DEFAULT)
@pytest.mark.parametrize(
    "length",
    [65537, 0x1000A, 0x20000, 0x01000000, 0x7FFFFFFF, 0x80000000, 0x8000000A, 0xFFFFFFFC,
     0xFFFFFFFF],  # one for each number of bits that a server might keep a length in
)
def test_too_long_a_message_ends_the_connection_at_the_fourth_byte(
    client: Client, length: int
) -> None:
    client.echo(b"before")
    client.send_in_pieces(*(bytes([byte]) for byte in header(length)))  # without a byte of payload
    client.expect_end()


@pytest.mark.needs("closing")
@pytest.mark.rule(rules.TOO_LONG_BY_DEFAULT)
def test_three_bytes_of_a_length_are_not_a_length_yet(client: Client) -> None:
    client.send_in_pieces(b"\xff\xff\x00")
    client.expect_silence()
    client.send(b"\x00" + bytes(0xFFFF))
    client.expect(bytes(0xFFFF))


@pytest.mark.needs("closing")
@pytest.mark.rule(rules.TOO_LONG_ANSWERS_FIRST)
def test_messages_before_one_that_is_too_long_are_answered(server: Server) -> None:
    client = server.connect()
    payloads = distinct_payloads(50, 700)
    client.send(frames(payloads) + TOO_LONG)
    client.expect(*payloads)
    client.expect_end()
    client.close()
    slow = server.connect(receive_buffer=4096)
    finish_and_read_late(slow, finish=lambda one: one.send(TOO_LONG))


@pytest.mark.needs("closing")
@pytest.mark.rule(rules.CLOSE_WITHOUT_RESET)
def test_unread_input_does_not_turn_the_close_into_a_reset(client: Client) -> None:
    expect_lingering_close(client)


@pytest.mark.needs("closing")
@pytest.mark.rule(rules.CLOSE_WITHOUT_RESET)
@moments.after
def test_unread_input_of_a_later_client_does_not_either(server: Server, before: str) -> None:
    expect_lingering_close(moments.client_after(server, before))


@pytest.mark.needs("closing")
@pytest.mark.rule(rules.CLOSE_WITHOUT_RESET)
def test_answers_larger_than_any_buffer_survive_the_close(server: Server) -> None:
    client = server.connect(receive_buffer=16384)
    payloads = distinct_payloads(16, 60_000)
    stream = frames(payloads)
    with LingeringClose(client):
        answers = client.exchange(stream + TOO_LONG + UNREAD, len(stream))
        client.expect_same(stream, answers)
        client.expect_end()


@pytest.mark.needs("closing")
@pytest.mark.rule(rules.CLOSE_WITHOUT_RESET)
def test_after_its_end_of_stream_the_server_still_takes_input(client: Client) -> None:
    client.send(TOO_LONG)
    client.expect_end()
    with LingeringClose(client):
        for _ in range(20):
            client.send(bytes(10_000))
            client.wait_until_in_kernel()


@pytest.mark.clock
@pytest.mark.needs("closing", "max-connections")
@pytest.mark.rule(rules.CLOSE_WITHOUT_RESET)
def test_the_end_of_stream_comes_before_the_wait_for_the_peers(client: Client) -> None:
    begin = time.monotonic()
    client.send(TOO_LONG)
    client.expect_end()
    waited = time.monotonic() - begin
    assert waited < LINGER_SECONDS / 2, (
        f"the server ended its stream {waited:.1f} s after it knew that the message is too long; "
        "it must not wait for its client's end before that")


@pytest.mark.clock
@pytest.mark.needs("closing", "concurrency")
@pytest.mark.rule(rules.BYSTANDER)
def test_nobody_waits_while_the_server_waits_for_a_clients_end(server: Server) -> None:
    neighbour = server.connect()
    neighbour.echo(b"here")

    def is_in_time(leaves: Callable[[Client], None]) -> bool:
        guilty = server.connect()
        guilty.send(TOO_LONG)
        guilty.expect_end()
        leaves(guilty)
        begin = time.monotonic()
        neighbour.echo(b"and at once")
        return time.monotonic() - begin < AT_ONCE_SECONDS

    if not happens_often(lambda: is_in_time(lambda stays: None)):
        raise neighbour.broken(
            "a client was hardly ever answered at once, while the server waited for the end of "
            "another one's stream")
    for leaves in (Client.close, Client.reset):
        if not happens_often(lambda how=leaves: is_in_time(how)):
            raise neighbour.broken(
                "a client was hardly ever answered at once, when another one had just left")


@pytest.mark.clock
@pytest.mark.needs("closing", "max-connections")
@pytest.mark.rule(rules.CLOSING_KEEPS_PLACE)
def test_a_connection_being_closed_keeps_its_place_until_its_peer_ends(start: Start) -> None:
    server = start("--max-connections", "1")
    first = server.connect()
    first.send(TOO_LONG)
    first.expect_end()
    second = server.connect()
    second.send_messages(b"waits")
    second.expect_silence(0.3, " to client 2, since client 1 still has the only place")
    first.close()
    second.expect(b"waits")


@pytest.mark.clock
@pytest.mark.needs("closing")
@pytest.mark.rule(rules.LINGER_ENDS)
@pytest.mark.parametrize("says", [b"", b"still here"], ids=["silent", "sends-on"])
def test_a_peer_that_never_ends_its_stream_is_given_two_seconds(
    client: Client, says: bytes
) -> None:
    client.send(TOO_LONG)
    client.expect_end()
    expect_two_seconds(client, says)
