"""stderr gets one line for each event that deserves one, and nothing else."""

import fcntl
import os
import re
import resource
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

import rules
from harness import proc
from harness.frames import frame, header
from harness.limits import need_descriptors, need_ipv6
from harness.server import Server, Start
from harness.subject import free_port
from harness.target import Target
from harness.unread import UNREAD, under_of

pytestmark = pytest.mark.needs("logs")

STREAM = frame(b"never completed")
FILE_BYTES_MAX = 100
MORE = re.compile(r" \(and (\d+) more\)$")  # at the end of a line that others like it went before
DESCRIPTORS_AT_EASE = 5000  # enough for the default of --max-connections


def log_after_stop(server: Server) -> list[str]:
    """Returns all log lines, because none can be missing once the server has ended."""
    server.close_clients()
    server.expect_stop()
    return server.log_lines()


def break_off(server: Server) -> None:
    """Makes one client that deserves a line."""
    with server.connect() as client:
        client.send(STREAM[:2])
        client.half_close()
        client.expect_end()


def come_and_go(server: Server, times: int) -> None:
    """Makes clients, one after the other, each of which has a message answered."""
    for _ in range(times):
        with server.connect() as client:
            client.echo(b"hello")
            client.half_close()
            client.expect_end()


@pytest.mark.rule(rules.LOGS)
@pytest.mark.parametrize("cut", [1, 3, 4, 5, len(STREAM) - 1])
def test_an_end_inside_a_message_is_logged_once(server: Server, cut: int) -> None:
    with server.connect() as client:
        client.echo(b"complete")
        client.send(STREAM[:cut])
        client.half_close()
        client.expect_end()
    lines = log_after_stop(server)
    assert len(lines) == 1, f"{len(lines)} lines for an end {cut} bytes into a message: {lines}"


@pytest.mark.rule(rules.LOGS)
def test_a_reset_inside_a_message_is_logged_once(server: Server) -> None:
    client = server.connect()
    client.send_in_pieces(STREAM[:7])
    client.reset()
    server.wait_for_log_lines(1)
    lines = log_after_stop(server)
    assert len(lines) == 1, f"{len(lines)} lines for one reset: {lines}"


def break_off_and_exceed(server: Server, times: int) -> None:
    """Makes pairs of clients, one after the other, each of which deserves a line."""
    for _ in range(times):
        break_off(server)
        with server.connect() as client:
            client.send(header(0xFFFFFFFF))
            client.expect_end()


@pytest.mark.rule(rules.LOGS)
def test_every_broken_connection_is_logged_or_counted(server: Server, target: Target) -> None:
    break_off_and_exceed(server, 5)
    time.sleep(1)  # the next lines say how many were left out in that second
    break_off_and_exceed(server, 1)
    lines = log_after_stop(server)
    assert 2 <= len(lines) <= 12, f"{len(lines)} lines for twelve events: {lines}"
    if target.name == "yours":
        return  # the words that count are your own
    told = sum(1 + int(more[1] if (more := MORE.search(line)) else 0) for line in lines)
    assert told == 12, f"{told} of twelve events are told: {lines}"


@pytest.mark.rule(rules.LOG_BOUNDED)
def test_no_client_can_fill_the_log(server: Server, target: Target) -> None:
    if target.name == "yours":
        pytest.skip("a bound in time is asked of the book's own servers only")
    begin = time.monotonic()
    for _ in range(100):
        break_off_and_exceed(server, 1)
        with server.connect() as client:
            client.send_in_pieces(STREAM[:7])
            client.reset()
    seconds = 1 + int(time.monotonic() - begin)
    lines = log_after_stop(server)
    assert len(lines) <= 3 * seconds, f"{len(lines)} lines in {seconds} s, of three kinds: {lines}"


@pytest.mark.rule(rules.LOGS)
def test_orderly_clients_leave_no_line(server: Server) -> None:
    server.connect().close()
    for leave in ("close", "half_close", "reset"):
        client = server.connect()
        client.echo(b"", b"a message and a goodbye")
        getattr(client, leave)()
        client.close()
    lines = log_after_stop(server)
    assert lines == [], f"nothing happened that is worth {len(lines)} lines"


