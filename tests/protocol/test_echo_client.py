"""part6-uring/echo-client sends each line of its input as a message, whatever the input is, and
whether a person, a pipe or the server keeps it waiting."""

import os
import pty
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.confined import confined
from harness.console import Client, FakeServer, Terminal
from harness.frames import HEADER_BYTES, frame, header, payload_bytes
from harness.help import help_of
from harness.limits import need_ipv6
from harness.needed import need_built, need_root
from harness.proc import wait_until
from harness.server import Server, Start
from harness.strace import from_start
from harness.target import built_stages

pytestmark = pytest.mark.stage("part6-uring")

MAX_MESSAGE = 65536
EVERY_BYTE = bytes(set(range(256)) - {ord("\n")})
LINES = [b"line %d " % i + b"x" * (i % 200) for i in range(5000)]


@pytest.fixture(scope="session")
def program(request: pytest.FixtureRequest) -> Path:
    return need_built(Path(request.config.option.build_dir) / "part6-uring" / "echo-client")


@pytest.fixture
def serve(request: pytest.FixtureRequest, patience: float) -> Iterator[Start]:
    """Starts an echo server of ours, of the last stage that is built."""
    stages = built_stages(Path(request.config.option.build_dir), [])
    servers: list[Server] = []

    def start(*options: str) -> Server:
        servers.append(Server(stages[-1], options, patience=patience))
        servers[-1].wait_until_ready()
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


@pytest.fixture
def client(program: Path, patience: float) -> Callable[..., Client]:
    """Makes clients for a server's address: client(address, "--timeout", "1s")."""

    def make(address: tuple[str, int], *options: str) -> Client:
        host, port = address
        return Client([str(program), "--host", host, "--port", str(port), *options], patience)

    return make


def received(*lines: bytes) -> bytes:
    """Returns the client's output for these answers."""
    return b"".join(b"Received: " + line + b"\n" for line in lines)


def answer(to: socket.socket, count: int = 1, change: Callable[[bytes], bytes] = bytes) -> None:
    """Answers `count` messages, each with its payload after `change`."""
    for _ in range(count):
        size = payload_bytes(to.recv(HEADER_BYTES, socket.MSG_WAITALL))
        to.sendall(frame(change(to.recv(size, socket.MSG_WAITALL))))


# Input from files and pipes


def test_a_file_is_read_from_where_it_stands(serve, client, tmp_path: Path) -> None:
    """A shell may have read some of the file already. If the client kept an offset of its own, it
    would send different lines."""
    file = tmp_path / "lines"
    file.write_bytes(b"taken\n" + b"x" * 300 + b"\nlast\n")
    with file.open("rb", buffering=0) as stdin:
        assert stdin.read(6) == b"taken\n"
        client(serve().address).run(stdin=stdin).ended(0, received(b"x" * 300, b"last"))
        assert os.lseek(stdin.fileno(), 0, os.SEEK_CUR) == file.stat().st_size


@pytest.mark.parametrize(("text", "lines"), [
    (b"", []),
    (b"\n", [b""]),
    (b"a\n\n\nb\n", [b"a", b"", b"", b"b"]),
    (b"a\nlast", [b"a", b"last"]),
    (b"with CR\r\n", [b"with CR\r"]),
    (EVERY_BYTE + b"\n", [EVERY_BYTE]),
    (b"\n".join(LINES) + b"\n", LINES),
], ids=["nothing", "one-empty", "two-empty", "no-end", "a-return", "every-byte", "many"])
def test_every_line_is_sent_also_an_empty_one_and_one_without_end(serve, client, text, lines):
    client(serve().address).run(text).ended(0, received(*lines))


@pytest.mark.parametrize(("closed", "says"), [
    ("<&-", b"cannot read standard input: Bad file descriptor"),
    (">&-", b"cannot write to standard output: Bad file descriptor"),
], ids=["input", "output"])
def test_a_closed_descriptor_is_reported_like_any_other_failure(
    serve, client, closed, says
) -> None:
    made = client(serve().address)
    made.words[:0] = ["sh", "-c", f'exec "$@" {closed}', "sh"]
    made.run(b"hello\n").ended(1, b"", says)


def test_standard_streams_may_be_non_blocking(serve, client) -> None:
    """A program that shares the stream may have set O_NONBLOCK, so read(2) would fail
    with EAGAIN."""
    with client(serve().address).start(non_blocking=True) as running:
        running.type(b"x" * 60000 + b"\n")
        running.wait_for(received(b"x" * 60000))
        running.end_input()
        running.ended(0, received(b"x" * 60000))


def test_a_long_line_arrives_whole(serve, client) -> None:
    line = b"x" * 5_000_000
    server = serve("--max-message", str(len(line)))
    client(server.address).run(line + b"\n").ended(0, received(line))


