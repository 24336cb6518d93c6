"""Two ways to replace a server that lose no client, unlike the others."""

import pytest

from contenders import DEFAULT_BUILD
from harness.needed import need_built, need_root
from measures.restarts import measure

FINGERD = DEFAULT_BUILD / "finger" / "fingerd"


@pytest.mark.parametrize("way", ["the same, TCP_DEFER_ACCEPT", "handed over"])
def test_no_client_is_cut_off(way: str) -> None:
    """One way lets the kernel move the backlog, and the server drains only clients that have asked.
    The other keeps the socket open, and the server serves the connected clients."""
    need_root("make a network of its own")
    found = measure(way, str(need_built(FINGERD)), 10)
    assert found["restarts"] == 10 and found["answered"] > 100
    assert (found["refused"], found["cut"]) == (0, 0)
