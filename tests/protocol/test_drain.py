"""An orderly stop: the server answers every message that had arrived, and waits for no more."""

import signal
import time
from contextlib import suppress

import pytest

import rules
from harness.frames import HEADER_BYTES, distinct_payloads, frame, frames, header, long_stream
from harness.held import MOMENT_SECONDS, finish_and_read_late, queues, server_has_ended
from harness.limits import need_descriptors, send_buffer_bytes_max, unread_bytes_max
from harness.lingering import TOO_LONG
from harness.proc import wait_until
from harness.server import Server, Start
from harness.stopping import (SAME_STOP_SECONDS, expect_exit_without_the_gone, expect_in_full,
                              expect_refusal, expect_to_drain)
from harness.verdict import ContractBroken

pytestmark = [pytest.mark.needs("drain"), pytest.mark.every_ring]
AT_ONCE = 3.0  # the contract's one second is for an idle machine
IDLE_SECONDS, TRIES = 1.0, 3  # at least one of three tries finds the machine idle
SLOWLY_SECONDS = 6.0  # longer than the default of --drain-timeout
STOP_SIGNALS = [signal.SIGTERM, signal.SIGINT]


def expect_stop(server: Server, within: float, number: signal.Signals = signal.SIGTERM) -> float:
    """Asks the server to stop, which must end with 0. Returns the seconds it took."""
    begin = time.monotonic()
    server.expect_stop(number, within=within)
    return time.monotonic() - begin


@pytest.mark.clock
@pytest.mark.rule(rules.DRAIN_IDLE)
@pytest.mark.parametrize("number", STOP_SIGNALS, ids=lambda s: s.name)
def test_it_stops_at_once_when_nobody_is_connected(start: Start, number: signal.Signals) -> None:
    took = min(expect_stop(start(), AT_ONCE, number) for _ in range(TRIES))
    assert took < IDLE_SECONDS, f"{TRIES} stops took {took:.1f} s at least; a second is enough"


@pytest.mark.clock
@pytest.mark.rule(rules.DRAIN_IDLE)
def test_an_idle_client_sees_an_orderly_end_and_holds_up_nothing(server: Server) -> None:
    client = server.connect()
    client.echo(b"idle from now on")
    time.sleep(0.1)  # until the server waits again, because a stop before that is a different case
    expect_stop(server, AT_ONCE)
    client.expect_end()


@pytest.mark.clock
@pytest.mark.rule(rules.DRAIN_IDLE)
@pytest.mark.parametrize("begun", [1, 4, 9], ids=lambda n: f"{n}-bytes-of-it")
def test_an_incomplete_message_is_not_waited_for(server: Server, begun: int) -> None:
    client = server.connect()
    client.echo(b"complete")
    client.send_in_pieces(frame(b"not complete")[:begun])
    expect_stop(server, AT_ONCE)
    client.expect_end()


