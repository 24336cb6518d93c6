"""E14.2: a program that tells whether a reload loses a query."""

import pytest

from kit.tested import Run
from kit.played import said, serving

pytestmark = pytest.mark.program("{port} {pid}")

SERVERS = "servers_of_e14_2.py"


def test_a_server_that_loses_nothing_is_acquitted(run: Run) -> None:
    """For a server that loses no query in a reload, the exit status is 0."""
    with serving(SERVERS, "goes on") as server:
        ended = run(**server)
    assert ended.returncode == 0, said(ended)


@pytest.mark.parametrize("how", ["hangs up", "forgets the queue", "forgets what it has heard"])
def test_a_server_that_loses_a_query_is_found_out(run: Run, how: str) -> None:
    """The exit status is 1 for a server that, in a reload, cuts off a connected client, refuses a
    client that is just connecting, or forgets the beginning of a query."""
    with serving(SERVERS, how) as server:
        ended = run(**server)
    assert ended.returncode == 1, f"a server that {how}: {said(ended)}"
