"""finger/finger: how the client ends, and when."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from client_program import (  # noqa: F401
    Scripted,
    endlessly,
    finger,
    full_backlog,
    pieces,
    program,
    reset_after,
)

from harness.strace import from_start, inject

PLAN = b"Building a telescope.\r\nBack in May.\r\n"
SHOWN = b"Building a telescope.\nBack in May.\n"


@pytest.mark.parametrize(("answer", "ended"), [
    (b"Error: No such user\r\n", (0, b"Error: No such user\n")),
    (b"", (1, b"", b"closed without an answer")),
    (reset_after(b"half a pl"), (1, b"half a pl\n", b"broke off", b"reset")),
    (reset_after(b""), (1, b"", b"reset")),
], ids=["error", "nothing", "a-part-and-a-reset", "a-reset"])  # fmt: skip
def test_the_exit_status_says_whether_there_was_an_answer(finger, answer, ended) -> None:
    with Scripted(answer) as server:
        finger("alice@127.0.0.1", port=server.port).run().ended(*ended)


def test_a_missing_thread_is_explained(finger, tmp_path: Path) -> None:
    """A thread looks the name up, so that a deadline can end the wait."""
    client = finger("alice@127.0.0.1", port=1)
    client.words[:0] = from_start(tmp_path / "calls", *inject("clone,clone3", "EAGAIN", "1+"))
    client.run().ended(1, b"", b"cannot start a thread")


def test_a_part_of_an_answer_is_shown_before_the_rest_comes(finger) -> None:
    def half(client: socket.socket) -> None:
        client.sendall(b"half a line")
        server.gone.wait(10)

    with Scripted(half) as server:
        with finger("alice@127.0.0.1", port=server.port).start() as running:
            running.wait_for(b"half a line")


@pytest.mark.clock
@pytest.mark.parametrize("words", [b"", b"half a plan"])
def test_a_server_that_falls_silent_is_left_in_time(finger, words: bytes) -> None:
    def fall_silent(client: socket.socket) -> None:
        client.sendall(words)
        server.gone.wait(20)

    with Scripted(fall_silent) as server:
        client = finger("alice@127.0.0.1", "--timeout", "400ms", port=server.port)
        begin = time.monotonic()
        client.run().ended(1, words + b"\n" if words else b"", b"in time")
        assert 0.4 <= time.monotonic() - begin < 5


@pytest.mark.clock
def test_a_server_that_takes_no_connection_is_left_in_time(finger) -> None:
    with full_backlog() as port:
        client = finger("alice@127.0.0.1", "--timeout", "400ms", port=port)
        begin = time.monotonic()
        client.run().ended(1, b"", b"no connection in time")
        assert 0.4 <= time.monotonic() - begin < 5


@pytest.mark.clock
def test_a_dribbling_server_cannot_move_the_deadline(finger) -> None:
    with Scripted(pieces(*[b"x"] * 200, pause=0.05)) as server:
        client = finger("alice@127.0.0.1", "--timeout", "500ms", port=server.port)
        begin = time.monotonic()
        run = client.run()
        assert (run.status, b"in time" in run.stderr) == (1, True)
        assert 0.5 <= time.monotonic() - begin < 5
        assert 0 < run.stdout.count(b"x") < 200


@pytest.mark.clock
def test_an_endless_answer_ends_in_time(finger) -> None:
    with Scripted(endlessly) as server, Path("/dev/null").open("wb") as null:
        client = finger("alice@127.0.0.1", "--timeout", "500ms", port=server.port)
        begin = time.monotonic()
        client.run(stdout=null).ended(1, b"", b"in time")
        assert time.monotonic() - begin < 5


def test_a_long_answer_costs_no_memory(finger) -> None:
    def peak_kib(answer: bytes, times: int) -> int:
        def send(client: socket.socket) -> None:
            for _ in range(times):
                client.sendall(answer)

        with Scripted(send) as server:
            words = finger("alice@127.0.0.1", "--timeout", "1m", port=server.port).words
            process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            assert process.returncode == 0
            return usage.ru_maxrss

    # Each byte becomes four, and the client mustn't keep a line just because it doesn't end.
    assert peak_kib(b"\x1b" * 65536, 100) < peak_kib(b"hi\r\n", 1) + 1024


@pytest.mark.clock
def test_time_that_the_reader_of_the_output_takes_is_not_the_servers(finger) -> None:
    """A pager reads one page, and then waits for a key."""
    lines = b"x" * 78 + b"\r\n"
    with Scripted(lines * 10_000) as server:
        words = finger("alice@127.0.0.1", "--timeout", "2s", port=server.port).words
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None and process.stderr is not None
            seen = process.stdout.read(1000)
            time.sleep(2.5)  # longer than the timeout, which is the point of this test
            seen += process.stdout.read()
            assert process.wait(10) == 0, process.stderr.read()
    assert seen == lines.replace(b"\r", b"") * 10_000


FULL = b"finger: cannot write to standard output: No space left on device\n"


@pytest.mark.parametrize("answer", [PLAN, b"\xc3"], ids=["at-once", "at-its-end"])
def test_an_output_that_cannot_be_written_ends_it(finger, answer: bytes) -> None:
    """The host isn't to blame, so asking the next one makes no sense."""
    with Scripted(answer) as server, Path("/dev/full").open("wb") as full:
        client = finger("alice@127.0.0.1", "bob@127.0.0.1", port=server.port)
        client.run(stdout=full).ended(1, b"", FULL)
        finger("alice@127.0.0.1", port=server.port).run(stdout=full).ended(1, b"", FULL)
        assert server.queries == [b"alice\r\n"]


def test_standard_streams_may_be_non_blocking(finger) -> None:
    """A program that shares the streams may have set O_NONBLOCK, so write(2) would fail with
    EAGAIN."""
    with Scripted(PLAN * 20_000) as server:
        with finger("alice@127.0.0.1", port=server.port).start(non_blocking=True) as running:
            running.ended(0, SHOWN * 20_000)


def test_a_closed_output_is_not_the_servers_connection(finger) -> None:
    """The socket would get number 1, and the answer would go back to the server."""
    behind: list[bytes] = []

    def look_behind(client: socket.socket) -> None:
        client.sendall(PLAN)
        client.shutdown(socket.SHUT_WR)
        behind.append(client.recv(1))

    with Scripted(look_behind) as server:
        client = finger("alice@127.0.0.1", port=server.port)
        client.words[:0] = ["sh", "-c", 'exec "$@" >&-', "sh"]
        client.run().ended(1, b"", b"finger: cannot write to standard output: Bad file descriptor")
    assert behind == [b""]


def test_ctrl_c_ends_it(finger) -> None:
    with Scripted(lambda client: client.sendall(b"a") or server.gone.wait(20)) as server:
        words = finger("alice@127.0.0.1", port=server.port).words
        with subprocess.Popen(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Tests that run in the background ignore SIGINT, and the client would inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as process:
            assert process.stdout is not None and process.stderr is not None
            assert process.stdout.read(1) == b"a"
            process.send_signal(signal.SIGINT)
            assert (process.wait(10), process.stderr.read()) == (-signal.SIGINT, b"")