def test_the_last_piece_of_a_long_line_waits_for_no_acknowledgement(
    serve, client, tmp_path: Path
) -> None:
    log = tmp_path / "calls"
    traced = client(serve().address)
    traced.words[:0] = from_start(log, "-e", "trace=setsockopt")
    traced.run(b"hello\n").ended(0, received(b"hello"))
    assert wait_until(lambda: "TCP_NODELAY, [1]" in log.read_text(), traced.patience)


def test_it_connects_over_ipv6(serve, client) -> None:
    need_ipv6()
    client(serve("--host", "::1").address).run(b"six\n").ended(0, received(b"six"))


# Connections that end before the input does


def test_a_line_over_the_servers_limit_is_explained(serve, client) -> None:
    text = b"fits\n" + b"x" * (MAX_MESSAGE + 1) + b"\nnever sent\n"
    run = client(serve().address).run(text)
    run.ended(1, received(b"fits"), b"closed the connection", b"--max-message")


@pytest.mark.parametrize("sent", [b"", b"\x05", header(5), header(5) + b"hell"])
@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_server_that_closes_is_noticed(client, sent: bytes, how: str) -> None:
    def close_on_second(connection: socket.socket) -> None:
        answer(connection)
        connection.recv(9, socket.MSG_WAITALL)
        connection.sendall(sent)
        if how == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with FakeServer(close_on_second) as server:
        run = client(server.address).run(b"first\nhello\nthird\n")
        run.ended(1, received(b"first"), b"the server closed the connection")


def test_an_input_that_has_ended_is_no_error_though_the_server_closes_then(client) -> None:
    with FakeServer(answer) as server:
        client(server.address).run(b"hello\n").ended(0, received(b"hello"))


