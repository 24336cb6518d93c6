"""The processes of a server as one: the first, and all that it started since, such as a wrapper's
program, a master's workers or a process for each client."""

import ctypes
import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from harness.child import LIBC
from harness.proc import Process, Times, wait_until

PR_SET_CHILD_SUBREAPER = 36
REAPED_SECONDS = 5.0
Seen = TypeVar("Seen")


def adopt_orphans() -> None:
    """Adopts processes that lose their parent from now on. prctl(2)"""
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, ctypes.c_long(1), 0, 0, 0)


class ProcessTree:
    """The processes together, each time those that exist then. One that ends meanwhile counts for
    nothing, unless it is the first, which ends the server. `mark` is in the environment of the
    first, and so of the others. It distinguishes ours from other adopted orphans, if a process left
    the session.
    """

    def __init__(self, pid: int, mark: str) -> None:
        self.first = Process(pid)
        self._mark = mark.encode()
        self._spent: dict[int, float] = {}  # processor time of each process, when last looked at
        self._spent_by_the_gone = 0.0

    def members(self) -> list[Process]:
        """All that exist, beginning with the first if it still does."""
        pids = [self.first.pid] if self.first.exists() else []
        pids += [pid for pid in Process(os.getpid()).children() if self._is_an_orphan(pid)]
        for pid in pids:  # which grows
            pids += Process(pid).children()
        found = [Process(pid) for pid in dict.fromkeys(pids)]
        self._note_times(found)
        return found

    def _is_an_orphan(self, pid: int) -> bool:
        if pid == self.first.pid:
            return False
        with suppress(OSError):  # it has ended, or runs as another user
            if os.getsid(pid) == self.first.pid:
                return True
            return self._mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        return False

    def _each(self, look: Callable[[Process], Seen]) -> Iterator[Seen]:
        for process in self.members() or [self.first]:
            try:
                yield look(process)
            except (FileNotFoundError, ProcessLookupError):
                if process.pid == self.first.pid:
                    raise
            except PermissionError:
                if process.has_memory():  # of one that is ending, only root sees more
                    raise

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to each of them."""
        for process in self.members():
            with suppress(ProcessLookupError):
                os.kill(process.pid, number)

    def wake(self) -> None:
        """Continues those that are stopped. A program that started the server, such as sudo, may
        have stopped itself with the server, which is noticed late."""
        for process in self.members():
            if process.is_suspended():
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGCONT)

    def wait_until_stopped(self, within: float) -> None:
        """Waits until SIGSTOP has stopped all, with those started meanwhile."""

        def all_stopped() -> bool:
            running = [one for one in self.members() if not one.is_stopped()]
            for process in running:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGSTOP)
            return not running

        assert wait_until(all_stopped, within), f"{self.pids()} do not stop within {within:g} s"

    def kill(self) -> None:
        """Ends all of them, and waits for those that lost their parent. Whoever started the first
        waits for that."""
        left: set[int] = set()

        def all_gone() -> bool:
            left.update(self.pids())  # before: of what has ended, the mark is gone
            self.send(signal.SIGKILL)
            for pid in list(left):
                if Process(pid).is_zombie() and (pid == self.first.pid or _reaped(pid)):
                    left.remove(pid)
            return not left - {self.first.pid} and self.first.is_zombie()

        wait_until(all_gone, REAPED_SECONDS)

    def limit(self, what: int, amount: Callable[[Process], int]) -> None:
        """Sets this soft limit for each of them. getrlimit(2)"""
        for process in self.members():
            with suppress(OSError):  # it has just ended, or runs as another user
                _, hard = resource.prlimit(process.pid, what)
                resource.prlimit(process.pid, what, (amount(process), hard))

    def pids(self) -> list[int]:
        """Their ids."""
        return [process.pid for process in self.members()]

    def is_asleep(self) -> bool:
        """Whether every thread of them waits for something."""
        return all(self._each(Process.is_asleep))

    def is_traced(self) -> bool:
        """Whether somebody traces one of them."""
        return any(self._each(Process.tracer))

    def wait_until_asleep(self, within: float) -> None:
        """Waits until they are."""
        for process in self.members():
            process.wait_until_asleep(within)

    # Descriptors

    def each_socket(self) -> Iterator[tuple[Process, int, int]]:
        """The descriptors that are sockets: the process, number and inode of each."""
        for process, sockets in self._each(lambda one: (one, one.sockets())):
            for number, inode in sockets.items():
                yield process, number, inode

    def socket_count(self) -> int:
        """How many sockets they have open; a shared one counts once."""
        return len({inode for _, _, inode in self.each_socket()})

    def descriptor_count(self) -> int:
        """How many descriptors are open."""
        return sum(self._each(Process.descriptor_count))

    def descriptor_kinds(self) -> list[str]:
        """What each of them is."""
        return sum(self._each(Process.descriptor_kinds), [])

    def soft_descriptor_limit(self) -> int:
        """The largest of any, because a shell before the server may have kept its own."""
        return max(self._each(Process.soft_descriptor_limit))

    # Memory

    def memory_bytes(self) -> int:
        """Resident memory of their own, heap and stacks; pages shared since a fork count once."""
        return sum(self._each(Process.private_bytes))

    def peak_memory_bytes(self) -> int:
        """The most since forget_peak(), as if all had their peak at the same time."""
        above = sum(self._each(lambda one: one.peak_rss_bytes() - one.rss_bytes()))
        return self.memory_bytes() + above

    def forget_peak(self) -> None:
        """Restarts the measurement of peak_memory_bytes()."""
        for _ in self._each(Process.forget_peak):
            pass

    def minor_faults(self) -> int:
        """Pages that had to be mapped when they were touched."""
        return sum(self._each(Process.minor_faults))

    def virtual_bytes(self) -> int:
        """Address space, touched or not."""
        return sum(self._each(Process.virtual_bytes))

    # Threads and their time

    def thread_ids(self) -> list[int]:
        """The ids of all threads, of processes that nobody has waited for, too."""
        return sum(self._each(Process.thread_ids), [])

    def thread_count(self) -> int:
        """How many there are."""
        return len(self.thread_ids())

    def cpu_seconds(self) -> float:
        """User and system time, and that of processes that have been looked at and ended since."""
        self.members()
        return self._spent_by_the_gone + sum(self._spent.values())

    def _note_times(self, there: list[Process]) -> None:
        now = {}
        for process in there:
            with suppress(OSError):
                now[process.pid] = process.cpu_seconds()
        for pid, spent in self._spent.items():
            if spent > now.get(pid, 0.0):  # it has ended, and another may have its id
                self._spent_by_the_gone += spent
        self._spent = now

    def times_of_threads(self) -> dict[int, Times]:
        """The processor time of each thread."""
        return {thread: times for found in self._each(Process.times_of_threads)
                for thread, times in found.items()}

    def wanted_seconds(self) -> float:
        """Time that their threads ran or waited to run."""
        return sum(self._each(Process.wanted_seconds))

    def voluntary_switches(self) -> int:
        """How often their threads have gone to sleep, in all."""
        return sum(self._each(Process.voluntary_switches))

    # How they were built

    def is_sanitized(self) -> bool:
        """Whether any was built with a sanitizer that takes memory and time."""
        return any(self._each(Process.is_sanitized))

    def checks_types_by_descriptor(self) -> bool:
        """Whether UBSan looks at objects' types in any."""
        return any(self._each(Process.checks_types_by_descriptor))


def _reaped(pid: int) -> bool:
    """Waits for a zombie, unless that is somebody else's task."""
    with suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    return not Process(pid).exists()
