"""E12.2: one deadline over connecting, asking and hearing the answer."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from kit.tested import Run

pytestmark = [pytest.mark.clock, pytest.mark.program("{port} {ms}")]

MS, LONG_MS = 400, 60_000
LATE_SECONDS = 3.0
QUESTION = b"what is the time?\n"
LARGE = bytes(range(256)) * 40_000  # 10 MB


@contextmanager
def serving(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that treats every client so; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def accept() -> None:
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                with peer:
                    try:
                        serve(peer)
                    except OSError:
                        pass  # the client has left

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def hear(peer: socket.socket) -> bytes:
    """All that the client says before it ends its stream."""
    return b"".join(iter(lambda: peer.recv(65536), b""))


def answers(peer: socket.socket) -> None:
    """Says back what it has heard."""
    peer.sendall(b"you asked: " + hear(peer))


def dribbles(peer: socket.socket) -> None:
    """A byte now and then, for ever."""
    while True:
        peer.sendall(b".")
        time.sleep(0.1)


def is_deaf(peer: socket.socket) -> None:
    """Takes nothing, says nothing, and stays."""
    time.sleep(MS / 1000 + LATE_SECONDS)


def expect_late(run: Run, question: bytes, port: int) -> None:
    """The program gives up in time, and says why."""
    began = time.monotonic()
    ended = run(input=question, port=port, ms=MS)
    took = time.monotonic() - began
    assert ended.returncode == 1, f"exit status {ended.returncode}, wanted 1"
    assert ended.stderr, "it gave up without a word"
    assert MS / 1000 <= took < MS / 1000 + LATE_SECONDS, f"given {MS} ms, it took {took:.1f} s"


def test_the_answer_is_printed(run: Run) -> None:
    """It sends its input, half-closes, prints what comes until the end of the stream, and ends with
    status 0."""
    with serving(answers) as port:
        for question in (QUESTION, b"", LARGE):
            ended = run(input=question, port=port, ms=LONG_MS)
            assert ended.stdout == b"you asked: " + question
            assert ended.returncode == 0, ended.stderr.decode()


def test_a_silent_server_is_left_in_time(run: Run) -> None:
    """A server that says nothing is left when the time is up: status 1 and a line on stderr."""
    with serving(is_deaf) as port:
        expect_late(run, QUESTION, port)


def test_a_server_that_reads_nothing_is_left_in_time(run: Run) -> None:
    """The time counts while it sends, too."""
    with serving(is_deaf) as port:
        expect_late(run, LARGE, port)


def test_bytes_do_not_extend_the_time(run: Run) -> None:
    """A server that sends a byte now and then gets no more time than any other: the deadline is one
    for the whole exchange, not a timeout for each operation."""
    with serving(dribbles) as port:
        expect_late(run, QUESTION, port)


def test_nobody_there_is_an_error(run: Run) -> None:
    """Where nobody listens it ends at once, with status 1 and the reason."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    ended = run(input=QUESTION, port=port, ms=LONG_MS)
    assert ended.returncode == 1
    assert b"refused" in ended.stderr, f"it said {ended.stderr!r}"
