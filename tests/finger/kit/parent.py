"""The parent that keeps root, and its workers, as seen from outside."""

import signal

from harness.proc import Process, wait_until
from kit.machine import workers
from kit.server import FingerServer

AT_ONCE = 3.0  # a second on an idle machine


def is_there(pid: int) -> bool:
    """Whether the process runs; not one that has ended and was not waited for."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def only_worker(server: FingerServer) -> int:
    """Waits until there is one, and none that drains or starts."""
    assert wait_until(lambda: len(workers(server)) == 1, server.patience), workers(server)
    return workers(server)[0]


def reload(server: FingerServer) -> int:
    """Asks for a new worker and waits until it is alone; its id."""
    before = only_worker(server)
    server.send_signal(signal.SIGHUP)
    assert wait_until(lambda: before not in workers(server), server.patience), "it is not replaced"
    return only_worker(server)


def sockets(worker: int) -> int:
    """How many it has, its listener included."""
    return Process(worker).socket_count()
