"""A server that has nothing to do leaves the processor alone, whatever its clients did before.

Measured is the time that it ran or waited for its turn: a busy machine does not change the verdict.
"""

import time

import pytest

import rules
from harness.crowd import begun_crowd
from harness.frames import frame
from harness.server import Server, Start

pytestmark = [pytest.mark.clock, pytest.mark.needs("rest-when-idle", "concurrency")]

WATCHED_SECONDS = 0.6
SHARE_MAX = 0.4  # who spins wants all of it
LIMIT = 32


def wanted_share(server: Server) -> float:
    """How much of the next moment the server would like to have a processor."""
    time.sleep(0.1)
    before, begin = server.process.wanted_seconds(), time.monotonic()
    time.sleep(WATCHED_SECONDS)
    return (server.process.wanted_seconds() - before) / (time.monotonic() - begin)


@pytest.mark.rule(rules.REST)
@pytest.mark.parametrize("how", ["close", "half_close", "reset"])
def test_clients_that_left_are_not_looked_at_again_and_again(server: Server, how: str) -> None:
    stays = server.connect()
    stays.echo(b"here")
    for _ in range(3):
        client = server.connect()
        client.echo(b"here")
        client.send(frame(b"not complete")[:5])
        getattr(client, how)()
    share = wanted_share(server)
    assert share < SHARE_MAX, f"wants {share:.0%} of a processor, and has nothing to do"
    stays.echo(b"still here")


@pytest.mark.needs("out-of-descriptors", "rest-when-idle", "concurrency")
@pytest.mark.rule(rules.OUT_OF_DESCRIPTORS)
def test_new_connections_for_whom_there_is_no_descriptor_are_not_asked_in_again_and_again(
    start: Start,
) -> None:
    server = start("--max-connections", "1000", descriptor_limit=LIMIT)
    begun_crowd(server)
    share = wanted_share(server)
    assert share < SHARE_MAX, f"wants {share:.0%} of a processor while new connections wait"
