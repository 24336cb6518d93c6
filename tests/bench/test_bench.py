"""The client notices wrong answers, its numbers are right, and every contender echoes."""

import json
import re
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest

from contenders import DEFAULT_BUILD as BUILD
from contenders import ECHO, Contender

from harness.strace import need_ptrace  # tests/protocol is in contenders' path
from subjects.broken_servers import Healthy, LastFirst

LOAD = BUILD / "tests" / "bench" / "load"
needs_load = pytest.mark.skipif(not LOAD.is_file(), reason="build the target bench")


class ChangesTheLastByte(Healthy):
    def answer(self, payload: bytes) -> None:
        super().answer(payload[:-1] + bytes([payload[-1] ^ 1]))


class AnswersTwice(Healthy):
    def answer(self, payload: bytes) -> None:
        super().answer(payload)
        super().answer(payload)


class LosesTheThird(Healthy):
    count = 0

    def answer(self, payload: bytes) -> None:
        self.count += 1
        if self.count != 3:
            super().answer(payload)


class TakesItsTime(Healthy):
    seconds = 0.02

    def answer(self, payload: bytes) -> None:
        time.sleep(self.seconds)
        super().answer(payload)


class HangsUp(Healthy):
    def turn(self) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)


def load(port: int, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([LOAD, "--port", str(port), "--messages", "200", *options],
                          capture_output=True, text=True, timeout=30)


@contextmanager
def serving(serve: Callable[[socket.socket], object]) -> Iterator[int]:
    """Runs a server that calls `serve` for each connection. Yields its port."""
    def serve_one(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            serve(connection)

    def accept_all() -> None:
        with suppress(OSError):  # the test is over
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve_one, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        threading.Thread(target=accept_all, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)  # ends accept


def echoing(server: type[Healthy]) -> AbstractContextManager[int]:
    return serving(lambda connection: server(connection).serve())


@needs_load
@pytest.mark.parametrize("server", [ChangesTheLastByte, AnswersTwice, LosesTheThird, LastFirst])
def test_wrong_answers_are_noticed(server: type[Healthy]) -> None:
    """LastFirst swaps messages that arrive together, so enough of them must be in flight."""
    with echoing(server) as port:
        run = load(port, "--in-flight", "16")
    assert (run.returncode, run.stdout) == (1, "")
    assert "Bad message" in run.stderr


@needs_load
def test_a_server_that_hangs_up_is_noticed() -> None:
    with echoing(HangsUp) as port:
        run = load(port, "--in-flight", "16")
    assert (run.returncode, run.stdout) == (1, "")
    assert "connection abort" in run.stderr


@needs_load
@pytest.mark.parametrize("options", [
    ("--bytes", "0"), ("--bytes", "3"), ("--bytes", "65536", "--in-flight", "40"),
    ("--in-flight", "7"), ("--bytes", "65536", "--piece", "20000"),
    ("--bytes", "65536", "--piece", "20000", "--connections", "5", "--in-flight", "3"),
])
def test_the_number_of_messages_is_exact(options: tuple[str, ...]) -> None:
    with echoing(Healthy) as port:
        run = load(port, *options, "--warm-up", "10ms")
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["messages"] == 200
    assert 0 < found["p50_us"] <= found["p99_us"] <= found["p999_us"] <= found["max_us"]
    assert found["max_us"] <= found["seconds"] * 1e6


@needs_load
def test_a_message_is_sent_in_pieces(tmp_path: Path) -> None:
    need_ptrace()
    trace = tmp_path / "trace"
    with echoing(Healthy) as port:
        subprocess.run(["strace", "-e", "trace=sendto", "-o", trace, LOAD, "--port", str(port),
                        "--bytes", "65536", "--piece", "20000", "--messages", "1"],
                       check=True, timeout=30)  # fmt: skip
    sent = [int(size) for size in re.findall(r"= (\d+)$", trace.read_text(), re.MULTILINE)]
    assert sent == [20_000, 20_000, 20_000, 5_540]


@needs_load
def test_a_latency_counts_from_the_sending() -> None:
    """Of three messages that are sent together, the last has waited for the other two."""
    with echoing(TakesItsTime) as port:
        run = load(port, "--in-flight", "3", "--messages", "3")
    found, known_to = json.loads(run.stdout), 1 - 1 / 128
    assert found["p50_us"] >= 2 * TakesItsTime.seconds * 1e6 * known_to
    assert found["max_us"] >= 3 * TakesItsTime.seconds * 1e6


@needs_load
@pytest.mark.parametrize("contender", [
    pytest.param(contender, id=contender.name)
    for contender in ECHO if contender.path(BUILD).is_file()
])
@pytest.mark.parametrize("options", [
    ("--connections", "70"), ("--connections", "5", "--bytes", "60000", "--in-flight", "30"),
    ("--connections", "3", "--bytes", "1", "--in-flight", "500"),
])
def test_every_contender_echoes(contender: Contender, options: tuple[str, ...]) -> None:
    """Even if the answers don't fit the socket, so that the server has to wait for room."""
    with contender.running(BUILD, before=()) as server:
        for _ in range(2):  # the next clients find a server that others have left
            run = load(server.address[1], *options, "--messages", "3000", "--server-pid",
                       str(server.pid))
            assert run.returncode == 0, run.stderr
            assert json.loads(run.stdout)["server_cpu_seconds"] > 0
