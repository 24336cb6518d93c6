"""restarts.py: of the ways to replace a server, the one that shows what the others lose."""

from contenders import DEFAULT_BUILD
from harness.needed import need_built, need_root
from restarts import measure

FINGERD = DEFAULT_BUILD / "finger" / "fingerd"


def test_a_client_that_is_held_back_until_it_has_asked_is_not_cut_off() -> None:
    """The kernel moves the backlog, and the server's drain finds nobody who has not asked yet."""
    need_root("make a network of its own")
    found = measure("the same, TCP_DEFER_ACCEPT", str(need_built(FINGERD)), 10)
    assert found["restarts"] == 10 and found["answered"] > 100
    assert (found["refused"], found["cut"]) == (0, 0)
