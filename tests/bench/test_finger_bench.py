"""The measuring of finger daemons measures: wrong answers are noticed."""

import json
import socket
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path

import pytest

from contenders import DEFAULT_BUILD as BUILD
from finger import FINGERD, answer_of, daemon
from test_bench import serving

LOAD = BUILD / "tests" / "bench" / "variants"
ANSWER = b"one line\r\nand another\r\n"
pytestmark = pytest.mark.skipif(not LOAD.is_file(), reason="build the target bench")


def answering(answer: Callable[[int], bytes]) -> AbstractContextManager[int]:
    """The port of a server that answers the Nth exchange so, whatever it is asked."""
    numbers = count()

    def serve(connection: socket.socket) -> None:
        if connection.recv(100) == b"alice\r\n":
            connection.sendall(answer(next(numbers)))

    return serving(serve)


def load(port: int, directory: Path, milliseconds: int) -> subprocess.CompletedProcess[str]:
    (directory / "answer").write_bytes(ANSWER)
    words = [f"port={port}", "query=alice", f"answer={directory / 'answer'}", f"ms={milliseconds}"]
    return subprocess.run([LOAD, "finger_load", *words], capture_output=True, text=True, timeout=60)


def test_it_counts_its_exchanges(tmp_path: Path) -> None:
    asked = []
    with answering(lambda number: asked.append(number) or ANSWER) as port:
        run = load(port, tmp_path, 50)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["exchanges"] == len(asked) > 0


@pytest.mark.parametrize("wrong", [ANSWER[:-1], ANSWER + b"!", ANSWER[:-1] + b"!", b""],
                         ids=["short", "long", "changed", "none"])
def test_a_single_wrong_answer_is_noticed(tmp_path: Path, wrong: bytes) -> None:
    with answering(lambda number: wrong if number == 99 else ANSWER) as port:
        run = load(port, tmp_path, 50_000)
    assert run.returncode == 1
    assert "Bad message" in run.stderr


def test_the_daemon_answers_with_the_plan() -> None:
    with daemon(BUILD, FINGERD) as running:
        answer_of(running.port)
