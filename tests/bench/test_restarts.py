"""Of the ways to replace a server, those that show what the others lose."""

import pytest

from contenders import DEFAULT_BUILD
from harness.needed import need_built, need_root
from measures.restarts import measure

FINGERD = DEFAULT_BUILD / "finger" / "fingerd"


@pytest.mark.parametrize("way", ["the same, TCP_DEFER_ACCEPT", "handed over"])
def test_no_client_is_cut_off(way: str) -> None:
    """The kernel moves the backlog, and the server's drain finds nobody who has not asked yet. Or
    the socket stays open, and the server serves those who are connected."""
    need_root("make a network of its own")
    found = measure(way, str(need_built(FINGERD)), 10)
    assert found["restarts"] == 10 and found["answered"] > 100
    assert (found["refused"], found["cut"]) == (0, 0)
