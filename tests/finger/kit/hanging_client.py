"""A client whose plan is on a file system that has answered before, and stops."""

import time

from kit.hanging_fs import ALICES_PLAN, BOBS_PLAN, HangingFileSystem
from kit.reference import converted
from kit.server import FingerServer


def expect_only_alice_to_wait(
    server: FingerServer, files: HangingFileSystem, deadline: float, slack: float
) -> None:
    """Alice's plan is served, its next open hangs to the deadline, and bob is answered meanwhile.

    The kernel has all names in its cache then, and asks for nothing before the open itself.
    """
    server.expect(b"alice", converted(ALICES_PLAN))
    files.stop_answering("open")
    begin = time.monotonic()
    client = server.connect()
    client.send(b"alice\r\n")
    assert files.hanging.wait(server.patience), "nothing has hung: this test tested nothing"
    server.expect(b"bob", converted(BOBS_PLAN))
    assert time.monotonic() - begin < deadline, "somebody else waited for the open of a plan"
    took = client.wait_for_hang_up(deadline + slack + server.patience) - begin
    assert deadline <= took <= deadline + slack, f"the exchange took {took:.2f} s"
    files.let_go()
    server.expect(b"alice", converted(ALICES_PLAN))
