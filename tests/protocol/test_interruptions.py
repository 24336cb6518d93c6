"""Signals that the server doesn't care about: interrupted calls, pauses, writing to a closed
connection."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

import rules
from harness.client import Client
from harness.frames import distinct_payloads, frame
from harness.server import Server, Start
from harness.strace import ACCEPT_CALLS, RECEIVE_CALLS, SEND_CALLS, WAIT_CALLS, Strace, inject
from harness.target import Target

pytestmark = pytest.mark.needs("interruptions")


def talk(server: Server, clients: int = 5, rounds: int = 10) -> None:
    """Makes ordinary traffic, one client after the other."""
    for number in range(clients):
        with server.connect() as client:
            for payload in distinct_payloads(rounds, 50 * number):
                client.echo(payload)
            client.half_close()
            client.expect_end()


@pytest.mark.needs("plain-calls", "interruptions")
@pytest.mark.rule(rules.EINTR)
@pytest.mark.parametrize(
    "calls", [ACCEPT_CALLS, RECEIVE_CALLS, SEND_CALLS], ids=["accept", "receive", "send"]
)
def test_interrupted_calls_of_one_kind_change_nothing(server: Server, calls: str) -> None:
    with Strace(server, *inject(calls, "EINTR", "2+3")) as tracer:
        talk(server)
        tracer.must_have_injected()


# Only such servers wait for many clients with one call.
@pytest.mark.needs("interruptions", "light-clients", "rest-when-idle")
@pytest.mark.rule(rules.EINTR)
def test_an_interrupted_wait_is_taken_up_again(server: Server) -> None:
    with Strace(server, *inject(WAIT_CALLS, "EINTR", "1+2")) as tracer:
        talk(server)
        tracer.must_have_injected()


@pytest.mark.rule(rules.EINTR)
def test_signals_that_nobody_handles_change_nothing(server: Server) -> None:
    with server.connect() as client:
        for payload in distinct_payloads(50, 100):
            server.send_signal(signal.SIGWINCH)
            server.send_signal(signal.SIGURG)
            client.echo(payload)


@pytest.mark.rule(rules.EINTR)
def test_a_pause_in_the_middle_of_a_wait_changes_nothing(server: Server) -> None:
    time.sleep(0.1)  # by now the server is inside accept, epoll_wait or the like
    server.pause()
    server.resume()
    with server.connect() as client:
        client.echo(b"before")
        time.sleep(0.1)  # by now the server is inside receive
        server.pause()
        server.resume()
        client.echo(b"after")
        server.pause()
        client.send_messages(b"sent to one who does not run")
        server.resume()
        client.expect(b"sent to one who does not run")


def expect_answers_after_a_pause(server: Server, clients: list[Client], seconds: float) -> None:
    """Sends a message from each client to the paused server, which continues after `seconds`.

    Afterwards, a client has as much time for its next message as after any other.
    """
    server.pause()
    for client in clients:
        client.send_messages(b"in time")
    clients[-1].wait_until_in_kernel()
    time.sleep(seconds)
    server.resume()
    for client in clients:
        client.expect(b"in time")
    again = frame(b"in time again")
    for piece in (again[:6], again[6:]):
        time.sleep(0.2)
        # We send all before the first answer, because the test itself may be paused, too.
        for client in clients[-3:]:
            client.send(piece)
    for client in clients[-3:]:
        client.expect(b"in time again")


@pytest.mark.clock
@pytest.mark.needs("concurrency", "read-timeout")
@pytest.mark.rule(rules.PAUSED)
def test_messages_that_came_in_time_are_answered_by_a_server_that_was_paused(
    start: Start, target: Target
) -> None:
    target.need_buffers()
    server = start("--read-timeout", "1500ms")
    clients = [server.connect() for _ in range(30)]
    for client in clients:
        client.echo(b"accepted")
    time.sleep(0.1)  # by now the server waits for all of them, with a timeout
    expect_answers_after_a_pause(server, clients, seconds=2.0)


@pytest.mark.clock
@pytest.mark.needs("after-a-pause", "concurrency")
@pytest.mark.rule(rules.PAUSED)
def test_after_a_pause_more_clients_are_answered_than_one_wait_reports(
    start: Start, target: Target
) -> None:
    target.need_buffers()
    server = start("--read-timeout", "2s")  # on a busy machine the greetings take a second
    clients = [server.connect() for _ in range(300)]  # part5 takes 256 events at a time
    for client in clients:
        client.send_messages(b"accepted")
    for client in clients:
        client.expect(b"accepted")
    expect_answers_after_a_pause(server, clients, seconds=2.5)


@contextmanager
def busy(server: Server) -> Iterator[None]:
    """Keeps the server busy with a client that sends its next message as soon as it's answered."""
    talker = server.connect().socket
    done = threading.Event()

    def talk() -> None:
        with suppress(OSError):  # this client may get any ending
            while not done.is_set() and talker.send(frame(b"busy")):
                talker.recv(100)

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@pytest.mark.clock
@pytest.mark.needs("after-a-pause", "concurrency")
@pytest.mark.rule(rules.PAUSED)
def test_after_a_pause_in_the_middle_of_a_round_everybody_is_answered(start: Start) -> None:
    # We pause a loop while it serves one client and hasn't looked at the others yet. Where exactly
    # that happens is left to chance.
    server = start("--read-timeout", "1s")
    for _ in range(5):
        with busy(server):
            clients = [server.connect() for _ in range(20)]
            for client in clients:
                client.echo(b"accepted")
            expect_answers_after_a_pause(server, clients, seconds=1.3)
            for client in clients:
                client.close()


@pytest.mark.clock
@pytest.mark.needs("after-a-pause", "max-message")
@pytest.mark.rule(rules.PAUSED)
@pytest.mark.parametrize(
    ("size", "options"), [(20_000, ()), (200_000, ("--max-message", "1000000"))],
    ids=["larger-than-a-thread-receives", "larger-than-a-loop-receives"]
)
def test_after_a_pause_a_message_is_answered_that_takes_several_receives(
    start: Start, size: int, options: tuple[str, ...]
) -> None:
    server = start("--read-timeout", "1s", *options)
    client = server.connect()
    client.echo(b"accepted")
    time.sleep(0.1)  # by now the server waits
    server.pause()
    client.send_messages(bytes(size))
    time.sleep(1.5)
    server.resume()
    client.expect(bytes(size))


@pytest.mark.rule(rules.SIGPIPE)
def test_a_client_that_reads_nothing_and_resets_in_mid_answer_harms_nobody(server: Server) -> None:
    for _ in range(5):
        client = server.connect(receive_buffer=4096)
        client.send_until_stuck(frame(bytes(60_000)) * 200, pause=0.02)
        client.half_close()
        client.reset()
        with server.connect() as next_one:
            next_one.echo(b"next")
