"""Starts the servers of a test, and checks each at its end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from harness import limits
from harness.rule import STOPS_IN_TIME
from harness.server import Server, Start
from harness.verdict import ContractBroken

SERVERS = pytest.StashKey[list[Server]]()
CALL_FAILED = pytest.StashKey[bool]()


@contextmanager
def serving(request: pytest.FixtureRequest, make: Start) -> Iterator[Callable[..., Any]]:
    """Yields a function that starts servers with `make`. Each must be alive at the end and stop
    with 0. The keywords are those of `make`, and `ready=False` for a server that isn't expected to
    listen.
    """
    servers: list[Server] = []
    request.node.stash[SERVERS] = servers

    def start_one(*options: str, ready: bool = True, **how: object) -> Server:
        server = make(*options, **how)
        if how.get("descriptor_limit") and server.process.checks_types_by_descriptor():
            server.kill()
            pytest.skip(limits.UBSAN_NEEDS_DESCRIPTORS)
        servers.append(server)
        if ready:
            server.wait_until_ready()
        return server

    try:
        yield start_one
        for server in servers:
            if not request.node.stash.get(CALL_FAILED, False):
                end_in_order(server)
    finally:
        for server in servers:
            server.close_clients()
            server.kill()


def end_in_order(server: Server) -> None:
    """Makes the checks that every server must pass after every test."""
    if not server.may_be_gone and not server.is_alive():
        raise server.is_gone()
    server.close_clients()
    if server.is_alive():
        try:
            server.end_in_order()
        except ContractBroken as broken:
            broken.rule = broken.rule or STOPS_IN_TIME
            broken.had_passed = True
            broken.args = (f"the test had passed; asked to stop after it: {broken}",)
            raise
    try:
        server.check_words()
    except ContractBroken as broken:
        broken.at = server.events[-1].at  # the test may have started others since
        raise
