"""The client at a fixed rate: a stall is not hidden, the rate is kept, percentiles are right."""

import json
import math
import random
import socket
import subprocess
import time
from contextlib import AbstractContextManager

import pytest

from contenders import STAGES, Contender
from harness.server import Server
from test_bench import BUILD, LOAD, TakesItsTime, echoing, load, needs_load, serving

from subjects.broken_servers import Healthy  # tests/protocol is in contenders' path

KNOWN_TO = 1 - 1 / 128  # a percentile, of itself
STALL_SECONDS = 0.3
pytestmark = needs_load


def stage() -> AbstractContextManager[Server]:
    """One that serves several connections at once."""
    return Contender(STAGES[0], STAGES[0]).running(BUILD, before=())


def during_a_stall(*options: str) -> dict[str, float]:
    """What the client says of a server that is stopped in its tracks for a while."""
    with stage() as server:
        words = [LOAD, "--port", str(server.address[1]), "--connections", "4", "--duration",
                 "1500ms"]
        with subprocess.Popen([*words, *options], stdout=subprocess.PIPE, text=True) as client:
            time.sleep(0.5)
            server.pause()
            time.sleep(STALL_SECONDS)
            server.resume()
            said, _ = client.communicate(timeout=30)
        assert client.returncode == 0
        return json.loads(said)


def test_a_stall_shows_in_every_message_that_was_due_meanwhile() -> None:
    found = during_a_stall("--rate", "400")
    assert found["p99_us"] > STALL_SECONDS / 2 * 1e6


def test_a_closed_loop_hides_it() -> None:
    """Why the open one is there: four messages waited, of some ten thousand."""
    found = during_a_stall()
    assert found["p99_us"] < STALL_SECONDS / 2 * 1e6
    assert found["max_us"] > STALL_SECONDS * 1e6 * KNOWN_TO


@pytest.mark.parametrize("connections", [1, 3])
def test_the_rate_is_kept(connections: int) -> None:
    options = ("--rate", "500", "--duration", "400ms", "--messages", "0")
    with stage() as server:
        run = load(server.address[1], "--connections", str(connections), *options)
    found = json.loads(run.stdout)
    assert found["messages"] == 500 * 0.4
    assert 0.39 < found["seconds"] < 0.8
    assert 0 <= found["late_p99_us"] <= found["max_us"]


def test_who_does_not_keep_up_is_not_asked_less() -> None:
    """The last of fifty messages, due in a quarter of a second, has waited for all before it."""
    with echoing(TakesItsTime) as port:
        found = json.loads(load(port, "--rate", "200", "--messages", "50").stdout)
    takes = 50 * TakesItsTime.seconds
    assert found["seconds"] >= takes
    assert found["max_us"] >= (takes - 50 / 200) * 1e6
    assert found["p50_us"] >= (takes - 50 / 200) / 3 * 1e6


def test_connections_come_from_several_addresses() -> None:
    seen = []

    def look(connection: socket.socket) -> None:
        seen.append(connection.getpeername()[0])
        Healthy(connection).serve()

    with serving(look) as port:
        run = load(port, "--connections", "4", "--idle", "2", "--sources", "3")
    assert run.returncode == 0, run.stderr
    assert sorted(seen) == sorted(f"127.0.0.{1 + i % 3}" for i in range(6))


@pytest.mark.parametrize("values", [
    [5], list(range(1, 1001)), [10] * 998 + [10**9, 10**12],
    [int(random.Random(7).lognormvariate(11, 2)) for _ in range(20_000)],
], ids=["one", "1..1000", "two far out", "lognormal"])
def test_percentiles_are_those_of_the_sorted_values(values: list[int]) -> None:
    shuffled = random.Random(8).sample(values, len(values))
    run = subprocess.run([LOAD.with_name("quantiles")], input="\n".join(map(str, shuffled)),
                         capture_output=True, text=True, check=True)
    told = [int(line) for line in run.stdout.split()]
    for share, found in zip((0.5, 0.99, 0.999, 1.0), told, strict=True):
        true = sorted(values)[math.ceil(share * len(values)) - 1]
        assert true <= found <= true / KNOWN_TO + 1, share
    assert told[-1] == max(values)
