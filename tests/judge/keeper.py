"""Whatever ./judge has started ends with ./judge, even if somebody kills it: a server in a session
of its own too, and the server's own children."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from harness.child import LIBC, PR_SET_PDEATHSIG
from harness.inherited import heed_all_signals, nothing
from harness.proc import Process
from harness.process_tree import adopt_orphans

ASKS_TO_END = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOK_SECONDS = 0.01


def keep(work: Callable[[], int]) -> int:
    """Does the work in a child; returns its exit status when nothing is left that the work has
    started.

    Parent and child both adopt the orphans of their descendants. So if somebody kills one of the
    two, the other still ends everything.
    """
    heed_all_signals()
    adopt_orphans()
    parent, child = os.getpid(), os.fork()
    if child:
        heed_signals(lambda number: may_kill(child, number))
        try:
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        finally:
            end_all()
        return status if status >= 0 else 128 - status
    adopt_orphans()
    heed_signals(end_work)
    ends_with_its_parent(signal.SIGTERM)
    try:
        if os.getppid() != parent:
            end_work(signal.SIGTERM)
        return work()
    finally:
        end_all()


def heed_signals(handle: Callable[[int], None]) -> None:
    """Handles the signals that ask to end, unless a shell or nohup(1) has switched one off."""
    for number in ASKS_TO_END:
        if signal.getsignal(number) != nothing:
            signal.signal(number, lambda signum, _: handle(signum))


def end_work(number: int) -> None:
    """Ends the work, so that each `finally` on the way runs; no second signal interrupts that."""
    for one in ASKS_TO_END:
        signal.signal(one, signal.SIG_IGN)
    raise SystemExit(128 + number)


def ends_with_its_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """Has the kernel send this process the signal when its parent has ended, for whatever reason:
    prctl(2)."""
    LIBC.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


def bury_orphans(but: int) -> None:
    """Waits for adopted children that have ended, up to the one that somebody else waits for."""
    while (ended := peek()) and ended != but:
        os.waitpid(ended, 0)


def peek() -> int:
    """A child that has ended, or 0. The caller can still wait for this child."""
    try:
        info = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return 0
    return info.si_pid if info else 0


def end_all() -> None:
    """Kills all children, then the orphans that become children thereby, and so on."""
    while any([may_kill(child, signal.SIGKILL) for child in Process(os.getpid()).children()]):
        bury_orphans(but=0)
        time.sleep(LOOK_SECONDS)


def may_kill(process: int, number: int) -> bool:
    """Sends the signal. False if the process is gone, or if it's another user's by setuid."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(process, number)
        return True
    return False
