"""--read-timeout: a client that completes no message is closed, not early and not much later."""

import shutil
import subprocess
import time
from pathlib import Path

import pytest

import rules
from harness import moments
from harness.client import Client
from harness.confined import CANNOT, confined
from harness.frames import frame, header
from harness.held import server_has_ended
from harness.lingering import expect_two_seconds
from harness.needed import need_program
from harness.polling import readable
from harness.server import Start
from harness.strace import RECEIVE_CALLS, Strace, delay
from harness.target import Target
from harness.timing import LATE, expect_end_after
from harness.verdict import ContractBroken

pytestmark = [pytest.mark.needs("read-timeout"), pytest.mark.clock]

TIMEOUT = 0.3
LONGEST = "527040m"  # 366 days, which is more milliseconds than 31 bits hold
OPTION = ("--read-timeout", "300ms")
MESSAGE = frame(b"complete")
WAYS_TO_COMPLETE = {  # bytes sent once at the beginning, and pieces sent each time
    "zero-length": (b"", frame(b"")),
    "several-at-once": (b"", 10 * MESSAGE),
    "in-pieces": (b"", MESSAGE[:2], MESSAGE[2:7], MESSAGE[7:]),
    "and-the-next-begun": (MESSAGE[:5], MESSAGE[5:] + MESSAGE[:5]),
}
SANITIZERS = (b"__asan_init", b"__tsan_init")
LATE_AT_BEST = 0.5  # one of several clients, at least, finds the machine idle
SLOW_MICROSECONDS = 2000  # for a receive, in which a client can send more than it takes
BEGINS_SECONDS = 0.7  # longer than LATE_AT_BEST, so that time which this earns is seen

# This sits between a program and the C library. Once the file exists, the clock is an hour ahead.
SET_CLOCK = """
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec* time) {
  const long result = syscall(SYS_clock_gettime, clock, time);
  const char* file = getenv("CLOCK_IS_SET");
  if (clock == CLOCK_REALTIME && file != NULL && access(file, F_OK) == 0) time->tv_sec += 3600;
  return (int)result;
}
"""


def dribble(client: Client, data: bytes, pause: float, piece_bytes: int) -> None:
    """Sends one piece at a time until the server hangs up, which must happen before the end of
    `data`."""
    for begin in range(0, len(data), piece_bytes):
        client.try_send(data[begin : begin + piece_bytes])
        if readable(client.socket, pause):
            return
    raise AssertionError(
        f"{len(data)} bytes, {piece_bytes} each {pause} s, and the server still waits")


@pytest.mark.rule(rules.READ_TIMEOUT)
def test_a_client_that_says_nothing_is_closed_in_time(start: Start) -> None:
    server = start(*OPTION)
    begin = time.monotonic()
    expect_end_after(server.connect(), begin, TIMEOUT)


@pytest.mark.rule(rules.READ_TIMEOUT)
@pytest.mark.parametrize("words", WAYS_TO_COMPLETE.values(), ids=WAYS_TO_COMPLETE)
def test_the_time_begins_again_however_a_message_is_completed(
    start: Start, words: tuple[bytes, ...]
) -> None:
    server = start("--read-timeout", "600ms")
    for tries_left in (2, 1, 0):
        try:
            complete_messages_and_wait(server.connect(), words, timeout=0.6)
            return
        except ContractBroken:  # the server may have been held up just after it had read its clock
            if tries_left == 0:
                raise


def complete_messages_and_wait(client: Client, words: tuple[bytes, ...], timeout: float) -> None:
    """Expects the end when `timeout` has passed since the last message, and not before."""
    begun, *pieces = words
    whole = b"".join(pieces)
    answer = (begun + whole)[: len(whole)]
    client.send(begun)
    for _ in range(4):
        time.sleep(timeout / 3)
        begin = time.monotonic()
        try:
            client.send_in_pieces(*pieces)
            client.expect_bytes(answer)
        except ContractBroken as broken:
            broken.args = (f"{broken}; a message was completed each {timeout / 3:.2f} s, and "
                           f"--read-timeout is {timeout} s",)
            raise
    expect_end_after(client, begin, timeout)