def test_an_answer_may_come_byte_by_byte(client) -> None:
    def dribble(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in connection.recv(9, socket.MSG_WAITALL):
            connection.send(bytes([byte]))
            time.sleep(0.002)

    with FakeServer(dribble) as server:
        client(server.address).run(b"hello\n").ended(0, received(b"hello"))


def test_an_answer_that_is_announced_too_long_costs_nothing(client) -> None:
    with FakeServer(lambda connection: connection.sendall(header(0xFFFFFFFF))) as server:
        run = client(server.address).run(b"hello\n")
        run.ended(1, b"", b"an answer of 4294967295 bytes")


def test_a_refused_connection_is_explained(client) -> None:
    with FakeServer(answer) as gone:
        pass
    client(gone.address).run(b"hello\n").ended(1, b"", b"Connection refused", b"./serve")


def test_it_takes_itself_for_no_server(program: Path) -> None:
    # If the server's port is the only one that clients can get, the socket connects to itself.
    script = ("ip link set lo up && echo 40000 40000 > /proc/sys/net/ipv4/ip_local_port_range"
              ' || exit 99; echo hello | "$0" --port 40000 --timeout 2s')
    words = ["unshare", "--net", "--map-root-user", "sh", "-c", script, str(program)]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip(f"no network of its own can be made here: {done.stderr}")
    assert done.returncode == 1 and "Connection refused" in done.stderr, done
    assert done.stdout == ""


def test_an_output_that_cannot_be_written_ends_it(serve, client) -> None:
    with Path("/dev/full").open("wb") as full:
        run = client(serve().address).run(b"hello\n", stdout=full)
        run.ended(1, b"", b"cannot write to standard output: No space left on device")


# The command line


@pytest.mark.parametrize("words", [
    ["--port", "0"], ["--port", "65536"], ["--port"], ["--host", "localhost"], ["--timeout", "10"],
    ["--unknown"], ["surplus"],
], ids=" ".join)
def test_wrong_usage_is_explained(client, words: list[str]) -> None:
    client(("127.0.0.1", 5882), *words).run(b"").ended(2, b"", words[0].encode())


def test_help_names_the_options_and_their_defaults(program: Path) -> None:
    text = help_of(program)
    for words in ("--host ADDR=127.0.0.1", "--port N=5882", "--timeout DURATION=10s"):
        assert words in text


@pytest.mark.parametrize(
    ("refused", "why"), [
        ("ring=EPERM", b"seccomp"), ("ring=EINVAL", b"Linux 6.1 or newer"),
        ("enter=EPERM", b"seccomp")]
)
def test_it_says_why_there_can_be_no_ring(client, refused: str, why: bytes) -> None:
    with FakeServer(answer) as server:
        made = client(server.address)
        made.words[:0] = confined(refused)
        run = made.run(b"hello\n")
        run.ended(1, b"", b"io_uring cannot be used", why)


# Time


@pytest.mark.clock
def test_a_pipe_that_says_nothing_is_left_in_time(serve, client) -> None:
    with client(serve().address, "--timeout", "300ms").start() as running:
        running.type(b"one\nbegun")
        running.ended(1, received(b"one"), b"no line for 300ms")
        assert 0.3 <= running.seconds() < 2


@pytest.mark.clock
def test_a_server_that_says_nothing_is_left_in_time(client) -> None:
    with FakeServer(lambda connection: connection.recv(1000), keep_open=True) as server:
        with client(server.address, "--timeout", "300ms").start() as running:
            running.type(b"hello\n")
            running.ended(1, b"", b"no answer for 300ms")
            assert 0.3 <= running.seconds() < 2


@pytest.mark.clock
def test_without_a_time_out_it_waits(serve, client) -> None:
    with client(serve().address, "--timeout", "0").start() as running:
        time.sleep(0.5)
        running.type(b"late\n")
        running.end_input()
        running.ended(0, received(b"late"))


# A terminal


@pytest.mark.parametrize("non_blocking", [False, True])
def test_a_terminal_is_prompted(serve, client, non_blocking: bool) -> None:
    with Terminal(client(serve().address), non_blocking=non_blocking) as terminal:
        terminal.wait_for("Input: ")
        terminal.type("hello\n")
        terminal.wait_for("Input: hello\nReceived: hello\nInput: ")
        # The first ^D sends what was typed so far, and the second ends the input.
        terminal.type("without an end\x04\x04")
        terminal.ended(0)
        first = "Input: hello\nReceived: hello\n"
        last = "Input: without an end\nReceived: without an end\n"
        assert terminal.text() == first + last


def test_the_end_of_a_terminals_input_leaves_the_cursor_on_a_new_line(serve, client) -> None:
    with Terminal(client(serve().address)) as terminal:
        terminal.wait_for("Input: ")
        terminal.type("\x04")
        terminal.ended(0)
        assert terminal.text() == "Input: \n"


def test_no_server_steers_a_terminal(client) -> None:
    nasty = b"\x1b[2J\x1b]0;owned\x07\r\n\x9b\xc3\xa9"
    with FakeServer(lambda c: answer(c, change=lambda _: nasty), keep_open=True) as server:
        with Terminal(client(server.address)) as terminal:
            terminal.wait_for("Input: ")
            terminal.type("hello\n")
            shown = r"Received: \x1b[2J\x1b]0;owned\x07\x0d\x0a\x9b\xc3\xa9"
            terminal.wait_for(f"Input: hello\n{shown}\nInput: ")


@pytest.mark.parametrize("on_it", ["output", "input"])
def test_only_an_output_on_a_terminal_is_escaped(client, on_it: str) -> None:
    nasty, shown = b"\x1b[2J", rb"Received: \x1b[2J"
    master, slave = pty.openpty()
    with FakeServer(lambda c: answer(c, change=lambda _: nasty), keep_open=True) as server:
        if on_it == "output":
            client(server.address).run(b"hello\n", stdout=slave).ended(0, b"")
            assert os.read(master, 1000) == shown + b"\r\n"
        else:
            os.write(master, b"hello\n\x04")
            client(server.address).run(stdin=slave).ended(
                0, b"Input: " + received(nasty) + b"Input: \n")
    os.close(master)
    os.close(slave)


def test_the_prompt_ends_at_once_when_the_server_is_gone(client) -> None:
    with FakeServer(answer) as server, Terminal(client(server.address)) as terminal:
        terminal.wait_for("Input: ")
        terminal.type("hello\n")
        terminal.ended(1, "the server closed the connection")


@pytest.mark.clock
def test_a_terminal_has_the_time_for_each_prompt(serve, client) -> None:
    with Terminal(client(serve().address, "--timeout", "1s")) as terminal:
        terminal.wait_for("Input: ")
        time.sleep(0.7)
        terminal.type("hello\n")
        terminal.wait_for("Received: hello\nInput: ")
        begin = time.monotonic()
        time.sleep(0.7)
        terminal.type("typing does not extend it")
        terminal.ended(1, "no line for 1s")
        assert 0.9 < time.monotonic() - begin < 3


# It's a shell, as far as the kernel can tell: it starts the command in the background of its
# terminal, where the kernel stops it, and then brings it to the foreground.
SHELL = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status = os.waitpid(job, os.WUNTRACED)
assert os.WIFSTOPPED(status), status
os.tcsetpgrp(0, job)
os.kill(job, signal.SIGCONT)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(job, 0)[1]))
"""


def test_after_a_stop_in_the_background_it_goes_on(serve, client) -> None:
    job = client(serve().address)
    job.words = [sys.executable, "-c", SHELL, *job.words]
    with Terminal(job) as terminal:
        terminal.wait_for("Input: ")
        terminal.type("hello\n")
        terminal.wait_for("Received: hello\nInput: ")


def test_a_read_that_gets_no_thread_is_explained(serve, client, tmp_path: Path) -> None:
    need_root("be somebody whose number of threads is limited")
    limited = client(serve().address)
    limited.words = [
        # The leak check of a sanitizer's build would need a thread.
        "env", "LSAN_OPTIONS=detect_leaks=0", "prlimit", "--nproc=1:1",
        # Last, because root's rights end with its exec, and others may not enter /root.
        "setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", *limited.words,
    ]  # fmt: skip
    with open("/proc/self/status", "rb") as needs_a_thread:
        limited.run(stdin=needs_a_thread).ended(1, b"", b"cannot start a thread", b"ulimit -u")
