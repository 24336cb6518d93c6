"""The processes of a server as one: the first, and all that it has started since, such as a
wrapper's program, a master's workers or a process for each client."""

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
    """All the processes of a server that exist at the moment of a call. If one ends meanwhile, it
    doesn't count, unless it's the first, because then the server has ended. `mark` is in the
    environment of the first process, so the others inherit it. It distinguishes our server's
    processes from other adopted orphans, if a process left the session.
    """

    def __init__(self, pid: int, mark: str) -> None:
        self.first = Process(pid)
        self._mark = mark.encode()
        self._spent: dict[int, float] = {}  # processor time of each process, at the last look
        self._spent_by_the_gone = 0.0

    def members(self) -> list[Process]:
        """Returns all processes that exist, beginning with the first if it's still there."""
        pids = [self.first.pid] if self.first.exists() else []
        pids += [pid for pid in Process(os.getpid()).children() if self._is_an_orphan(pid)]
        for pid in pids:  # the list grows meanwhile
            pids += Process(pid).children()
        found = [Process(pid) for pid in dict.fromkeys(pids)]
        self._note_times(found)
        return found

    def _is_an_orphan(self, pid: int) -> bool:
        if pid == self.first.pid:
            return False
        with suppress(OSError):  # the process has ended, or runs as another user
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
                if process.has_memory():  # a process that is ending shows more only to root
                    raise

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to each process."""
        for process in self.members():
            with suppress(ProcessLookupError):
                os.kill(process.pid, number)

    def wake(self) -> None:
        """Continues the stopped processes. A program that started the server, such as sudo, may
        stop itself together with the server, but it notices late."""
        for process in self.members():
            if process.is_suspended():
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGCONT)

    def wait_until_stopped(self, within: float) -> None:
        """Waits until SIGSTOP has stopped all processes, and those that they started meanwhile."""

        def all_stopped() -> bool:
            running = [one for one in self.members() if not one.is_stopped()]
            for process in running:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGSTOP)
            return not running

        assert wait_until(all_stopped, within), f"{self.pids()} do not stop within {within:g} s"

    def kill(self) -> None:
        """Kills all processes, and waits for those that lost their parent. The first one's parent
        waits for that."""
        left: set[int] = set()

        def all_gone() -> bool:
            # We look before we kill, because a process that has ended no longer has the mark.
            left.update(self.pids())
            self.send(signal.SIGKILL)
            for pid in list(left):
                if Process(pid).is_zombie() and (pid == self.first.pid or _reaped(pid)):
                    left.remove(pid)
            return not left - {self.first.pid} and self.first.is_zombie()

        wait_until(all_gone, REAPED_SECONDS)

    def limit(self, what: int, amount: Callable[[Process], int]) -> None:
        """Sets this soft limit for each process. getrlimit(2)"""
        for process in self.members():
            with suppress(OSError):  # the process has just ended, or runs as another user
                _, hard = resource.prlimit(process.pid, what)
                resource.prlimit(process.pid, what, (amount(process), hard))

    def pids(self) -> list[int]:
        """Returns the ids of all processes."""
        return [process.pid for process in self.members()]

    def is_asleep(self) -> bool:
        """Returns true if every thread of every process waits for something."""
        return all(self._each(Process.is_asleep))

    def is_traced(self) -> bool:
        """Returns true if a tracer is attached to one of the processes."""
        return any(self._each(Process.tracer))

    def wait_until_asleep(self, within: float) -> None:
        """Waits until all of them are asleep."""
        for process in self.members():
            process.wait_until_asleep(within)

    # Descriptors

    def each_socket(self) -> Iterator[tuple[Process, int, int]]:
        """Yields the process, number and inode of each descriptor that is a socket."""
        for process, sockets in self._each(lambda one: (one, one.sockets())):
            for number, inode in sockets.items():
                yield process, number, inode

    def socket_count(self) -> int:
        """Returns how many sockets are open; a shared one counts once."""
        return len({inode for _, _, inode in self.each_socket()})

    def descriptor_count(self) -> int:
        """Returns how many descriptors are open."""
        return sum(self._each(Process.descriptor_count))

    def descriptor_kinds(self) -> list[str]:
        """Returns the kind of each descriptor."""
        return sum(self._each(Process.descriptor_kinds), [])

    def soft_descriptor_limit(self) -> int:
        """Returns the largest of the limits, because a shell before the server may have kept its
        own."""
        return max(self._each(Process.soft_descriptor_limit))

    # Memory

    def memory_bytes(self) -> int:
        """Returns the processes' own resident memory, heap and stacks; pages shared since a fork
        count once."""
        return sum(self._each(Process.private_bytes))

    def peak_memory_bytes(self) -> int:
        """Returns the most since forget_peak(), as if all processes had their peak at the same
        time."""
        above = sum(self._each(lambda one: one.peak_rss_bytes() - one.rss_bytes()))
        return self.memory_bytes() + above

    def forget_peak(self) -> None:
        """Restarts the measurement of peak_memory_bytes()."""
        for _ in self._each(Process.forget_peak):
            pass

    def minor_faults(self) -> int:
        """Returns how many pages the processes touched that weren't mapped before."""
        return sum(self._each(Process.minor_faults))

    def virtual_bytes(self) -> int:
        """Returns the address space, touched or not."""
        return sum(self._each(Process.virtual_bytes))

    # Threads and processor time

    def thread_ids(self) -> list[int]:
        """Returns the ids of all threads, including those of zombies."""
        return sum(self._each(Process.thread_ids), [])

    def thread_count(self) -> int:
        """Returns the number of threads."""
        return len(self.thread_ids())

    def cpu_seconds(self) -> float:
        """Returns the user and system time, including that of processes that we saw before they
        ended."""
        self.members()
        return self._spent_by_the_gone + sum(self._spent.values())

    def _note_times(self, there: list[Process]) -> None:
        now = {}
        for process in there:
            with suppress(OSError):
                now[process.pid] = process.cpu_seconds()
        for pid, spent in self._spent.items():
            if spent > now.get(pid, 0.0):  # the process has ended, and a new one may have its id
                self._spent_by_the_gone += spent
        self._spent = now

    def times_of_threads(self) -> dict[int, Times]:
        """Returns the processor time of each thread."""
        return {thread: times for found in self._each(Process.times_of_threads)
                for thread, times in found.items()}

    def wanted_seconds(self) -> float:
        """Returns the time that the threads ran or waited to run."""
        return sum(self._each(Process.wanted_seconds))

    def switches_of_threads(self) -> dict[int, int]:
        """Returns how often each thread went to sleep."""
        return {thread: count for found in self._each(Process.switches_of_threads)
                for thread, count in found.items()}

    # How the programs were built

    def is_sanitized(self) -> bool:
        """Returns true if any was built with a sanitizer that takes memory and time."""
        return any(self._each(Process.is_sanitized))

    def checks_types_by_descriptor(self) -> bool:
        """Returns true if UBSan checks the types of objects in any of them."""
        return any(self._each(Process.checks_types_by_descriptor))


def _reaped(pid: int) -> bool:
    """Waits for a zombie, unless that's its parent's task."""
    with suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    return not Process(pid).exists()
