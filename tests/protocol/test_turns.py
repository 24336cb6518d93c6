"""One turn of a loop: which client it serves first, how long it waits, and what it
mustn't forget."""

import os
import re
import time

import pytest

import rules
from harness import sockdiag
from harness.at_rest import descriptors_at_rest
from harness.frames import frame, header
from harness.limits import backlog_max, need_descriptors
from harness.lingering import LINGER_SECONDS
from harness.proc import wait_until
from harness.server import Server, Start
from harness.strace import RECEIVE_CALLS, WAIT_CALLS, Strace, inject
from harness.verdict import ContractBroken

BUFFER_MAX = 65_540  # a message of the default limit, with its header
CROWD = 800  # below 1,024, the number of descriptors that a server starts with
TRIES, TRIES_ENOUGH = 30, 5
SILENT_CLIENTS = 12
IN_VAIN = re.compile(  # a call that is asked not to wait, and finds nothing
    rf"\b({WAIT_CALLS.replace(',', '|')})"
    r"\(.*, (0|0, NULL, \d|\{tv_sec=0, tv_n?sec=0\}(, NULL(, 8)?)?)\)\s+= 0\b")


# If each client has a thread, no client waits. On a busy machine the test may look so late that all
# clients are accepted by then, whatever the server does, and a server that accepts all of them
# first may have served this client before, by chance. Most tries meet with neither.
@pytest.mark.clock
@pytest.mark.needs("fairness", "light-clients")
@pytest.mark.rule(rules.ACCEPT_BUDGET)
def test_a_client_is_served_before_all_new_connections_are_accepted(server: Server) -> None:
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("with one processor, who is served first may be a runtime's own business")
    # A slow server may still have the crowd of each earlier try in its backlog.
    arriving = min(CROWD, backlog_max() // TRIES_ENOUGH)
    need_descriptors(arriving + 100)
    at_rest = descriptors_at_rest(server, lambda one: one.echo(b"first"))
    client = server.connect()
    client.echo(b"here")
    in_time = 0
    for _ in range(TRIES):
        server.pause()  # so that one turn finds all of this
        crowd = [server.connect() for _ in range(arriving)]
        client.send_messages(b"me, too")
        client.wait_until_in_kernel()
        server.resume()
        client.expect(b"me, too")
        in_time += any(listener.unread for listener in sockdiag.listeners(server.address[1]))
        if in_time == TRIES_ENOUGH:
            return
        for other in crowd:
            other.close()
        server.wait_for_descriptors(at_rest + 1 + server.target.runtime_descriptors)
    raise client.broken(
        f"the client's message was there, and {arriving} new connections were: in "
        f"{TRIES - in_time} of {TRIES} tries all of these were accepted before it was answered. "
        "Take a few, and go on with the clients that are there: a loop around accept ends before "
        "there is no more; a multishot accept of a ring brings all that wait, so request them one "
        "by one, or poll the listener; and a thread that only accepts is to let others run")


@pytest.mark.needs("fairness", "light-clients", "plain-calls")
@pytest.mark.rule(rules.FAIRNESS)
def test_a_client_with_much_to_say_is_not_served_to_the_end_in_one_turn(server: Server) -> None:
    talker, neighbour = server.connect(), server.connect()
    talker.echo(b"here")
    neighbour.echo(b"here")  # so that the server has a second client to ask in between
    with Strace(server, "-e", f"trace={RECEIVE_CALLS},{WAIT_CALLS}") as tracer:
        server.pause()
        sent = talker.send_until_stuck(frame(bytes(1000)) * 5000, pause=0.05)
        waiting = sent - talker.unacknowledged_bytes()
        server.resume()

        def all_taken() -> bool:
            return sum(taken_in_a_row(tracer.lines())) >= waiting

        assert wait_until(all_taken, server.patience), "the tracer saw too little"
    most = max(taken_in_a_row(tracer.lines()))
    # The stages' largest buffer usually takes half of the waiting bytes. A loop until EAGAIN takes
    # all, and those that arrive meanwhile.
    assert most <= max(waiting * 3 / 4, BUFFER_MAX), (
        f"{most} of {waiting} bytes were taken from one client in a row"
    )
    talker.reset()


def taken_in_a_row(lines: list[str]) -> list[int]:
    """Returns how much the server received from one client before it asked another, each time."""
    rows, last = [0], None
    for line in lines:
        call = re.search(r"\b(?:recvfrom|recvmsg|readv?)\((\d+),.*= (\d+)$", line)
        if call is None or call[1] != last:
            rows.append(0)
        last = call[1] if call else None
        rows[-1] += int(call[2]) if call else 0
    return rows


@pytest.mark.clock
# Only such servers wait for all clients with one call.
@pytest.mark.needs("read-timeout", "light-clients", "rest-when-idle")
@pytest.mark.rule(rules.REST)
def test_the_last_millisecond_before_a_deadline_is_waited_through(start: Start) -> None:
    # The kernel counts in milliseconds. If the server rounds down, it asks again and again during
    # the last one without waiting, and makes no other call in between. A runtime's scheduler, such
    # as Go's, looks without waiting, too, but then it sleeps, or wakes another thread.
    server = start("--read-timeout", "300ms")
    with Strace(server) as tracer:
        for _ in range(SILENT_CLIENTS):
            server.connect()
            time.sleep(0.005)
        for client in server.clients:
            client.expect_end()
            client.close()
    lines = tracer.lines()
    assert lines, "the tracer saw nothing"
    again = looks_in_a_row(lines)
    assert again <= SILENT_CLIENTS, (
        f"{again} times the server asked without waiting just after it had asked without waiting,"
        f" where {SILENT_CLIENTS} silent clients timed out; once for each may be. Is the time to "
        "wait rounded down to 0 milliseconds?"
    )


def looks_in_a_row(lines: list[str]) -> int:
    """Returns how often a thread looked without waiting, found nothing, and did the same in its
    next call."""
    before: dict[str, bool] = {}
    count = 0
    for line in lines:
        thread, _, call = line.partition(" ")
        in_vain = IN_VAIN.search(call) is not None
        count += in_vain and before.get(thread, False)
        before[thread] = in_vain
    return count


@pytest.mark.clock
@pytest.mark.needs("restore", "rest-when-idle")
@pytest.mark.rule(rules.REST)
def test_a_hang_up_while_the_server_closes_is_noticed_at_no_cost(server: Server) -> None:
    # The server has finished sending and waits for the client's end. The kernel reports an end or
    # an error unasked, again and again, until the server looks.
    at_rest = server.process.socket_count()
    client = server.connect()
    client.send(header(0xFFFFFFFF))
    client.expect_end()
    before = server.process.cpu_seconds()
    client.close()
    gone = wait_until(lambda: server.process.socket_count() <= at_rest, LINGER_SECONDS - 0.5)
    spent = server.process.cpu_seconds() - before
    if not gone:
        raise ContractBroken(
            "the server has ended its stream, and does not notice that its client has left since",
            rule=rules.RESTORE)
    assert spent < 0.1, f"{spent:.2f} s of processor time for a hang-up"


@pytest.mark.clock
@pytest.mark.needs("interest", "read-timeout")
@pytest.mark.rule(rules.INTEREST)
def test_a_client_that_cannot_be_registered_leaves_no_deadline_behind(start: Start) -> None:
    timeout = 0.3
    server = start("--read-timeout", "300ms")
    with Strace(server, *inject("epoll_ctl", "ENOSPC", "1")) as tracer:
        with server.connect() as victim:
            victim.receive_until_gone()
        tracer.must_have_injected()
    # This is past the deadline that the server might still have for this descriptor.
    time.sleep(1.5 * timeout)
    with server.connect() as client:
        client.echo(b"in its place")
        client.expect_end()  # in time, because the list of deadlines is intact
    server.connect().echo(b"next")