@pytest.mark.rule(rules.LOGS)
@pytest.mark.parametrize("begun", [b"", header(10) + b"half"], ids=["idle", "inside-a-message"])
def test_a_stop_with_clients_connected_leaves_no_line(server: Server, begun: bytes) -> None:
    client = server.connect()
    client.echo(b"still here when the server stops")
    client.send_in_pieces(begun)
    server.expect_stop()
    lines = server.log_lines()
    assert not lines, f"a stop is not worth a line: {lines}"


@pytest.mark.needs("logs", "max-message")
@pytest.mark.rule(rules.ESCAPED)
def test_bytes_that_a_peer_chose_cannot_steer_a_terminal(start: Start) -> None:
    server = start("--verbose", "--max-message", "100")
    for nasty in (b"\x1b[2J\x1b]0;owned\x07\r\n", b"\x00\x9b\xff\xfe" * 5):
        with server.connect() as client:
            client.send(nasty)
            client.half_close()
            client.receive_until_end()
    lines = log_after_stop(server)
    assert lines, "nothing was logged, so nothing was shown to be escaped"
    for line in lines:
        assert line.isascii() and line.isprintable(), f"not escaped: {line!r}"


@pytest.mark.needs("logs", "addresses")
@pytest.mark.rule(rules.VERBOSE)
def test_verbose_tells_of_clients_over_ipv6_too(start: Start) -> None:
    need_ipv6()
    server = start("--host", "::1", "--verbose")
    for _ in range(2):
        with server.connect() as client:
            client.echo(b"hello")
    server.expect_stop()
    lines = server.log_lines()
    assert len(lines) >= 4, f"{len(lines)} lines for two clients that came and went: {lines}"


@pytest.mark.rule(rules.VERBOSE)
def test_verbose_tells_of_each_connection_and_why_it_closed(start: Start) -> None:
    server = start("--verbose")
    come_and_go(server, 3)
    lines = log_after_stop(server)
    assert len(lines) >= 6, f"{len(lines)} lines for three connections that came and went: {lines}"


def fill(pipe: int) -> None:
    """Fills the pipe completely, so the next write waits for room, as writes do by default."""
    os.set_blocking(pipe, False)
    with suppress(BlockingIOError):
        while True:
            os.write(pipe, b"\n")
    os.set_blocking(pipe, True)


@pytest.mark.rule(rules.SURVIVE)
def test_a_log_that_nobody_reads_holds_up_nobody(start: Start) -> None:
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    server = start("--verbose", log_to=writing)
    with open(reading, "rb"), open(writing, "wb"):
        fill(writing)
        for _ in range(20):
            break_off(server)
        server.connect().echo(b"served")
        server.close_clients()
        server.expect_stop()


@pytest.mark.rule(rules.LOGS)
def test_a_start_leaves_no_line(server: Server) -> None:
    need_descriptors(DESCRIPTORS_AT_EASE)
    server.expect_stop()
    assert server.stderr_text() == "", "nothing happened that is worth a line"


@pytest.mark.rule(rules.LOG_GONE)
def test_a_log_whose_reader_has_gone_ends_nothing(start: Start) -> None:
    reading, writing = os.pipe()
    server = start("--verbose", log_to=writing)
    os.close(writing)
    os.close(reading)
    server.note("closes the pipe that is the server's stderr")
    for _ in range(3):
        break_off(server)
    server.connect().echo(b"served on")


@pytest.mark.rule(rules.LOG_GONE)
def test_a_log_that_cannot_grow_ends_nothing(start: Start, tmp_path: Path) -> None:
    # Writing beyond the limit of a file's size raises SIGXFSZ, which kills a server that doesn't
    # ignore that signal. Any client that can fill the log could kill the server.
    with (tmp_path / "log").open("wb") as log:
        server = start("--verbose", log_to=log.fileno())
        limit = os.fstat(log.fileno()).st_size + FILE_BYTES_MAX
        server.tree.limit(resource.RLIMIT_FSIZE, lambda _: limit)
        for _ in range(FILE_BYTES_MAX):
            break_off(server)
        server.connect().echo(b"served on")
        server.close_clients()
        server.expect_stop()


