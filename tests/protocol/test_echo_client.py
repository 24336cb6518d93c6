"""part6-uring/echo-client: each line of its input is a message, whatever the input is."""

import errno
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from harness import seccomp
from harness.console import FakeServer
from harness.echo_client import answer, client, program, received, serve  # noqa: F401
from harness.frames import header
from harness.help import help_of

pytestmark = pytest.mark.stage("part6-uring")

MAX_MESSAGE = 65536


# Input from files and pipes

LINES = [b"line %d " % i + b"x" * (i % 200) for i in range(5000)]


def test_a_file_is_sent_line_by_line(serve, client, tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_bytes(b"\n".join(LINES) + b"\n")
    with file.open("rb", buffering=0) as stdin:
        client(serve().address).run(stdin=stdin).ended(0, received(*LINES))


def test_a_file_is_read_from_where_it_stands(serve, client, tmp_path: Path) -> None:
    """A shell may have read some of it. At an offset of its own a client would send other lines."""
    file = tmp_path / "lines"
    file.write_bytes(b"taken\n" + b"x" * 300 + b"\nlast\n")
    with file.open("rb", buffering=0) as stdin:
        assert stdin.read(6) == b"taken\n"
        client(serve().address).run(stdin=stdin).ended(0, received(b"x" * 300, b"last"))
        assert os.lseek(stdin.fileno(), 0, os.SEEK_CUR) == file.stat().st_size


def test_a_pipe_is_sent_line_by_line(serve, client) -> None:
    text = b"\n".join(LINES) + b"\n"
    client(serve().address).run(text).ended(0, received(*LINES))


def test_a_line_may_come_in_pieces(serve, client) -> None:
    with client(serve().address).start() as running:
        for piece in (b"o", b"ne\ntw", b"o\n"):
            running.type(piece)
        running.wait_for(received(b"one", b"two"))
        running.end_input()
        running.ended(0, received(b"one", b"two"))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (b"", []),
        (b"\n", [b""]),
        (b"a\n\n\nb\n", [b"a", b"", b"", b"b"]),
        (b"a\nlast", [b"a", b"last"]),
        (b"last", [b"last"]),
        (b"with CR\r\n", [b"with CR\r"]),
    ],
)
def test_every_line_is_sent_also_an_empty_one_and_one_without_end(serve, client, text, lines):
    client(serve().address).run(text).ended(0, received(*lines))


def test_a_pipe_gets_the_bytes_as_they_came(serve, client) -> None:
    every_byte = bytes(set(range(256)) - {ord("\n")})
    client(serve().address).run(every_byte + b"\n").ended(0, received(every_byte))


def test_a_closed_input_has_ended(serve, client) -> None:
    made = client(serve().address)
    words = ["sh", "-c", 'exec "$@" <&-', "sh", *made.words]
    run = subprocess.run(words, capture_output=True, timeout=made.patience)
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")


def test_standard_streams_may_be_non_blocking(serve, client) -> None:
    """A program that shares them may have set that; read(2) would fail with EAGAIN."""
    with client(serve().address).start(non_blocking=True) as running:
        running.type(b"x" * 60000 + b"\n")
        running.wait_for(received(b"x" * 60000))
        running.end_input()
        running.ended(0, received(b"x" * 60000))


def test_a_long_line_arrives_whole(serve, client) -> None:
    line = b"x" * 5_000_000
    server = serve("--max-message", str(len(line)))
    client(server.address).run(line + b"\n").ended(0, received(line))


def test_ipv6(serve, client) -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    client(serve("--host", "::1").address).run(b"six\n").ended(0, received(b"six"))


# Ends that are not the input's

def test_a_line_over_the_servers_limit_is_explained(serve, client) -> None:
    text = b"fits\n" + b"x" * (MAX_MESSAGE + 1) + b"\nnever sent\n"
    run = client(serve().address).run(text)
    run.ended(1, received(b"fits"), b"closed the connection", b"--max-message")


def test_the_longest_line_that_a_server_takes_is_echoed(serve, client) -> None:
    line = b"x" * MAX_MESSAGE
    client(serve().address).run(line + b"\n").ended(0, received(line))


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


def test_a_server_that_closes_at_once_is_noticed(client) -> None:
    with FakeServer(lambda connection: None) as server:
        client(server.address).run(b"hello\n").ended(1, b"", b"the server closed the connection")


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


def test_nobody_listens(client) -> None:
    with FakeServer(answer) as gone:
        pass
    client(gone.address).run(b"hello\n").ended(1, b"", b"Connection refused", b"./serve")


def test_an_output_that_cannot_be_written_ends_it(serve, client) -> None:
    with Path("/dev/full").open("wb") as full:
        run = client(serve().address).run(b"hello\n", stdout=full)
        run.ended(1, b"", b"cannot write to standard output: No space left on device")


# The command line

@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["--port", "0"], b"--port"),
        (["--port", "65536"], b"--port"),
        (["--port", "+1"], b"--port"),
        (["--port"], b"--port"),
        (["--host", "localhost"], b"--host"),
        (["--host", "[::1]"], b"--host"),
        (["--timeout", "10"], b"--timeout"),
        (["--timeout=1.5s"], b"--timeout"),
        (["--unknown"], b"--unknown"),
        (["surplus"], b"surplus"),
    ],
)
def test_wrong_usage(client, words: list[str], names: bytes) -> None:
    client(("127.0.0.1", 5882), *words).run(b"").ended(2, b"", names)


def test_help_names_the_options_and_their_defaults(program: Path) -> None:
    text = help_of(program)
    for words in ("--host ADDR=127.0.0.1", "--port N=5882", "--timeout DURATION=10s"):
        assert words in text


@pytest.mark.parametrize(
    ("error", "why"), [(errno.EPERM, b"seccomp"), (errno.EINVAL, b"Linux 6.1 or newer")]
)
def test_where_there_can_be_no_ring_it_says_why(client, error: int, why: bytes) -> None:
    with FakeServer(answer) as server:
        made = client(server.address)
        run = made.run(b"hello\n", preexec_fn=seccomp.forbid(seccomp.IO_URING_SETUP, error))
        run.ended(1, b"", b"io_uring cannot be used", why)
