"""System calls that fail: strace injects each fault, and each test proves that it did."""

import signal
import time
from contextlib import suppress

import pytest

import rules
from harness.at_rest import descriptors_at_rest, expect_descriptors_back
from harness.frames import frame
from harness.server import Server, Start
from harness.strace import ACCEPT_CALLS, TO_END_UNDER_STRACE, Strace, inject
from harness.target import Target
from harness.verdict import ContractBroken

# Every stage gets one error of each kind. One stage is enough for the others, because they take the
# same way through the stages' common code.
ACCEPT_ERRORS = ["ECONNABORTED", "EMFILE", "EPERM", "ENETDOWN"] + [
    pytest.param(error, marks=pytest.mark.of_one_stage)
    for error in ("ENFILE", "ENOMEM", "ENOBUFS", "EPROTO", "EOPNOTSUPP")
]
LOG_LINES_MAX = 4  # for a fault that lasts a second or so


@pytest.mark.needs("accept-faults")
@pytest.mark.rule(rules.ACCEPT_FAULTS)
@pytest.mark.parametrize("error", ACCEPT_ERRORS)
def test_an_accept_that_fails_twice_is_tried_again(server: Server, error: str) -> None:
    # A thread that already blocks in accept takes this client, without a fault.
    server.connect().close()
    if "concurrency" in server.target.capabilities:
        server.connect().echo(b"stays, so that no client's end says when to try again")
    with Strace(server, *inject(ACCEPT_CALLS, error, "1..2")) as tracer:
        for number in range(3):
            with server.connect() as client:
                client.echo(b"%d" % number)
        tracer.must_have_injected()
    assert len(server.log_lines()) <= LOG_LINES_MAX, f"many lines in a log: {server.log_lines()}"


@pytest.mark.needs("accept-faults", "logs")
@pytest.mark.rule(rules.LOGS)
@pytest.mark.parametrize("error", ["ECONNABORTED", "EINTR"])
def test_a_client_that_left_before_its_accept_is_no_fault(server: Server, error: str) -> None:
    # A line would mean that the server takes this for a shortage, and waits before the next accept.
    server.connect().close()
    with Strace(server, *inject(ACCEPT_CALLS, error, "1..2")) as tracer:
        for number in range(3):
            with server.connect() as client:
                client.echo(b"%d" % number)
        tracer.must_have_injected()
    assert not server.log_lines(), f"lines in a log: {server.log_lines()}"


@pytest.mark.clock
@pytest.mark.needs("accept-faults")
@pytest.mark.rule(rules.ACCEPT_FAULTS)
@pytest.mark.parametrize("error", ["EMFILE", "ENOMEM", "EPERM"])  # EPERM: a firewall's rule
def test_an_accept_that_goes_on_failing_is_no_busy_loop(
    start: Start, target: Target, error: str
) -> None:
    # If each try lost a place, none would be left.
    limited = "max-connections" in target.capabilities
    server = start(*(("--max-connections", "3") if limited else ()))
    server.connect().close()
    with Strace(server, *inject(ACCEPT_CALLS, error, "1+")) as tracer:
        # A call that was already waiting when strace attached gets no fault. It takes this client,
        # and the next one meets an accept that fails.
        server.connect().close()
        waiting = server.connect()
        waiting.send_messages(b"some time")
        time.sleep(0.7)
        tracer.must_have_injected()
        tries = tracer.injected()
        assert tries <= 25, f"{tries} tries in 0.7 s; one each 100 ms is enough"
    assert len(server.log_lines()) <= LOG_LINES_MAX, f"many lines in a log: {server.log_lines()}"
    waiting.expect(b"some time")  # strace has detached, so accept works again
    waiting.close()
    server.connect().echo(b"and the next")


def expect_end_when_accept_fails(server: Server, clients: int) -> None:
    """Makes accept fail permanently, and expects one line on stderr and exit status 1. The first
    client may still be taken by a call that was waiting before strace attached."""
    with Strace(server, *inject(ACCEPT_CALLS, "EBADF", "1+")) as tracer:
        for _ in range(clients):
            with suppress(ContractBroken), server.connect():
                pass
        tracer.must_have_injected()
        status = server.wait_exit()
    assert status == 1, f"exit status {status}, not 1"
    assert len(server.log_lines()) == 1, f"not one line on stderr: {server.log_lines()}"


@pytest.mark.needs("accept-faults")
@pytest.mark.rule(rules.ACCEPT_BROKEN)
def test_an_accept_that_fails_for_good_ends_the_server(start: Start, target: Target) -> None:
    several = "concurrency" in target.capabilities and "pool" not in target.capabilities
    for options in target.with_and_without_workers():
        server = start(*options, under=TO_END_UNDER_STRACE)
        for _ in range(20 if several else 1):  # several for each worker
            idle = server.connect()
            idle.echo(b"must not keep the server from ending")
        if "concurrency" not in target.capabilities:
            idle.close()  # the one thread accepts nobody else before this client leaves
        expect_end_when_accept_fails(server, 2)