@pytest.mark.rule(rules.LOG_GONE)
def test_without_stderr_no_client_gets_the_log(start: Start) -> None:
    # The next descriptor that the server opens gets the free number 2, and may be a client's.
    server = start("--verbose", under=("sh", "-c", 'exec "$@" 2>&-', "sh"))
    for _ in range(5):
        break_off(server)  # expects the end of the stream, and nothing before it
    come_and_go(server, 1)


@pytest.mark.rule(rules.LOG_GONE)
@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-"], ids=["stdout", "stdout-and-stderr"])
def test_without_stdout_no_client_gets_the_log(
    start: Start, target: Target, patience: float, closed: str
) -> None:
    if target.name == "yours":
        pytest.skip("a start without stdout is asked of the book's own servers only")
    port = free_port()
    # The shell prints the ready line for the server, before anybody listens.
    under = ("sh", "-c", f'echo "listening on 127.0.0.1:{port}"; exec "$@" {closed}', "sh")
    server = start("--verbose", port=port, under=under, ready=False)
    server.address = ("127.0.0.1", port)
    assert proc.wait_until(server.listens, patience), f"started with {closed}, it does not listen"
    for _ in range(5):
        break_off(server)  # expects the end of the stream, and nothing before it
    come_and_go(server, 1)


# Two lines of some 30 bytes for each are more than the pipe and the queue hold together.
CONNECTIONS = 1500
LOST = re.compile(rb"\(lines lost because nobody reads stderr: (\d+)\)\n")
WHOLE = re.compile(LOST.pattern + rb"|127\.0\.0\.1:\d+: (connected|closed: goodbye)\n")


@pytest.mark.rule(rules.SURVIVE)
@pytest.mark.parametrize("kind", UNREAD)
def test_a_log_of_any_kind_that_nobody_reads_holds_up_nobody(
    start: Start, target: Target, tmp_path: Path, kind: str
) -> None:
    """The other end of a terminal stops reading, for instance, when an ssh session hangs."""
    if target.name == "yours":
        pytest.skip("all that standard error may be is asked of the book's own servers only")
    with ExitStack() as held:
        log = UNREAD[kind](held, tmp_path)
        server = start("--verbose", log_to=log, under=under_of(kind))
        come_and_go(server, 600)  # a terminal holds the lines of some three hundred
        server.close_clients()
        server.expect_stop()


@pytest.mark.of_one_stage
@pytest.mark.rule(rules.LOSSES_COUNTED)
def test_lines_that_nobody_reads_are_counted(start: Start, target: Target, patience: float) -> None:
    if target.name == "yours":
        pytest.skip("your words for lost lines are your own, and a test can only read the book's")
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 8192)  # one line would already fill a single page
    server = start("--verbose", log_to=writing)
    os.close(writing)
    come_and_go(server, CONNECTIONS)
    lines: list[bytes] = []

    def accounted_for() -> int:
        return sum(int(lost[1]) if (lost := LOST.fullmatch(line)) else 1 for line in lines)

    with open(reading, "rb") as log:
        reader = threading.Thread(target=lambda: lines.extend(log))  # reads up to the end
        reader.start()
        came = CONNECTIONS
        end = time.monotonic() + patience
        while accounted_for() < 2 * came and time.monotonic() < end:
            # Each new line lets the server write some of the lines that wait.
            come_and_go(server, 1)
            came += 1
            proc.wait_until(lambda: accounted_for() == 2 * came, 0.1)
        come_and_go(server, 1)  # by now no line waits
        came += 1
        server.stop()
        reader.join()
    broken = [line for line in lines if not WHOLE.fullmatch(line)]
    assert not broken, f"not a line, or not a whole one: {broken[:3]}"
    assert any(map(LOST.fullmatch, lines)), "of no line it was said that it was lost"
    assert accounted_for() == 2 * came, f"{accounted_for()} lines came or were counted"
    assert not LOST.fullmatch(lines[-1]), "what came behind the loss stands in front of it"
