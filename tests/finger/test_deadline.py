"""One deadline for a whole conversation, whatever the client does."""

import contextlib
import itertools
import resource
import time
from pathlib import Path

import pytest

import rules
from conftest import ANSWER
from harness.proc import wait_until
from harness.verdict import ContractBroken
from kit.client import FingerClient
from kit.load import all_the_while
from kit.reference import LARGE, converted
from kit.server import FingerServer, Start
from kit.target import FingerTarget

pytestmark = [pytest.mark.needs("core"), pytest.mark.clock, pytest.mark.rule(rules.DEADLINE)]

SLACK_SECONDS = 1.5  # the contract's half a second is for an idle machine
LINGER_SECONDS = 2  # the contract's time for input after the answer


def leave_descriptors(pid: int, count: int) -> None:
    """Lets the process open this many more descriptors."""
    taken = {int(each.name) for each in Path(f"/proc/{pid}/fd").iterdir()}
    free = (number for number in itertools.count() if number not in taken)
    *_, last = itertools.islice(free, count)
    _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (last + 1, hard))


@pytest.fixture
def hurried(start: Start, target: FingerTarget) -> FingerServer:
    """A server with a deadline that a test can wait for."""
    options, _ = target.deadline
    return start(*options)


def expect_hang_up(client: FingerClient, begun: float, target: FingerTarget) -> None:
    """Expects that the server leaves a client without a complete query, either when the query's
    time is up, or at the deadline."""
    least, deadline = target.query_seconds, target.deadline[1]
    took = client.wait_for_hang_up(deadline + SLACK_SECONDS + client.patience) - begun
    if took < least:
        raise client.broken(f"the exchange ended after {took:.3f} s; it had {least:g} s")
    if took > deadline + SLACK_SECONDS:
        raise client.broken(f"the exchange took {took:.3f} s; its deadline is {deadline:g} s")


@pytest.mark.parametrize("begun", [b"", b"ali"], ids=["silent", "half"])
def test_a_client_that_sends_no_whole_query_is_left(
    hurried: FingerServer, target: FingerTarget, begun: bytes
) -> None:
    begin = time.monotonic()
    client = hurried.connect()
    client.try_send(begun)
    expect_hang_up(client, begin, target)


def test_bytes_do_not_extend_the_deadline(hurried: FingerServer, target: FingerTarget) -> None:
    begin = time.monotonic()
    client = hurried.connect()

    def dribble(_: int) -> None:
        with contextlib.suppress(OSError):  # the server has left
            client.socket.send(b"x")
        time.sleep(target.deadline[1] / 20)

    with all_the_while(dribble):
        expect_hang_up(client, begin, target)


def test_talking_on_after_the_answer_keeps_no_connection(
    hurried: FingerServer, target: FingerTarget
) -> None:
    begin = time.monotonic()
    _, deadline = target.deadline
    client = hurried.asking(b"alice")
    client.receive_until_end()
    limit = deadline + LINGER_SECONDS
    while time.monotonic() < begin + limit + SLACK_SECONDS:
        try:
            client.socket.send(b"x")
        except OSError:  # the connection is closed
            return
        time.sleep(deadline / 20)
    raise client.broken(f"bytes are still taken {SLACK_SECONDS} s after the limit of {limit:g} s;"
                        " a limit for each receive never strikes")  # fmt: skip


@pytest.mark.needs("process")
@pytest.mark.parametrize("asks_after", [0, 0.6], ids=["at-once", "later"])
def test_a_client_that_never_reads_is_left(
    hurried: FingerServer, target: FingerTarget, asks_after: float
) -> None:
    """A query in time doesn't restart the deadline."""
    hurried.users.replace("alice", LARGE)
    _, deadline = target.deadline
    begin = time.monotonic()
    client = hurried.connect(receive_buffer=4096)
    time.sleep(deadline * asks_after)
    client.send(b"alice\r\n")
    hurried.wait_until_busy()
    left = hurried.wait_until_left(begin + deadline + SLACK_SECONDS)
    assert left - begin >= deadline, f"left after {left - begin:.3f} s, too early"
    part = client.receive_until_gone()
    assert converted(LARGE).startswith(part) and len(part) < len(LARGE)


def test_a_client_that_reads_too_slowly_is_left(
    hurried: FingerServer, target: FingerTarget
) -> None:
    hurried.users.replace("alice", LARGE)
    _, deadline = target.deadline
    begin = time.monotonic()
    client = hurried.asking(b"alice", receive_buffer=4096)
    received = bytearray()
    with contextlib.suppress(ContractBroken):  # a reset, because the client didn't get all of it
        while time.monotonic() < begin + deadline * 1.2:  # 2 MB a second of 10 MB, so never in time
            received += client.receive_what_is_there(20_000)
            time.sleep(0.01)
    received += client.receive_until_gone()
    assert len(received) < len(LARGE), "all of it came, however slowly it was taken"
    assert converted(LARGE).startswith(received)


@pytest.mark.needs("process")
def test_an_answer_that_is_cut_off_does_not_look_whole(
    hurried: FingerServer, target: FingerTarget
) -> None:
    hurried.users.replace("alice", LARGE)
    _, deadline = target.deadline
    client = hurried.reading_slowly(b"alice")
    hurried.wait_until_left(time.monotonic() + deadline + SLACK_SECONDS)
    client.let_window_grow()
    client.expect_reset()


@pytest.mark.rule(rules.SURVIVE)
def test_others_do_not_notice(hurried: FingerServer, target: FingerTarget) -> None:
    begin = time.monotonic()
    for _ in range(5):
        hurried.connect().try_send(b"ali")
    while time.monotonic() < begin + target.deadline[1] * 1.5:
        hurried.expect(b"alice", ANSWER)
        time.sleep(0.02)


@pytest.mark.rule(rules.SLOW_READER)
def test_two_megabytes_reach_a_slow_reader_that_is_fast_enough(server: FingerServer) -> None:
    plan = LARGE[: 2 << 20]  # on a busy machine, ten may take longer than the deadline
    server.users.replace("alice", plan)
    client = server.asking(b"alice", receive_buffer=65536)
    wanted = converted(plan)
    received = bytearray()
    while len(received) < len(wanted) and (piece := client.receive_what_is_there(131_072)):
        received += piece
        time.sleep(0.003)
    client.expect_that(bytes(received), wanted)
    client.expect_end()


@pytest.mark.rule(rules.SLOW_READER)
def test_a_megabyte_passes_through_a_tiny_window(server: FingerServer) -> None:
    plan = LARGE[: 1 << 20]
    server.users.replace("alice", plan)
    client = server.asking(b"alice", receive_buffer=4096)
    client.expect_answer(converted(plan))


@pytest.mark.rule(rules.NO_LIES)
@pytest.mark.parametrize("count", [1, 2], ids=["not-the-home", "not-the-plan"])
def test_a_plan_is_not_called_missing_for_lack_of_descriptors(
    hurried: FingerServer, target: FingerTarget, count: int
) -> None:
    try:
        leave_descriptors(hurried.process.pid, count)
    except PermissionError:
        pytest.skip("its limit cannot be changed from outside: test_descriptors starts one")
    with hurried.connect() as client:
        client.send(b"alice\r\n")
        if not wait_until(client.has_input, target.deadline[1] + SLACK_SECONDS):
            return  # the server waits for a descriptor
        received = client.receive_until_gone()
        if received not in (b"", ANSWER):
            raise client.broken(f"alice has a plan, and the answer was {received!r}")
