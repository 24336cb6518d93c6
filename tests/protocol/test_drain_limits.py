"""An orderly stop that takes longer than any limit of an ordinary day, or comes at a bad moment."""

import signal
import socket
import time

import pytest

import rules
from harness.frames import HEADER_BYTES, distinct_payloads, frames, long_stream
from harness.held import MOMENT_SECONDS, queues, server_has_ended
from harness.lingering import LINGER_SECONDS, TOO_LONG
from harness.proc import wait_until
from harness.server import Server, Start
from harness.stopping import expect_in_full, expect_refusal
from harness.strace import RECEIVE_CALLS, Strace, delay

pytestmark = pytest.mark.every_ring
LONGER_SECONDS = LINGER_SECONDS + 1
AFTER_A_RECEIVE_MICROSECONDS = 300_000


@pytest.mark.needs("drain", "read-timeout")
@pytest.mark.rule(rules.DRAIN)
@pytest.mark.parametrize("last", [TOO_LONG, b""], ids=["being-closed", "conversing"])
def test_in_a_stop_no_limit_but_that_of_the_stop_ends_a_client(start: Start, last: bytes) -> None:
    # Neither the lingering, which has begun before the stop, nor the time for a message is so long.
    server = start("--drain-timeout", "30s", "--read-timeout", "1s")
    client = server.connect(receive_buffer=4096)
    answered = frames(distinct_payloads(3, 60_000))
    client.send(answered + last)
    assert wait_until(lambda: server_has_ended(client) or not last, server.patience), (
        f"{server.patience:g} s after too long a message the server has not ended its stream")
    wait_until(lambda: not queues(client).unread, MOMENT_SECONDS)
    server.send_signal(signal.SIGTERM)
    expect_refusal(server)
    for _ in range(int(LONGER_SECONDS / 0.1)):
        client.try_send(b"nobody reads this")  # a reset is the answer to this once we are closed
        time.sleep(0.1)
    received = client.receive_until_gone()
    expect_in_full(client, received, len(answered))
    assert received == answered, "what came back is not what was sent"
    server.expect_exit()


@pytest.mark.needs("drain")
@pytest.mark.rule(rules.DRAIN)
def test_a_stop_is_over_as_soon_as_all_that_had_arrived_is_answered(start: Start) -> None:
    # Most messages are still in the kernel when the signal comes, and each begins a time limit.
    server = start("--drain-timeout", "20s")
    client = server.connect(receive_buffer=65536)
    sent = client.send_until_stuck(long_stream())
    arrived = sent - client.unacknowledged_bytes()
    server.send_signal(signal.SIGTERM)
    signalled = time.monotonic()
    expect_refusal(server)
    received = client.send_on_until_gone(b"")
    took = time.monotonic() - signalled
    assert took < server.patience, f"it was over {took:.1f} s after SIGTERM, though nobody was slow"
    expect_in_full(client, received, arrived - arrived % (HEADER_BYTES + 16_000))
    assert long_stream().startswith(received), "what came back is not what was sent"
    server.expect_exit()


@pytest.mark.needs("drain")
@pytest.mark.rule(rules.DRAIN)
def test_a_stop_reads_what_a_client_sends_before_it_reads(start: Start) -> None:
    # Its send() returns when the server's kernel has room, and only then does it read its answers.
    server = start("--drain-timeout", "30s")
    client = server.connect(receive_buffer=4096)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    answered = frames(distinct_payloads(3, 60_000))
    client.send(answered)
    wait_until(lambda: not queues(client).unread, MOMENT_SECONDS)
    time.sleep(MOMENT_SECONDS)
    server.send_signal(signal.SIGTERM)
    expect_refusal(server)
    client.send(TOO_LONG + bytes(8 << 20))  # it waits for us, so we mustn't discard in small bites
    received = client.receive_until_gone()
    expect_in_full(client, received, len(answered))
    assert received == answered, "what came back is not what was sent"
    server.expect_exit()


@pytest.mark.needs("plain-calls", "drain")
@pytest.mark.rule(rules.DRAIN)
def test_a_receive_that_found_nothing_before_the_signal_does_not_count(server: Server) -> None:
    # A receive finds nothing, and before the server looks at that, a message arrives, and then the
    # signal. A server that never rests is nearly always in that moment.
    client = server.connect()
    client.echo(b"accepted")
    with Strace(server, *delay(RECEIVE_CALLS, AFTER_A_RECEIVE_MICROSECONDS)):
        time.sleep(0.1)
        client.send_messages(b"in time")
        client.wait_until_in_kernel()
        server.send_signal(signal.SIGTERM)
        client.expect(b"in time")
        client.expect_end()
    server.expect_exit()
