"""The daemon's parent, which keeps root, and its workers, seen from outside."""

import signal
from pathlib import Path

from harness.proc import wait_until, workers_of
from kit.server import FingerServer

AT_ONCE = 3.0  # the second that's allowed is for an idle machine


def workers(server: FingerServer) -> list[int]:
    """Returns the ids of the daemon's worker processes."""
    return workers_of(server.pid)


def is_there(pid: int) -> bool:
    """Returns true if the process runs, and false for a zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def only_worker(server: FingerServer) -> int:
    """Waits until there is a single worker, and none that drains or starts. Returns its id."""
    assert wait_until(lambda: len(workers(server)) == 1, server.patience), workers(server)
    return workers(server)[0]


def replace_worker(server: FingerServer) -> int:
    """Asks for a new worker, and waits until the old one is gone. Returns the new one's id."""
    before = only_worker(server)
    server.send_signal(signal.SIGHUP)
    assert wait_until(lambda: before not in workers(server), server.patience), "it is not replaced"
    return only_worker(server)


def expect_no_right_left(pid: int, uid: int, gid: int) -> None:
    """Expects that each thread of the process has that user and group, and no other right."""
    none = f"{0:016x}"
    wanted = {"Uid": [str(uid)] * 4, "Gid": [str(gid)] * 4, "Groups": [], "NoNewPrivs": ["1"],
              "CapInh": [none], "CapPrm": [none], "CapEff": [none], "CapAmb": [none]}  # fmt: skip
    for thread in Path(f"/proc/{pid}/task").iterdir():
        lines = [line.split(":", 1) for line in (thread / "status").read_text().splitlines()]
        status = {key: value.split() for key, value in lines}
        found = {field: status[field] for field in wanted}
        assert found == wanted, f"a thread has {found}"
