"""The read timeout while answers wait: a client that never reads is closed, but one that reads
slowly stays."""

import time

import pytest

import rules
from harness.client import Client
from harness.frames import frame, long_stream
from harness.held import (
    BURST, arrived_bytes, send_until_the_server_holds_answers, server_has_ended)
from harness.lingering import LingeringClose
from harness.proc import wait_until
from harness.server import Start
from harness.strace import RECEIVE_CALLS, SEND_CALLS, Strace, delay, inject
from harness.timing import LATE, expect_end_after
from harness.verdict import ContractBroken

pytestmark = [
    pytest.mark.needs("read-timeout"),
    pytest.mark.clock,
    pytest.mark.rule(rules.WRITE_TIMEOUT),
]

LATE_AT_BEST = 0.5  # the contract's limit; of several clients, at least one finds the machine idle
TRIES = 3
LATE_MICROSECONDS = 600_000  # for each receive
TAKES = ("Room for a next send comes in steps that may be seconds apart; whether the client takes "
         "bytes meanwhile, the kernel tells by what is unacknowledged, SIOCOUTQ in tcp(7)")


def wait_for_the_end_of_its_stream(client: Client) -> float:
    """Waits until the server has ended its stream, of which a client that doesn't read sees
    nothing. Returns how many seconds that took."""
    begin = time.monotonic()
    if not wait_until(lambda: server_has_ended(client), LATE):
        raise client.broken(f"the server has not closed it after {LATE:g} s")
    return time.monotonic() - begin


def test_a_client_that_never_reads_is_closed_soon_after_the_time(start: Start) -> None:
    timeout = 0.8  # so long that a server that waits twice as long is late, too
    server = start("--read-timeout", "800ms")
    late = []
    stream = long_stream()  # made beforehand, or it would use up part of the first client's time
    for _ in range(3):
        client = server.connect(receive_buffer=4096)
        client.send_until_stuck(stream)
        late.append(wait_for_the_end_of_its_stream(client) - timeout)
        client.reset()
    # A server that looks at its clock now and then may have closed the first in time by luck.
    least = min(late[1:])
    assert least < LATE_AT_BEST, (
        f"all of them were closed late, the best by {least:.2f} s; at most {LATE_AT_BEST} s is "
        f"allowed")
    client = server.connect(receive_buffer=4096)
    client.send_until_stuck(stream)
    # Afterwards it reads nothing, so the server must compare each look with the one before.
    client.receive(10_000)
    wait_for_the_end_of_its_stream(client)


@pytest.mark.rule(rules.CLOSE_WITHOUT_RESET)
def test_an_answer_on_its_way_outlives_the_time_of_its_client(start: Start) -> None:
    # The kernel has the whole answer. If the server closed, the late input would make its kernel
    # send a reset.
    answered = frame(bytes(20_000))
    client = start("--read-timeout", "400ms").connect(receive_buffer=4096)
    client.send(answered)
    wait_for_the_end_of_its_stream(client)
    client.send(b"too late")
    client.wait_until_in_kernel()
    client.let_window_grow()
    with LingeringClose(client):
        received = client.receive_until_end()
    client.expect_same(answered[: len(received)], received)


@pytest.mark.needs("slow-readers", "read-timeout")
@pytest.mark.rule(rules.CLOSE_WITHOUT_RESET)
def test_answers_in_the_kernel_for_a_client_that_never_read_are_not_destroyed(start: Start) -> None:
    stream = long_stream()  # 16 MB, made beforehand so that the client isn't silent meanwhile
    client = start("--read-timeout", "400ms").connect(receive_buffer=4096)
    client.send_until_stuck(stream)
    wait_for_the_end_of_its_stream(client)
    client.let_window_grow()
    received = client.receive_until_end()
    assert received and stream.startswith(received), "what came back is not what was sent"


@pytest.mark.needs("slow-readers", "read-timeout")
def test_a_client_that_reads_slowly_is_not_closed(start: Start) -> None:
    # With so small a window, the kernel reports room for more only every few seconds. But the peer
    # does take bytes in between, and that's what counts.
    timeout = 1.0  # on a busy machine neither side pauses for that long once the window grows
    stream = long_stream()  # 16 MB, made beforehand so that the client doesn't pause
    wanted = stream + frame(b"served on")
    server = start("--read-timeout", "1s")
    client = server.connect(receive_buffer=4096)
    # A copy of the rest would take so long that the client would pause.
    rest = memoryview(wanted)[client.send_until_stuck(stream) :]
    received = bytearray()
    end = time.monotonic() + 2.2 * timeout
    while time.monotonic() < end:
        received += client.receive(1500)
        time.sleep(0.05)
    # With a small window, 16 MB take seconds, and the test mustn't stand still meanwhile.
    client.let_window_grow()
    try:
        received += client.exchange(rest, len(wanted) - len(received))
    except ContractBroken as broken:
        raise ContractBroken(
            f"a client that read 1500 bytes every 50 ms, with --read-timeout 1s: {broken}. {TAKES}",
            client) from None
    client.expect_same(wanted, bytes(received))


