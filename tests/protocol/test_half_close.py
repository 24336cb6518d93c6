"""A client that has finished sending, and still reads."""

import time

import pytest

import rules
from harness import moments
from harness.at_rest import expect_rest
from harness.client import Client
from harness.frames import HEADER_BYTES, distinct_payloads, frame, frames
from harness.held import finish_and_read_late, send_until_the_server_holds_answers
from harness.server import Server
from harness.verdict import ContractBroken, hexdump

pytestmark = [pytest.mark.needs("half-close"), pytest.mark.every_ring]


@pytest.mark.rule(rules.HALF_CLOSE)
def test_half_close_without_a_message_is_answered_with_the_end_of_stream(client: Client) -> None:
    client.half_close()
    client.expect_end()


@pytest.mark.rule(rules.HALF_CLOSE)
def test_half_close_still_answers_every_complete_message(client: Client) -> None:
    expect_answers_after_half_close(client)


@pytest.mark.rule(rules.HALF_CLOSE)
@moments.after
def test_a_later_client_that_half_closes_gets_its_answers_too(server: Server, before: str) -> None:
    expect_answers_after_half_close(moments.client_after(server, before))


def expect_answers_after_half_close(client: Client) -> None:
    """Expects all the answers, and then the end of the stream."""
    payloads = distinct_payloads(20, 1000)
    client.send_and_half_close(frames(payloads))
    client.expect(*payloads)
    client.expect_end()


@pytest.mark.rule(rules.HALF_CLOSE)
@pytest.mark.parametrize("begun", [1, 4, 8], ids=lambda n: f"{n}-bytes-of-it")
def test_half_close_inside_a_message_answers_the_complete_ones_before_it(
    server: Server, begun: int
) -> None:
    for broken_off in (frame(b"broken off")[:begun], frame(bytes(60_000))[: begun * 5000]):
        client = server.connect()
        client.send_and_half_close(frames([b"one", b"two"]) + broken_off)
        client.expect(b"one", b"two")
        if answer := client.receive_until_end():
            raise ContractBroken(
                "a message that was never complete was answered, with "
                f"{hexdump(answer[:16], len(answer))}", client, rule=rules.CUT_SHORT)
        client.close()


@pytest.mark.rule(rules.HALF_CLOSE)
def test_answers_that_the_server_still_holds_outlive_a_half_close(server: Server) -> None:
    # The server has seen the end of the stream and holds only a few answers, which it easily
    # forgets to send.
    for more in (0, 3):
        with server.connect(receive_buffer=4096) as client:
            finish_and_read_late(client, more=more)


@pytest.mark.clock
@pytest.mark.needs("half-close", "rest-when-idle")
@pytest.mark.rule(rules.REST)
def test_a_client_that_has_finished_and_reads_nothing_takes_no_processor_time(
    server: Server,
) -> None:
    # The end of the stream stays readable, so a server that still waits for input wakes up forever.
    client = server.connect(receive_buffer=4096)
    send_until_the_server_holds_answers(client)
    client.half_close()
    time.sleep(0.3)  # under SQPOLL the kernel thread looks for work this long before it sleeps
    expect_rest(server, "of waiting for a client that has finished sending and reads nothing")


@pytest.mark.rule(rules.HALF_CLOSE)
def test_a_slow_reader_gets_every_answer_after_its_half_close(server: Server) -> None:
    # The server sees the end of the stream while its answers wait for room in the send buffer.
    client = server.connect(receive_buffer=4096)
    stream = frames(distinct_payloads(500, 16_000))
    sent = client.send_until_stuck(stream)
    client.half_close()
    client.let_window_grow()
    due = sent - sent % (HEADER_BYTES + 16_000)
    received = bytearray()
    while piece := client.receive_what_is_there(1 << 18):
        received += piece
        time.sleep(0.01)  # more slowly than any server sends
    assert len(received) == due, f"{len(received)} of {due} bytes that were due came back"
    assert stream.startswith(received), "what came back is not what was sent"


@pytest.mark.rule(rules.SURVIVE)
def test_a_client_that_sends_and_leaves_at_once_harms_nobody(server: Server) -> None:
    for _ in range(20):
        with server.connect() as client:
            client.send_messages(b"read by nobody")
    server.connect().echo(b"still there")