@pytest.mark.rule(rules.READ_TIMEOUT)
def test_the_end_comes_soon_after_the_time(start: Start) -> None:
    timeout = 1.1  # so long that a server that waits twice as long is late, too
    server = start("--read-timeout", "1100ms")
    late = []
    for _ in range(3):
        with server.connect() as client:
            client.echo(b"here")
            begin = time.monotonic()
            time.sleep(BEGINS_SECONDS)
            client.send(header(1000) + b"no more than this")
            client.expect_end(within=timeout + LATE)
            late.append(time.monotonic() - begin - timeout)
    # A server that looks at its clock now and then may have done so at the right time for the first
    # client; the next ones come in step with it.
    least = min(late[1:])
    assert least < LATE_AT_BEST, (
        f"all of them were closed late, the best by {least:.2f} s; at most {LATE_AT_BEST} s. A "
        f"message began {BEGINS_SECONDS} s after the last was complete, and that earns no time")


@pytest.mark.rule(rules.BYTES_DO_NOT_EXTEND)
@pytest.mark.parametrize(
    ("before", "piece_bytes"), [(b"", 1), (MESSAGE, 1), (b"", 360)],
    ids=["first", "second", "in-large-pieces"])
def test_one_byte_at_a_time_does_not_extend_the_time(
    start: Start, before: bytes, piece_bytes: int
) -> None:
    server = start(*OPTION)
    # We look at our clock first, because the server's may run before connect() returns.
    begin = time.monotonic()
    client = server.connect()
    client.send(before)
    client.receive(len(before))
    message = header(180 * piece_bytes) + bytes(176 * piece_bytes)
    dribble(client, message, pause=0.03, piece_bytes=piece_bytes)
    expect_end_after(client, begin, TIMEOUT)


@pytest.mark.needs("read-timeout", "max-message", "plain-calls")
@pytest.mark.rule(rules.BYTES_DO_NOT_EXTEND)
def test_a_client_that_sends_faster_than_the_server_receives_is_closed_in_time(
    start: Start,
) -> None:
    # Whenever the server looks, there is more of the message, so no receive of it ever waits, or
    # finds nothing. When the time is up, it may look for what came in time, but not for ever.
    server = start(*OPTION, "--max-message", str(1 << 30))
    with Strace(server, *delay(RECEIVE_CALLS, SLOW_MICROSECONDS)):
        client = server.connect()
        begin = time.monotonic()
        client.send(header(1 << 30))
        some = bytes(1 << 20)
        while not server_has_ended(client):
            sent_for = time.monotonic() - begin
            if sent_for > TIMEOUT + 2 * LATE:
                raise client.broken(f"still received from after {sent_for:.1f} s, although its "
                                    f"message was due after {TIMEOUT:g} s")
            client.send_until_stuck(some, pause=0.01)


@pytest.mark.rule(rules.SURVIVE)
def test_a_new_connection_inherits_nothing_from_a_client_whose_time_was_up(start: Start) -> None:
    server = start(*OPTION)
    sockets = moments.socket_count(server)
    for cut in (2, 9):
        with server.connect() as client:
            client.send(MESSAGE[:cut])
            client.expect_end()
        with moments.client_in_its_place(server, sockets) as next_one:
            next_one.echo(b"next")


@pytest.mark.rule(rules.LINGER_ENDS)
def test_a_client_whose_time_is_up_is_given_two_seconds_to_end(start: Start) -> None:
    client = start(*OPTION).connect()
    client.expect_end()
    expect_two_seconds(client, b"still here")


@pytest.mark.needs("read-timeout", "max-connections")
@pytest.mark.rule(rules.CLOSING_KEEPS_PLACE)
def test_a_client_whose_time_is_up_keeps_its_place_until_it_ends(start: Start) -> None:
    server = start(*OPTION, "--max-connections", "1")
    late = server.connect()
    late.expect_end()
    waiting = server.connect()
    waiting.send_messages(b"waits")
    waiting.expect_silence(0.3, " to client 2, since client 1 still has the only place")
    late.close()
    waiting.expect(b"waits")


@pytest.mark.rule(rules.READ_TIMEOUT)
def test_the_longest_time_is_a_time_like_any_other(start: Start) -> None:
    client = start("--read-timeout", LONGEST).connect()
    client.echo(b"first")
    client.expect_silence(0.3)
    client.echo(b"and again")


@pytest.mark.rule(rules.READ_TIMEOUT)
def test_the_shortest_time_is_a_time_like_any_other(start: Start) -> None:
    begin = time.monotonic()
    client = start("--read-timeout", "1ms").connect()
    expect_end_after(client, begin, 0.001)


@pytest.mark.rule(rules.READ_TIMEOUT)
def test_zero_switches_the_time_bound_off(start: Start) -> None:
    client = start("--read-timeout", "0").connect()
    client.send(header(5) + b"he")
    client.expect_silence(0.3)
    client.send(b"llo")
    client.expect(b"hello")