@pytest.mark.needs("survival", "plain-calls")
@pytest.mark.rule(rules.SURVIVE)
@pytest.mark.parametrize("error", ["ECONNRESET", "ENOBUFS", "ETIMEDOUT"])
@pytest.mark.parametrize("calls", ["recvfrom,recvmsg", "sendto,sendmsg"], ids=["receive", "send"])
def test_a_failing_receive_or_send_ends_one_connection_only(
    server: Server, calls: str, error: str
) -> None:
    at_rest = descriptors_at_rest(server, lambda client: client.echo(b"first"))

    def one_fails() -> None:
        with Strace(server, *inject(calls, error, "1")) as tracer:
            victim = server.connect()
            victim.try_send(frame(b"lost"))
            try:
                victim.half_close()
                victim.receive_until_gone()
            except ContractBroken:
                pass  # this client may end in any way
            victim.close()
            tracer.must_have_injected()
        for _ in range(3):
            with server.connect() as client:
                client.echo(b"next")

    expect_descriptors_back(server, at_rest, one_fails)


@pytest.mark.needs("interest")
@pytest.mark.rule(rules.INTEREST)
@pytest.mark.parametrize("error", ["ENOMEM", "ENOSPC"])
def test_a_client_that_cannot_be_registered_is_closed_and_forgotten(
    server: Server, error: str
) -> None:
    server.connect().echo(b"first")
    at_rest = server.process.descriptor_count()

    def one_is_turned_away() -> None:
        with Strace(server, *inject("epoll_ctl", error, "1")) as tracer:
            victim = server.connect()
            victim.receive_until_gone()  # the server may close it in any way
            tracer.must_have_injected()
            victim.close()

    expect_descriptors_back(server, at_rest, one_is_turned_away)
    server.connect().echo(b"next")


@pytest.mark.needs("accept-faults", "pool")
@pytest.mark.rule(rules.ACCEPT_FAULTS)
def test_a_thread_that_cannot_be_made_costs_one_client_at_most(server: Server) -> None:
    server.connect().echo(b"first")
    with Strace(server, *inject("clone,clone3", "EAGAIN", "1")) as tracer:
        victim = server.connect()
        victim.send_messages(b"served late or not at all")
        tracer.must_have_injected()
    server.connect().echo(b"next")
    assert len(server.log_lines()) <= LOG_LINES_MAX, f"many lines in a log: {server.log_lines()}"


@pytest.mark.needs("pool", "drain")
@pytest.mark.rule(rules.DRAIN)
def test_a_client_for_whom_no_thread_can_be_made_is_answered_in_a_stop(start: Start) -> None:
    server = start(under=TO_END_UNDER_STRACE)
    with Strace(server, *inject("clone,clone3", "EAGAIN", "1+")) as tracer:
        client = server.connect()
        client.send_messages(b"accepted, and without a thread")
        tracer.must_have_injected()
        server.send_signal(signal.SIGTERM)
        client.expect(b"accepted, and without a thread")
        client.expect_end()
        server.expect_exit()


@pytest.mark.needs("workers", "drain")
@pytest.mark.rule(rules.ACCEPT_BROKEN)
def test_a_worker_that_fails_says_why_though_there_is_no_time_to_drain(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The process ends without joining its threads.
    monkeypatch.setenv("TSAN_OPTIONS", "report_thread_leaks=0")
    for _ in range(4):  # either worker may accept first, and only one of them writes the log
        server = start("--workers", "2", "--drain-timeout", "0s", under=TO_END_UNDER_STRACE)
        with Strace(server, *inject(ACCEPT_CALLS, "EINVAL", "1+")) as tracer:
            for _ in range(6):
                with suppress(ContractBroken), server.connect():
                    pass
            tracer.must_have_injected()
            status = server.wait_exit()
        assert status == 1, f"exit status {status}, not 1"
        assert len(server.log_lines()) == 1, f"not one line on stderr: {server.log_lines()}"


@pytest.mark.clock
@pytest.mark.needs("workers", "drain")
@pytest.mark.rule(rules.DRAIN_BOUNDED)
def test_workers_stop_in_time_when_one_fails(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    # When the drain time is up, the process ends without joining the worker that has finished.
    monkeypatch.setenv("TSAN_OPTIONS", "report_thread_leaks=0")
    server = start("--workers", "2", "--drain-timeout", "1s", under=TO_END_UNDER_STRACE)
    for _ in range(12):  # enough clients for both workers, and none reads its answers
        client = server.connect(receive_buffer=4096)
        client.send_until_stuck(frame(bytes(60_000)) * 200, pause=0.02)
    expect_end_when_accept_fails(server, 1)  # in one of the two workers


@pytest.mark.clock
@pytest.mark.needs("pool", "drain")
@pytest.mark.rule(rules.DRAIN_BOUNDED)
@pytest.mark.parametrize("options", [(), ("--workers", "2")], ids=["thread-each", "pool"])
def test_threads_stop_in_time_when_one_cannot_accept(
    start: Start, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    # When the drain time is up, the process ends without joining the thread that serves.
    monkeypatch.setenv("TSAN_OPTIONS", "report_thread_leaks=0")
    server = start(
        *options, "--drain-timeout", "1s", "--read-timeout", "0", under=TO_END_UNDER_STRACE
    )
    slow_reader = server.connect(receive_buffer=4096)
    slow_reader.send_until_stuck(frame(bytes(60_000)) * 200)
    expect_end_when_accept_fails(server, 2)
