"""restarts.py: of the ways to replace a server, the one that shows what the others lose."""

import os

import pytest
from contenders import DEFAULT_BUILD
from restarts import measure

FINGERD = DEFAULT_BUILD / "finger" / "fingerd"


@pytest.mark.skipif(os.geteuid() != 0, reason="makes a network of its own, as root")
@pytest.mark.skipif(not FINGERD.exists(), reason="fingerd is not built")
def test_a_client_that_is_held_back_until_it_has_asked_is_not_cut_off() -> None:
    """The kernel moves the backlog, and the server's drain finds nobody who has not asked yet."""
    found = measure("the same, TCP_DEFER_ACCEPT", str(FINGERD), 10)
    assert found["restarts"] == 10 and found["answered"] > 100
    assert (found["refused"], found["cut"]) == (0, 0)
