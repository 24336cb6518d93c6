"""The flags of a plan's descriptor while the ring reads from it. This is for the step that opens
with O_NONBLOCK, and clears the flag as soon as a plan is open, which fingerd doesn't do. A reader's
own server may read in any way.
"""

import os
from pathlib import Path

import pytest

from kit import hanging_fs
from kit.server import FingerServer
from kit.target import built_servers

pytestmark = pytest.mark.clock


def test_a_plan_may_be_waited_for(request: pytest.FixtureRequest, patience: float) -> None:
    """O_NONBLOCK was for the open. With the flag still set, some kernels fail a read that would
    wait, instead of leaving it to an io worker."""
    build = Path(request.config.option.build_dir)
    targets = {each.name: each for each in built_servers(build, ())}
    target = targets.get("state-machine")
    if target is None:
        pytest.skip("the step 09-state-machine is built only after a change; nothing is wrong")
    with hanging_fs.mounted("read") as (place, files):
        server = FingerServer(target.serving(place), patience=patience)
        try:
            server.wait_until_ready()
            server.asking(b"alice")
            assert files.hanging.wait(patience), "nothing has hung: this test tested nothing"
            process = Path("/proc", str(server.pid))
            (plan,) = (fd for fd in (process / "fd").iterdir() if fd.readlink().name == ".plan")
            told = (process / "fdinfo" / plan.name).read_text()
        finally:
            files.let_go()
            server.close_clients()
            server.kill()
    assert not int(told.partition("flags:")[2].split()[0], 8) & os.O_NONBLOCK
