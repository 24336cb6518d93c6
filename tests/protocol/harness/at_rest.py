"""What a server has while nobody is connected."""

import time
from collections.abc import Callable

from harness.client import Client
from harness.proc import wait_until
from harness.server import Server

GONE_SECONDS = 1.0


def descriptors_at_rest(server: Server, exchange: Callable[[Client], object]) -> int:
    """How many it has open after its first client, for which it may open more than a connection."""
    with server.connect() as client:
        exchange(client)
        with_a_client = server.process.descriptor_count()
    # Counted at once, the connection is nearly always among them still. But where the connection is
    # no descriptor of this process, as below a wrapper, there is nothing to see.
    wait_until(lambda: server.process.descriptor_count() < with_a_client, GONE_SECONDS)
    return server.process.descriptor_count()


def processor_seconds(server: Server, watched_seconds: float) -> float:
    """The processor time that it takes in the next so many seconds."""
    before = server.process.cpu_seconds()
    time.sleep(watched_seconds)
    return server.process.cpu_seconds() - before
