"""Clients that send more than they read: nothing is lost, and memory stays bounded."""

from collections.abc import Callable

import pytest

import rules
from harness.at_rest import descriptors_at_rest, expect_descriptors_back, expect_rest
from harness.client import Client
from harness.frames import HEADER_BYTES, distinct_payloads, frames
from harness.held import BURST, send_until_the_server_holds_answers
from harness.memory import connections, in_units, need_own_memory
from harness.server import Server

pytestmark = pytest.mark.needs("backpressure")

PAYLOADS = distinct_payloads(500, 16_000)
AT_A_TIME = 50  # messages
TRIES = 10


def complete_bytes(stream_bytes: int, payload_bytes: int) -> int:
    """Returns how many of `stream_bytes` belong to complete messages of one size."""
    return stream_bytes - stream_bytes % (HEADER_BYTES + payload_bytes)


@pytest.mark.rule(rules.SLOW_READER)
def test_a_thousand_pipelined_messages_reach_a_slow_reader(server: Server) -> None:
    # A slow reader: it reads only when the server has stopped taking more.
    client = server.connect(receive_buffer=65536)
    stream = frames(distinct_payloads(1000, 60_000))
    sent, received = 0, 0
    while sent < len(stream):
        taken = client.send_until_stuck(stream[sent : sent + (4 << 20)], pause=0.002)
        sent += taken
        if taken == 0:
            piece = client.receive_what_is_there(1 << 20)
            assert piece, f"the server ended the stream after {received} bytes"
            assert stream.startswith(piece, received), f"answers differ after byte {received}"
            received += len(piece)
    client.half_close()
    rest = client.receive_until_end()
    assert received + len(rest) == len(stream), f"{received + len(rest)} of {len(stream)} bytes"
    came_back = stream.endswith(rest)
    assert came_back, "what came back is not what was sent"


@pytest.mark.every_ring
@pytest.mark.rule(rules.SLOW_READER)
@pytest.mark.parametrize("payload_bytes", [0, 100, 5000, 60_000])
def test_messages_are_answered_though_their_sender_falls_silent(
    server: Server, payload_bytes: int
) -> None:
    # Once the answers are out, no new input arrives to wake the server, so it has to remember by
    # itself that it holds unanswered messages.
    client = server.connect(receive_buffer=4096)
    stream = frames(distinct_payloads(20_000_000 // (payload_bytes + 200), payload_bytes))
    sent = client.send_until_stuck(stream, pause=0.1)
    expected = complete_bytes(sent, payload_bytes)
    client.let_window_grow()
    received = client.receive(expected)
    came_back = received == stream[:expected]
    assert came_back, "what came back is not what was sent"
    client.expect_silence()


def crowd_that_never_reads(server: Server, count: int) -> list[Client]:
    """Connects clients that send as much as the server will take."""
    stream = frames(PAYLOADS) * (1 if count > 1 else 4)  # much more than any garbage
    clients = [server.connect(receive_buffer=4096) for _ in range(count)]
    for client in clients:
        client.send_until_stuck(stream, pause=0.05)
    return clients


@pytest.mark.rule(rules.BOUNDED_MEMORY)
def test_a_client_that_never_reads_costs_bounded_memory(server: Server) -> None:
    expect_bounded_memory(server, 1)


@pytest.mark.needs("backpressure", "concurrency")
@pytest.mark.rule(rules.BOUNDED_MEMORY)
def test_twenty_clients_that_never_read_cost_bounded_memory_and_hold_up_nobody(
    server: Server,
) -> None:
    expect_bounded_memory(server, 20)
    server.connect().echo(b"beside twenty who never read")


def expect_bounded_memory(server: Server, count: int) -> None:
    """Expects `count` clients that never read to stay under the contract's bound for each."""
    need_own_memory(server)
    # Afterwards, `before` includes the cost of a first connection, and garbage.
    with server.connect() as client:
        for payload in PAYLOADS:
            client.echo(payload)
        for begin in range(0, len(PAYLOADS), AT_A_TIME):  # a message cut in two makes garbage, too
            stream = frames(PAYLOADS[begin : begin + AT_A_TIME])
            came_back = client.exchange(stream, len(stream)) == stream
            assert came_back, "what came back is not what was sent"
    before = server.process.memory_bytes()
    crowd_that_never_reads(server, count)
    kept = server.process.memory_bytes() - before
    allowed = connections(count) + server.target.at_work
    assert kept < allowed.bytes, f"{in_units(kept)} for {count} that never read; {allowed}"


@pytest.mark.needs("backpressure", "rest-when-idle")
@pytest.mark.clock
@pytest.mark.rule(rules.REST)
def test_waiting_for_a_client_to_read_takes_no_processor_time(server: Server) -> None:
    crowd_that_never_reads(server, 1)
    expect_rest(server, "of waiting for a client that reads nothing")


@pytest.mark.rule(rules.SURVIVE)
def test_a_client_that_never_read_and_leaves_takes_its_memory_with_it(server: Server) -> None:
    at_rest = descriptors_at_rest(server, lambda client: client.echo(b"first"))
    for leaves in (Client.reset, Client.close):

        def one_comes(leaves: Callable[[Client], None] = leaves) -> None:
            (client,) = crowd_that_never_reads(server, 1)
            leaves(client)
            with server.connect() as next_one:
                next_one.echo(b"next")

        at_rest = expect_descriptors_back(server, at_rest, one_comes)


@pytest.mark.rule(rules.SLOW_READER)
def test_messages_that_the_server_has_received_are_answered_without_further_input(
    server: Server
) -> None:
    for _ in range(TRIES):
        client = server.connect(receive_buffer=4096)
        sent, all_taken = send_until_the_server_holds_answers(client)
        client.let_window_grow()
        client.expect_bytes(BURST * (sent // len(BURST)))
        client.close()
        if all_taken:
            return
    pytest.skip(f"in {TRIES} tries the server never held answers with all of its input read")
