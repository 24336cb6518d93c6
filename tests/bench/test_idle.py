"""A crowd of idle connections is counted, and kept small where memory is short."""

import re
import subprocess
import sys
from pathlib import Path

from contenders import DEFAULT_BUILD as BUILD
from harness.needed import need_built, need_ring

PROGRAM = BUILD / "part6-uring" / "part6-uring"
IDLE = Path(__file__).with_name("idle_memory.py")
CONNECTIONS = 1000


def idle(*words: str) -> str:
    """What it prints about a small crowd."""
    need_built(PROGRAM)
    need_ring()
    command = [sys.executable, IDLE, "--build", BUILD, "--connections", str(CONNECTIONS), *words]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_each_connection_costs_some_bytes() -> None:
    found = idle("--keep-free", "0")
    assert found.startswith(f"{CONNECTIONS} connections, servers: 1,")
    own = re.search(r"own memory for each: (\d+) ", found)
    assert own and 100 <= int(own[1]) <= 1600, found  # a coroutine for each


def test_where_memory_is_short_the_crowd_stays_small_and_that_is_told() -> None:
    found = idle("--keep-free", "1000000")
    told = re.match(r"(\d+) connections", found)
    assert told and 0 < int(told[1]) < CONNECTIONS
    assert f"not {CONNECTIONS}: memory would have run short" in found
