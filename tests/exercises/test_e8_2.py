"""E8.2: a program that tells a server with a bound from one without."""

import pytest

from kit.tested import Run
from kit.played import said, serving

pytestmark = pytest.mark.program("{port} {pid}")

SERVERS = "servers_of_e8_2.py"


@pytest.mark.parametrize("how", ["echoes", "hangs_up"])
def test_a_server_with_a_bound_is_acquitted(run: Run, how: str) -> None:
    """A server has a bound if its memory grows by less than a MiB while a client sends messages and
    reads no answers. Then the exit status is 0. The server may make the client wait, or hang up."""
    with serving(SERVERS, how) as server:
        ended = run(**server)
    assert ended.returncode == 0, f"a server that {how}: {said(ended)}"


@pytest.mark.parametrize("how", ["keeps_answers", "keeps_a_little"])
def test_a_server_that_keeps_what_it_cannot_send_is_found_out(run: Run, how: str) -> None:
    """For a server that grows by more than a MiB, the exit status is 1."""
    with serving(SERVERS, how) as server:
        ended = run(**server)
    assert ended.returncode == 1, f"a server that {how}: {said(ended)}"
