"""E17.4: part5's server, which waits with kqueue."""

import subprocess

import pytest

from harness.subject import Subject
from kit import suite

pytestmark = pytest.mark.stage("part5-epoll")


def test_it_waits_with_kevent(target: Subject) -> None:
    """The program imports kevent, and no longer epoll_wait(2)."""
    imported = subprocess.run(["nm", "--dynamic", "--undefined-only", target.command[0]],
                              capture_output=True, text=True, check=True).stdout
    assert "kevent" in imported, "kevent is not among what the program imports"
    assert "epoll_wait" not in imported, "epoll_wait is still among what the program imports"


@pytest.mark.parametrize("file", ["test_framing.py", "test_half_close.py", "test_closing.py",
                                  "test_backpressure.py", "test_drain.py", "test_crowd.py"])
def test_no_client_notices(target: Subject, file: str) -> None:
    """The contract's tests pass as before."""
    suite.contract(target, file).must_all_pass()