@pytest.mark.needs("slow-readers", "read-timeout")
def test_a_client_that_begins_to_read_slowly_is_not_closed(start: Start) -> None:
    # For the large window of the beginning, the kernel has cut the answers into large pieces. Now
    # the client takes each piece in many parts, and no send finds room before it has taken all of
    # one, not even a send that tries again and again.
    server = start("--read-timeout", "1s")
    client = server.connect(receive_buffer=65536)
    client.send_until_stuck(frame(bytes(60_000)) * 200)
    client.let_window_shrink(4096)
    client.receive(max(0, arrived_bytes(client) - 4096))
    end = time.monotonic() + 3.5
    while time.monotonic() < end:
        if server_has_ended(client):
            raise client.broken("closed, although it read 3000 bytes every 50 ms, and "
                                f"--read-timeout is 1s. {TAKES}")
        client.receive(3000)
        time.sleep(0.05)


def test_the_time_to_read_begins_again_although_no_message_came_since_the_answers_were_held(
    start: Start,
) -> None:
    timeout, held_seconds = 1.5, 0.6
    server = start("--read-timeout", "1500ms")
    for _ in range(TRIES):
        client = server.connect(receive_buffer=4096)
        sent, all_is_read = send_until_the_server_holds_answers(client, held_seconds)
        if all_is_read:
            break
        client.reset()  # or the rest of its last message would arrive later and complete it
    else:
        pytest.skip(f"in {TRIES} tries the server never held answers with all of its input read")
    # The server holds answers, so its read clock starts later than now. Or it starts in the round
    # that sends the last of them, which a busy machine may have paused already.
    begin = time.monotonic() - held_seconds / 10
    client.let_window_grow()
    client.expect_bytes(BURST * (sent // len(BURST)))
    try:
        expect_end_after(client, begin, timeout)
    except ContractBroken as broken:
        raise ContractBroken(
            f"{broken}. Its last message had come {held_seconds:g} s before it began to read the "
            f"answers that the server held, and --read-timeout is {timeout:g} s", client) from None


def test_with_the_time_bound_off_a_client_may_take_its_time(start: Start) -> None:
    client = start("--read-timeout", "0").connect(receive_buffer=4096)
    taken = client.send_until_stuck(long_stream())
    time.sleep(0.4)
    client.echo_stream(long_stream(), taken)


@pytest.mark.needs("plain-calls", "read-timeout")
def test_the_last_answers_have_the_whole_time_too(start: Start) -> None:
    # The time of an answer begins with its message, even if no send finds room, and a length that
    # is too long comes in the same receive.
    timeout, message = 1.2, frame(b"late, but in time")
    server = start("--read-timeout", "1200ms")
    with Strace(server, *inject(SEND_CALLS, "EAGAIN", "1+")) as tracer:
        client = server.connect()
        client.send(message[:1])
        time.sleep(timeout * 0.7)
        begin = time.monotonic()
        client.send(message[1:] + b"\xff" * 4)
        expect_end_after(client, begin, timeout)
        tracer.must_have_injected()


@pytest.mark.needs("plain-calls", "read-timeout", "after-a-pause")
@pytest.mark.rule(rules.CLOSE_WITHOUT_RESET)
def test_the_last_answers_of_a_late_server_are_sent(start: Start) -> None:
    # The time is over when the server has received the message, and the first send finds no room.
    message = frame(b"sent to one who was late")
    server = start("--read-timeout", "300ms")
    faults = (*delay(RECEIVE_CALLS, LATE_MICROSECONDS), *inject(SEND_CALLS, "EAGAIN", "1"),
              "-e", f"trace={RECEIVE_CALLS},{SEND_CALLS}")  # both, where the last one counts
    with Strace(server, *faults) as tracer:
        client = server.connect()
        client.send(message + b"\xff" * 4)
        client.expect_same(message, client.receive_until_end())
        tracer.must_have_injected()
