"""E11.1: frames without the heap, to be fixed in place: given/e11_1.cc."""

import os
import struct
import subprocess
from pathlib import Path

import pytest

from exercise import ROOT

GIVEN = Path(__file__).parent / "given" / "e11_1.cc"
COUNTER = ROOT / "tests" / "costs" / "count_allocations.cc"
COMPILE = ("c++", "-std=c++23", "-O2")
RUN_SECONDS = 60


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the program, one with a sanitizer in it, and what counts its allocations."""
    directory = tmp_path_factory.mktemp("e11_1")
    sanitize = ("-fsanitize=address,undefined", "-g")
    for name, source, options in (("program", GIVEN, ()), ("checked", GIVEN, sanitize),
                                  ("counter.so", COUNTER, ("-shared", "-fPIC", "-ldl"))):
        words = [*COMPILE, str(source), *options, "-o", str(directory / name)]
        made = subprocess.run(words, capture_output=True, text=True)
        if made.returncode != 0:
            pytest.fail(made.stderr, pytrace=False)
    return directory


def answers(clients: int) -> str:
    """What it prints: each third talks longer."""
    long_talks = (clients + 2) // 3
    return f"{long_talks * 5 + clients - long_talks} answers\n"


def allocations(built: Path, clients: int) -> int:
    """How often the heap is asked for memory while so many come and go."""
    count = built / "allocations"
    count.write_bytes(bytes(8))
    environment = os.environ | {"LD_PRELOAD": str(built / "counter.so"), "ALLOCATIONS": str(count)}
    ran = subprocess.run([built / "program", str(clients)], env=environment, capture_output=True,
                         text=True, timeout=RUN_SECONDS)
    assert ran.stdout == answers(clients), f"it printed {ran.stdout!r}, not {answers(clients)!r}"
    return struct.unpack("<Q", count.read_bytes())[0]


def test_more_clients_cost_no_more_allocations(built: Path) -> None:
    """Once as many clients have talked at the same time as ever will, the next ones take what the
    others have left: ten thousand cost no more allocations than a hundred."""
    few, many = allocations(built, 100), allocations(built, 10_000)
    assert many == few, f"100 clients cost {few} allocations, 10,000 cost {many}"
    assert few < 50, f"100 clients, four at a time, cost {few} allocations"


def test_a_frame_has_room(built: Path) -> None:
    """No frame is larger than the block it lies in: the sanitizers have nothing to say."""
    environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=0"}  # a pool may keep what it has
    ran = subprocess.run([built / "checked", "1000"], env=environment, capture_output=True,
                         text=True, timeout=RUN_SECONDS)
    if ran.stderr:
        pytest.fail(ran.stderr[:3000], pytrace=False)
    assert ran.stdout == answers(1000)
