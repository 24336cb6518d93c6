"""What ./judge has started ends with it, however ./judge ends: also a server in a session of its
own, and what that has started."""

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
    """Does the work in a child; its exit status, when nothing is left of all that it has started.

    Parent and child each adopt what their descendants leave behind. So where one of them is killed,
    the other ends everything.
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
    """Those that ask to end, unless a shell or nohup(1) has switched one off."""
    for number in ASKS_TO_END:
        if signal.getsignal(number) != nothing:
            signal.signal(number, lambda signum, _: handle(signum))


def end_work(number: int) -> None:
    """What is being done is left, each part of it by its `finally`; no second signal disturbs."""
    for one in ASKS_TO_END:
        signal.signal(one, signal.SIG_IGN)
    raise SystemExit(128 + number)


def ends_with_its_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """The kernel sends this process the signal when the parent has ended, however. prctl(2)"""
    LIBC.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


def bury_orphans(but: int) -> None:
    """Waits for adopted ones that have ended, up to the child that somebody else waits for."""
    while (ended := peek()) and ended != but:
        os.waitpid(ended, 0)


def peek() -> int:
    """A child that has ended, or 0. It can still be waited for."""
    try:
        info = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return 0
    return info.si_pid if info else 0


def end_all() -> None:
    """Kills all children, those that become children thereby, and so on."""
    while any([may_kill(child, signal.SIGKILL) for child in Process(os.getpid()).children()]):
        bury_orphans(but=0)
        time.sleep(LOOK_SECONDS)


def may_kill(process: int, number: int) -> bool:
    """Sends the signal. False: the process is gone, or another user's by setuid."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(process, number)
        return True
    return False