@pytest.mark.rule(rules.DRAIN)
@pytest.mark.parametrize("number", STOP_SIGNALS, ids=lambda s: s.name)
def test_messages_that_had_arrived_when_the_signal_came_are_answered(
    server: Server, number: signal.Signals
) -> None:
    client = server.connect()
    client.echo(b"accepted")
    # More than one receive of 64 KiB brings, if the kernel takes that much from a client at all.
    count = min(80, unread_bytes_max() // 1020)
    assert count >= 10
    payloads = distinct_payloads(count, 1000)
    server.pause()  # so the server can't have read any of this before the signal
    client.send(frames(payloads) + header(10) + b"half")
    client.wait_until_in_kernel()
    server.send_signal(number)
    server.resume()
    client.expect(*payloads)
    client.expect_end()
    server.expect_exit()


@pytest.mark.needs("drain", "concurrency")
@pytest.mark.rule(rules.DRAIN)
def test_every_client_gets_its_answers_before_the_server_stops(server: Server) -> None:
    clients = [server.connect() for _ in range(30)]
    for client in clients:
        client.echo(b"accepted")
    payloads = distinct_payloads(10, 3000)
    server.pause()
    for client in clients:
        client.send_messages(*payloads)
        client.wait_until_in_kernel()
    server.send_signal(signal.SIGTERM)
    server.resume()
    for client in clients:
        client.expect(*payloads)
        client.expect_end()
    server.expect_exit()


@pytest.mark.rule(rules.DRAIN)
@pytest.mark.parametrize("then", ["falls_silent", "sends_on"])
def test_megabytes_on_their_way_to_a_slow_reader_arrive_in_full(start: Start, then: str) -> None:
    # If input arrives after we shut down both directions, the kernel sends a reset, and that throws
    # away every answer that hasn't left yet.
    server = start("--drain-timeout", "30s")
    client = server.connect(receive_buffer=65536)
    sent = client.send_until_stuck(long_stream())
    arrived = sent - client.unacknowledged_bytes()  # bytes that the server's kernel certainly has
    server.send_signal(signal.SIGTERM)
    time.sleep(0.1)
    received = client.send_on_until_gone(long_stream()[sent:] if then == "sends_on" else b"")
    due = arrived - arrived % (HEADER_BYTES + 16_000)
    expect_in_full(client, received, due)
    assert long_stream().startswith(received), "what came back is not what was sent"
    server.expect_exit()


@pytest.mark.needs("drain", "read-timeout")
@pytest.mark.rule(rules.DRAIN_BOUNDED)
def test_a_slow_reader_has_as_long_as_the_option_says(start: Start) -> None:
    server = start("--drain-timeout", "60s", "--read-timeout", "0")
    client = server.connect(receive_buffer=4096)
    sent = client.send_until_stuck(long_stream())
    arrived = sent - client.unacknowledged_bytes()
    signalled = time.monotonic()
    server.send_signal(signal.SIGTERM)
    expect_refusal(server)
    received = b""
    with suppress(ContractBroken):  # expect_in_full() below reports the missing bytes
        while time.monotonic() - signalled < SLOWLY_SECONDS:
            time.sleep(0.1)
            if time.monotonic() - signalled > SLOWLY_SECONDS / 2:  # at first we read nothing
                received += client.receive(1000)
    client.let_window_grow()
    received += client.send_on_until_gone(b"")
    gone = time.monotonic() - signalled
    try:
        expect_in_full(client, received, arrived - arrived % (HEADER_BYTES + 16_000))
    except ContractBroken as broken:
        broken.args = (f"{gone:.1f} s after SIGTERM the connection was over, and --drain-timeout "
                       f"is 60 s; the client began to read fast after {SLOWLY_SECONDS:g} s. "
                       f"{broken}",)
        raise
    came_back = long_stream().startswith(received)
    assert came_back, "what came back is not what was sent"
    server.expect_exit()


@pytest.mark.rule(rules.DRAIN)
@pytest.mark.parametrize("last", [TOO_LONG, b""], ids=["which-waits-for-the-end", "in-the-kernel"])
def test_answers_on_their_way_outlive_a_stop(start: Start, last: bytes) -> None:
    # The server has nothing left to send, and may have shut down its sending side already. If a
    # stop shuts down the other direction, too, the kernel answers input with a reset.
    server = start("--drain-timeout", "30s")
    client = server.connect(receive_buffer=4096)
    answered = frames(distinct_payloads(20, 20_000))
    client.send(answered + last)
    assert wait_until(lambda: server_has_ended(client) or not last, server.patience), (
        f"{server.patience:g} s after too long a message the server has not ended its stream")
    wait_until(lambda: not queues(client).unread, MOMENT_SECONDS)
    time.sleep(MOMENT_SECONDS)
    server.send_signal(signal.SIGTERM)
    expect_refusal(server)
    for _ in range(3):
        client.try_send(b"nobody reads this")
        time.sleep(0.05)
    received = client.receive_until_gone()
    expect_in_full(client, received, len(answered))
    assert received == answered, "what came back is not what was sent"
    server.expect_exit()


@pytest.mark.rule(rules.DRAIN)
def test_answers_that_are_held_for_a_client_that_has_finished_outlive_a_stop(start: Start) -> None:
    server = start("--drain-timeout", "30s")
    client = server.connect(receive_buffer=4096)
    finish_and_read_late(client, lambda: server.send_signal(signal.SIGTERM))
    server.expect_exit()


@pytest.mark.rule(rules.DRAIN)
def test_a_client_that_goes_on_sending_does_not_keep_the_server_from_stopping(
    server: Server,
) -> None:
    client = server.connect()
    client.echo(b"before")
    server.send_signal(signal.SIGTERM)
    over = time.monotonic() + server.patience
    while client.try_send(frame(b"after")) and server.is_alive() and time.monotonic() < over:
        time.sleep(0.01)
    server.expect_exit()


@pytest.mark.rule(rules.DRAIN_IDLE)
def test_the_longest_drain_is_over_when_nobody_is_left(start: Start) -> None:
    server = start("--drain-timeout", "527040m")
    client = server.connect()
    client.echo(b"before")
    server.send_signal(signal.SIGTERM)
    client.expect_end()
    server.expect_exit()


@pytest.mark.clock
@pytest.mark.rule(rules.DRAIN_BOUNDED)
def test_a_client_that_never_reads_is_waited_for_as_long_as_the_option_says(start: Start) -> None:
    # With a shorter time, a drain several times as long would look immediate, too.
    server = start("--drain-timeout", "2s")
    client = server.connect(receive_buffer=4096)
    client.echo(b"is accepted")  # a busy loop without a core would leave it in the backlog
    client.send_until_stuck(long_stream())
    took = expect_stop(server, 2 + AT_ONCE)
    assert took >= 2, f"gave up after {took:.3f} s; it had two seconds to try"


@pytest.mark.clock
@pytest.mark.rule(rules.DRAIN_BOUNDED)
@pytest.mark.parametrize("timeout", ["0", "1ms"])
def test_a_client_that_never_reads_is_not_waited_for_where_there_is_no_time(
    start: Start, timeout: str
) -> None:
    server = start("--drain-timeout", timeout)
    server.connect(receive_buffer=4096).send_until_stuck(long_stream())
    expect_stop(server, AT_ONCE)


@pytest.mark.clock
@pytest.mark.needs("drain", "read-timeout")
@pytest.mark.rule(rules.SECOND_SIGNAL)
@pytest.mark.parametrize(
    "first, second",
    [(signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGTERM)],
    ids=["twice-SIGTERM", "SIGINT-then-SIGTERM"],
)
def test_a_second_signal_ends_it_at_once(
    start: Start, first: signal.Signals, second: signal.Signals
) -> None:
    server = start("--drain-timeout", "60s", "--read-timeout", "0")
    server.connect(receive_buffer=4096).send_until_stuck(long_stream())
    server.send_signal(first)
    expect_refusal(server)
    time.sleep(SAME_STOP_SECONDS)
    expect_to_drain(server)
    expect_stop(server, AT_ONCE, second)


@pytest.mark.needs("drain", "read-timeout")
@pytest.mark.rule(rules.SECOND_SIGNAL)
def test_signals_that_come_together_are_one_stop(start: Start) -> None:
    # timeout(1) signals its child, and then the process group, which includes the child.
    server = start("--drain-timeout", "30s", "--read-timeout", "0")
    client = server.connect(receive_buffer=65536)
    sent = client.send_until_stuck(long_stream())
    arrived = sent - client.unacknowledged_bytes()
    server.pause()  # so both signals are pending when the server continues
    for number in STOP_SIGNALS:
        server.send_signal(number)
    server.resume()
    received = client.send_on_until_gone(b"")
    expect_in_full(client, received, arrived - arrived % (HEADER_BYTES + 16_000))
    server.expect_exit()


@pytest.mark.clock
@pytest.mark.needs("workers", "read-timeout")
@pytest.mark.rule(rules.SECOND_SIGNAL)
def test_a_second_signal_ends_whichever_worker_still_drains(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TSAN_OPTIONS", "report_thread_leaks=0")  # the process joins no thread
    for _ in range(3):  # one time in four the draining worker receives the signal itself
        server = start("--workers", "4", "--drain-timeout", "60s", "--read-timeout", "0")
        server.connect(receive_buffer=4096).send_until_stuck(long_stream())
        server.send_signal(signal.SIGTERM)
        expect_refusal(server)
        time.sleep(SAME_STOP_SECONDS)  # by then, the workers without clients are done
        expect_to_drain(server)
        expect_stop(server, AT_ONCE)


@pytest.mark.clock
@pytest.mark.rule(rules.DRAIN_IDLE)
def test_a_connection_that_is_just_being_closed_does_not_hold_up_the_stop(server: Server) -> None:
    can = server.target.capabilities
    several = "concurrency" in can and "pool" not in can
    lingering = [server.connect() for _ in range(50 if several else 1)]
    for client in lingering:
        client.send(frame(b"answered") + header(0xFFFFFFFF))
        client.expect(b"answered")
        client.expect_end()  # from here on, the server waits up to two seconds for the client's end
    begin = time.monotonic()
    server.send_signal(signal.SIGTERM)
    for client in lingering[1:]:
        client.close()  # some of them while the server begins to stop
    server.expect_exit(AT_ONCE)
    took = time.monotonic() - begin
    assert took < 1.5, f"the stop took {took:.1f} s; a second is enough"


@pytest.mark.clock
@pytest.mark.rule(rules.DRAIN_IDLE)
@pytest.mark.parametrize("moment", ["same", "just_before"])
def test_a_client_that_resets_with_answers_unread_does_not_hold_up_the_stop(
    start: Start, moment: str
) -> None:
    # After a reset, no peer will ever acknowledge the bytes that were in flight.
    for _ in range(4):
        server = start()
        client = server.connect(receive_buffer=4096)
        client.send_until_stuck(long_stream(), pause=0.03)
        if moment == "same":
            server.pause()
            client.reset()
            server.send_signal(signal.SIGTERM)
            server.resume()
        else:
            client.reset()
            server.send_signal(signal.SIGTERM)
        expect_exit_without_the_gone(server, AT_ONCE)


@pytest.mark.clock
@pytest.mark.rule(rules.DRAIN_IDLE)
@pytest.mark.parametrize(("messages", "size"), [(5, 1000), (1, 65_536)], ids=["small", "large"])
def test_a_client_that_left_before_its_answers_does_not_hold_up_the_stop(
    server: Server, messages: int, size: int
) -> None:
    # The signal may arrive when the server has seen only part of a large message. Then it sends the
    # answer, and gets the reset, after the drain has begun.
    client = server.connect()
    client.echo(b"accepted")
    server.pause()
    size = min(size, unread_bytes_max() - 1000)
    assert size >= 1000
    client.send_messages(*distinct_payloads(messages, size))  # answered in one go, so no send fails
    client.wait_until_in_kernel()
    client.close()  # an orderly close, but the answers will meet a reset
    server.send_signal(signal.SIGTERM)
    server.resume()
    expect_exit_without_the_gone(server, AT_ONCE)


@pytest.mark.needs("drain", "max-connections")
@pytest.mark.clock
@pytest.mark.rule(rules.BACKLOG_DROPPED)
def test_connections_that_were_never_accepted_are_dropped(start: Start) -> None:
    _expect_backlog_dropped(start("--max-connections", "1"))


@pytest.mark.lacks("concurrency")
@pytest.mark.clock
@pytest.mark.rule(rules.BACKLOG_DROPPED)
def test_connections_that_wait_for_the_one_thread_are_dropped(server: Server) -> None:
    _expect_backlog_dropped(server)


def _expect_backlog_dropped(server: Server) -> None:
    served = server.connect()
    served.echo(b"has the only place")
    waiting = [server.connect() for _ in range(5)]
    for client in waiting:
        client.send_messages(b"in the backlog")
    expect_stop(server, AT_ONCE)
    served.expect_end()
    for client in waiting:
        assert client.receive_until_gone() == b"", "answered, though never accepted"


@pytest.mark.needs("drain", "logs", "max-message")
@pytest.mark.rule(rules.LOGS)
def test_a_message_that_is_too_long_is_logged_in_a_drain_too(start: Start) -> None:
    payload = bytes(2 * send_buffer_bytes_max())
    server = start("--max-message", str(len(payload)), "--drain-timeout", "30s")
    client = server.connect(receive_buffer=4096)
    client.send(frame(payload))
    client.send(header(0xFFFFFFFF))
    client.wait_until_in_kernel()
    # The server can't get rid of the answer, and hasn't looked at the next length yet.
    server.send_signal(signal.SIGTERM)
    expect_refusal(server)
    client.let_window_grow()
    client.expect_same(frame(payload), client.receive_until_end())
    server.expect_exit()
    lines = server.log_lines()
    assert len(lines) == 1, f"{len(lines)} lines for a message that was too long: {lines}"


@pytest.mark.needs("drain", "crowd")
@pytest.mark.clock
@pytest.mark.rule(rules.DRAIN_IDLE)
def test_a_thousand_idle_clients_hold_up_nothing(server: Server) -> None:
    need_descriptors(1100)
    clients = [server.connect() for _ in range(1000)]
    clients[-1].echo(b"so that all have been accepted")
    for client in clients:
        client.echo(b"idle from now on")
    expect_stop(server, AT_ONCE)