@pytest.mark.needs("logs", "read-timeout")
@pytest.mark.rule(rules.LOGS)
def test_a_client_that_was_too_slow_is_logged_with_verbose_only(start: Start) -> None:
    for options, fewest in ((OPTION, 0), ((*OPTION, "--verbose"), 2)):
        server = start(*options)
        with server.connect() as client:
            client.expect_end()
        server.expect_stop()
        lines = server.log_lines()
        assert fewest or not lines, f"without --verbose there is a line in the log: {lines[0]}"
        if len(lines) < fewest:
            raise ContractBroken(f"{len(lines)} lines in the log, not {fewest}", rule=rules.VERBOSE)


@pytest.mark.rule(rules.READ_TIMEOUT)
@pytest.mark.needs("read-timeout", "concurrency")
def test_each_of_many_clients_has_a_time_of_its_own(start: Start) -> None:
    server = start(*OPTION)
    clients: list[tuple[float, Client]] = []
    for _ in range(30):
        begin = time.monotonic()
        clients.append((begin, server.connect()))
        time.sleep(0.01)
    talker = server.connect()
    for begin, client in clients:
        talker.echo(b"in between")
        expect_end_after(client, begin, TIMEOUT)


@pytest.mark.rule(rules.READ_TIMEOUT)
@pytest.mark.needs("read-timeout", "concurrency")
def test_the_time_of_a_client_that_has_left_is_not_the_next_ones(start: Start) -> None:
    timeout = 0.8
    server = start("--read-timeout", "800ms")
    for client in [server.connect() for _ in range(3)]:
        client.echo(b"leaves soon")
        client.close()
    time.sleep(timeout * 0.7)  # the next clients get descriptors that others have used
    clients = [(time.monotonic(), server.connect()) for _ in range(3)]
    for begin, client in clients:
        try:
            expect_end_after(client, begin, timeout)
        except ContractBroken as broken:
            broken.args = (f"{broken}. Clients 1 to 3 have left, whose time would have ended now, "
                           "and those after them may have got their descriptors",)
            raise


@pytest.mark.rule(rules.READ_TIMEOUT)
@pytest.mark.needs("read-timeout", "rest-when-idle")
@pytest.mark.parametrize("ahead", [1_000_000, -5], ids=["ahead", "behind"])
def test_a_clock_of_its_own_changes_nothing(start: Start, ahead: int) -> None:
    # This happens in a container that was moved here from a machine that had been up for longer, or
    # for less long: time_namespaces(7).
    shifted = confined(f"clock={ahead}")
    tried = subprocess.run([*shifted, "/bin/true"], capture_output=True, text=True)
    if tried.returncode == CANNOT:
        pytest.skip(tried.stderr.strip())
    server = start("--read-timeout", "1s", under=shifted)
    begin, before = time.monotonic(), server.process.cpu_seconds()
    expect_end_after(server.connect(), begin, timeout=1)
    spent = server.process.cpu_seconds() - before
    assert spent < 0.5, f"{spent:.2f} s of processor time for a client that says nothing"


@pytest.fixture
def set_clock(tmp_path: Path) -> Path:
    """Builds the library that sets the clock, from the source above."""
    compiler = need_program("cc")
    source, library = tmp_path / "set_clock.c", tmp_path / "set_clock.so"
    source.write_text(SET_CLOCK)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    return library


@pytest.mark.needs("read-timeout")
@pytest.mark.rule(rules.READ_TIMEOUT)
def test_a_wall_clock_that_is_set_closes_nobody(
    start: Start,
    target: Target,
    set_clock: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = shutil.which(target.command[0])
    if program is not None and any(name in Path(program).read_bytes() for name in SANITIZERS):
        pytest.skip("a sanitizer wants to be the first library that is loaded")
    file = tmp_path / "an hour later"
    monkeypatch.setenv("LD_PRELOAD", str(set_clock))
    monkeypatch.setenv("CLOCK_IS_SET", str(file))
    server = start("--read-timeout", "10m")
    loaded = [Path(f"/proc/{pid}/maps").read_text() for pid in server.tree.pids()]
    if not any(str(set_clock) in maps for maps in loaded):
        pytest.skip("the program asks no C library for the time that could be another one")
    client = server.connect()
    message = frame(b"in three pieces")
    client.send_in_pieces(message[:5])
    file.touch()
    client.send_in_pieces(message[5:6])  # wakes the server, which then looks at the clock
    client.expect_silence(0.3)
    client.send(message[6:])
    client.expect(b"in three pieces")
