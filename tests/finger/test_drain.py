"""An orderly stop: the server answers clients that have sent a complete query, and waits for no
others."""

import os
import signal
import time

import pytest

import rules
from conftest import ANSWER
from harness.proc import wait_until
from kit.client import FingerClient
from kit.reference import INVALID_QUERY, LARGE, NO_SUCH_USER, converted
from kit.server import FingerServer, Start

pytestmark = [pytest.mark.needs("contract"), pytest.mark.every_ring, pytest.mark.rule(rules.DRAIN)]

AT_ONCE = 3.0  # the contract's one second is for an idle machine
SIGNALS = pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"]
)


def expect_stop(server: FingerServer, within: float, number: int = signal.SIGTERM) -> float:
    """Asks the server to stop, which must end with 0. Returns the seconds it took."""
    begin = time.monotonic()
    status = server.stop(signal.Signals(number), within=within)
    assert status == 0, f"ended with {status}, not 0"
    return time.monotonic() - begin


def reading_slowly(server: FingerServer) -> FingerClient:
    """Returns a client whose answer can't be sent completely yet."""
    server.users.replace("alice", LARGE)
    return server.reading_slowly(b"alice")


@pytest.mark.clock
@SIGNALS
def test_it_stops_at_once_when_there_is_no_client(
    start: Start, number: signal.Signals
) -> None:
    server = start()
    server.expect(b"alice", ANSWER)
    expect_stop(server, AT_ONCE, number)


@pytest.mark.clock
@pytest.mark.parametrize("begun", [b"", b"ali"], ids=["silent", "half"])
def test_half_a_query_is_not_waited_for(server: FingerServer, begun: bytes) -> None:
    client = server.connect()
    client.send_in_pieces(begun)
    expect_stop(server, AT_ONCE)
    assert client.receive_until_gone() == b""


@pytest.mark.clock
def test_a_client_that_lingers_after_the_answer_is_not_waited_for(server: FingerServer) -> None:
    client = server.asking(b"alice")
    client.expect_answer(ANSWER)
    expect_stop(server, AT_ONCE)


@SIGNALS
def test_queries_that_had_arrived_are_answered(
    server: FingerServer, number: signal.Signals
) -> None:
    """An error counts as an answer."""
    rests = [(b" alice\r\n", b"Name: alice\r\n" + ANSWER),
             (b" nobody\r\n" + b"x" * 2000, NO_SUCH_USER), (b"\xff\r\n", INVALID_QUERY)] * 4
    clients = [server.connect() for _ in rests]
    for client in clients:
        client.send_in_pieces(b"/W")  # accepted, and read
    server.pause()  # so the server can't have read any of this before the signal
    for client, (rest, _) in zip(clients, rests):
        client.send(rest)
        client.wait_until_in_kernel()
    server.send_signal(number)
    server.resume()
    for client, (_, answer) in zip(clients, rests):
        client.expect_answer(answer)
    assert server.wait_exit() == 0


def test_a_large_answer_arrives_in_full(server: FingerServer) -> None:
    client = reading_slowly(server)
    server.send_signal(signal.SIGTERM)
    assert wait_until(server.refuses_connections, server.patience), "still accepts connections"
    client.expect_that(client.take_the_rest(), converted(LARGE))
    assert server.wait_exit() == 0


@pytest.mark.clock
@pytest.mark.parametrize("plan", [LARGE[:100_000], LARGE], ids=["in-the-kernel", "unsent"])
def test_an_answer_outlives_the_lingering_for_a_client_that_reads_late_and_goes_on_sending(
    start: Start, plan: bytes
) -> None:
    """A close with unread input, after the two seconds of a client without a stop, would reset."""
    server = start("--deadline", "20s")
    server.users.replace("alice", plan)
    client = server.reading_slowly(b"alice")
    server.send_signal(signal.SIGTERM)
    for pause in (0.3, 3.0):
        time.sleep(pause)
        client.try_send(b"and more\r\n")
    client.let_it_arrive()
    client.expect_that(client.take_the_rest(), converted(plan))
    client.close()
    assert server.wait_exit() == 0


@pytest.mark.clock
def test_the_deadline_bounds_a_stop(start: Start) -> None:
    server = start("--deadline", "1s")
    begin = time.monotonic()
    reading_slowly(server)
    expect_stop(server, 1 + AT_ONCE)
    assert time.monotonic() - begin >= 1, "gave up on an answer before its deadline"


@pytest.mark.clock
def test_connections_in_the_backlog_are_turned_away(start: Start) -> None:
    server = start("--max-clients", "1", "--deadline", "1s")
    reading_slowly(server)
    waiting = [server.asking(b"alice") for _ in range(5)]
    expect_stop(server, 1 + AT_ONCE)
    for client in waiting:
        assert client.receive_until_gone() == b"", "answered, though never accepted"


@pytest.mark.clock
@pytest.mark.rule(rules.SECOND_SIGNAL)
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_second_signal_ends_it_at_once(server: FingerServer, second: signal.Signals) -> None:
    client = reading_slowly(server)
    server.send_signal(signal.SIGTERM)
    assert wait_until(server.refuses_connections, server.patience), "still accepts connections"
    time.sleep(0.3)  # earlier, it would be the same stop
    assert server.is_alive(), "stopped without the answer that is due"
    expect_stop(server, AT_ONCE, second)
    client.let_window_grow()
    client.expect_reset()
    assert "a second signal came; clients still connected: 1\n" in server.stderr_text()


@pytest.mark.clock
def test_clients_from_before_a_reload_are_not_waited_for_either(start: Start) -> None:
    server = start("--query-timeout", "1m", "--deadline", "1m")
    client = server.connect()
    client.send_in_pieces(b"ali")
    server.reload()
    expect_stop(server, AT_ONCE)
    assert client.receive_until_gone() == b""


@pytest.mark.rule(rules.SECOND_SIGNAL)
def test_two_signals_at_once_are_one_stop(server: FingerServer) -> None:
    """timeout(1) signals its child, and then the process group, which includes the child."""
    client = reading_slowly(server)
    os.kill(server.pid, signal.SIGSTOP)
    os.kill(server.pid, signal.SIGTERM)
    os.kill(server.pid, signal.SIGINT)
    os.kill(server.pid, signal.SIGCONT)
    client.expect_that(client.take_the_rest(), converted(LARGE))
    assert server.wait_exit() == 0


@pytest.mark.clock
def test_a_client_that_resets_in_the_drain_is_not_waited_for(server: FingerServer) -> None:
    client = reading_slowly(server)
    server.send_signal(signal.SIGTERM)
    assert wait_until(server.refuses_connections, server.patience), "still accepts connections"
    client.reset()
    assert server.wait_exit(within=AT_ONCE) == 0


def test_a_reload_in_the_drain_changes_nothing(server: FingerServer) -> None:
    client = reading_slowly(server)
    server.send_signal(signal.SIGTERM)
    server.send_signal(signal.SIGHUP)
    client.expect_that(client.take_the_rest(), converted(LARGE))
    assert server.wait_exit() == 0
