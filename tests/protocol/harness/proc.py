"""Linux's view of a running process: descriptors, memory, CPU time, threads, sockets."""

import ctypes
import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

WAITS = ("anon_inode:[eventpoll]", "anon_inode:[io_uring]")
CLONE_NEWNET = 0x40000000
PIDFD_GETFD = 438  # the system call's number, the same on every architecture
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Times:
    """A thread's name and processor time. proc_pid_stat(5)"""

    name: str
    user: float
    system: float

    @property
    def total(self) -> float:
        """Time in the program and in the kernel."""
        return self.user + self.system


NO_TIMES = Times("", 0, 0)


class Process:
    """A look at one process by its id. Every method reads the present state again."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._directory = Path(f"/proc/{pid}")

    def descriptor_count(self) -> int:
        """Returns how many descriptors are open."""
        return len(os.listdir(self._directory / "fd"))

    def socket_count(self) -> int:
        """Returns how many of the descriptors are sockets, the listening one included."""
        return len(self.sockets())

    def sockets(self) -> dict[int, int]:
        """Returns the number and the inode of each descriptor that is a socket."""
        return {number: int(target.removeprefix("socket:[").removesuffix("]"))
                for number, target in self._open() if target.startswith("socket:[")}

    def descriptor_kinds(self) -> list[str]:
        """Returns the kind of each descriptor: `socket`, `/dev/null`, `eventpoll`."""
        return [re.sub(r"anon_inode:|:\[\d+\]|[][]", "", target) for _, target in self._open()]

    def wait_count(self) -> int:
        """Returns how many of the descriptors are epolls or rings, on which a thread can wait."""
        return sum(target in WAITS for _, target in self._open())

    def rss_bytes(self) -> int:
        """Returns the resident memory."""
        return self._status_kilobytes("VmRSS") * 1024

    def has_memory(self) -> bool:
        """Returns true if the process has memory, which it frees when it begins to end."""
        try:
            return self.rss_bytes() > 0
        except (FileNotFoundError, ProcessLookupError):
            return False

    def peak_rss_bytes(self) -> int:
        """Returns the most resident memory since forget_peak(), or since the start."""
        return self._status_kilobytes("VmHWM") * 1024

    def forget_peak(self) -> None:
        """Restarts the measurement of peak_rss_bytes(). proc_pid_clear_refs(5)"""
        (self._directory / "clear_refs").write_text("5")

    def minor_faults(self) -> int:
        """Returns how many pages the process touched that weren't mapped before, in all threads.
        proc_pid_stat(5)"""
        stat = (self._directory / "stat").read_text()
        return int(stat.rpartition(")")[2].split()[7])

    def private_bytes(self) -> int:
        """Returns the process's own resident memory, exact to the page: heap and stacks, but no
        program text. Pages that it has shared since a fork(2) count in part."""
        rollup = self._directory / "smaps_rollup"
        return (self._number("Pss_Anon", rollup) + self._number("Pss_Shmem", rollup)) * 1024

    def data_bytes(self) -> int:
        """Returns the writable private memory, touched or not, which RLIMIT_DATA limits."""
        return self._status_kilobytes("VmData") * 1024

    def virtual_bytes(self) -> int:
        """Returns the address space. Reserved memory counts, touched or not."""
        return self._status_kilobytes("VmSize") * 1024

    def exists(self) -> bool:
        """Returns true if the process exists, even as a zombie."""
        return self._directory.exists()

    def children(self) -> list[int]:
        """Returns the ids of the processes that this one started or adopted."""
        found: list[int] = []
        with suppress(OSError):  # the process has ended
            for thread in self.thread_ids():
                with suppress(OSError):
                    said = (self._directory / "task" / str(thread) / "children").read_text()
                    found += map(int, said.split())
        return found

    def thread_ids(self) -> list[int]:
        """Returns the ids of all threads."""
        return [int(name) for name in os.listdir(self._directory / "task")]

    def thread_count(self) -> int:
        """Returns the number of threads."""
        return len(self.thread_ids())

    def cpu_seconds(self) -> float:
        """Returns the user and system time of the whole process, including threads that
        have ended."""
        return time.clock_gettime((~self.pid << 3) | 2)  # clock_getcpuclockid(3)

    def times_of_threads(self) -> dict[int, Times]:
        """Returns the processor time of each thread, in steps of a hundredth of a second."""
        found = {}
        for thread in self.thread_ids():
            stat = (self._directory / "task" / str(thread) / "stat").read_text()
            name, rest = stat.partition("(")[2].rsplit(")", 1)
            user, system = (int(ticks) / TICKS_A_SECOND for ticks in rest.split()[11:13])
            found[thread] = Times(name, user, system)
        return found

    def wanted_seconds(self) -> float:
        """Returns the time that the threads ran or waited to run, except for a wait that isn't
        over."""
        total = 0
        for thread in self.thread_ids():
            ran, waited, _ = (
                (self._directory / "task" / str(thread) / "schedstat").read_text().split()
            )
            total += int(ran) + int(waited)
        return total / 1e9

    def switches_of_threads(self) -> dict[int, int]:
        """Returns how often each thread went to sleep."""
        return {each: self._number("voluntary_ctxt_switches",
                                   self._directory / "task" / str(each) / "status")
                for each in self.thread_ids()}

    def is_stopped(self) -> bool:
        """Returns true if SIGSTOP has stopped every thread, or none is left."""
        return self._all_in("TtZX")

    def is_suspended(self) -> bool:
        """Returns true if SIGSTOP has stopped the process, and it hasn't ended."""
        return self._all_in("T")

    def wait_until_stopped(self, within: float) -> None:
        """Waits until the process is stopped."""
        assert wait_until(self.is_stopped, within), f"{self.pid} does not stop within {within:g} s"

    def is_zombie(self) -> bool:
        """Returns true if the process has ended and its parent hasn't waited for it."""
        return self._all_in("ZX")

    def is_asleep(self) -> bool:
        """Returns true if every thread waits for something."""
        return self._all_in("SZX")

    def wait_until_asleep(self, within: float) -> None:
        """Waits until the process is asleep."""
        assert wait_until(self.is_asleep, within), f"{self.pid} does not rest within {within:g} s"

    def is_of_the_kernel(self, thread_id: int) -> bool:
        """Returns true if the thread is an io worker, which can't be traced."""
        name = (self._directory / "task" / str(thread_id) / "comm").read_text()
        return name.startswith("iou-")

    def tracer(self) -> int:
        """Returns the process that traces the first thread, or 0."""
        return self._number("TracerPid", self._directory / "status")

    def is_traced_by(self, tracer: int) -> bool:
        """Returns true if this tracer traces every thread, io workers excepted, or the process has
        ended."""
        try:
            own = {one for one in self.thread_ids() if not self.is_of_the_kernel(one)}
            return self.is_zombie() or own <= set(self.threads_traced_by(tracer))
        except (FileNotFoundError, ProcessLookupError):  # a thread or all have ended: look again
            return not self.exists()

    def threads_traced_by(self, tracer: int) -> list[int]:
        """Returns the ids of the threads that this tracer traces."""
        found = []
        with suppress(FileNotFoundError, ProcessLookupError):
            for thread in self.thread_ids():
                status = self._directory / "task" / str(thread) / "status"
                with suppress(FileNotFoundError, ProcessLookupError):
                    if self._number("TracerPid", status) == tracer:
                        found.append(thread)
        return found

    def soft_descriptor_limit(self) -> int:
        """Returns the soft RLIMIT_NOFILE."""
        for line in (self._directory / "limits").read_text().splitlines():
            if line.startswith("Max open files"):
                return int(line.split()[3])
        raise AssertionError(f"/proc/{self.pid}/limits has no line about open files")

    def is_sanitized(self) -> bool:
        """Returns true if the program was built with a sanitizer, which then determines memory and
        cost."""
        return is_sanitized(self._directory / "exe")

    def checks_types_by_descriptor(self) -> bool:
        """Returns true if UBSan checks the types of objects, for which it needs a pipe of
        its own."""
        try:
            program = (self._directory / "exe").read_bytes()
        except FileNotFoundError:  # the process has ended, and needs nothing
            return False
        return b"__ubsan_handle_dynamic_type_cache_miss" in program

    def borrow_socket(self, number: int) -> socket.socket:
        """Duplicates the process's socket `number`. Raises PermissionError if that's forbidden."""
        pidfd = os.pidfd_open(self.pid)
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            duplicate = libc.syscall(PIDFD_GETFD, pidfd, number, 0)
            if duplicate < 0:
                error = ctypes.get_errno()
                raise OSError(error, os.strerror(error))
            return socket.socket(fileno=duplicate)
        finally:
            os.close(pidfd)

    def _open(self) -> Iterator[tuple[int, str]]:
        """Yields the number of each descriptor, and its target."""
        for entry in os.listdir(self._directory / "fd"):
            try:
                yield int(entry), os.readlink(self._directory / "fd" / entry)
            except FileNotFoundError:
                continue  # closed between the two calls

    def _all_in(self, states: str) -> bool:
        """Returns true if every thread is in one of these states, or has ended. proc_pid_stat(5)"""
        try:
            stats = [self._directory / "task" / str(t) / "stat" for t in self.thread_ids()]
        except FileNotFoundError:
            return "X" in states
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread has ended, so look again
            return all(stat.read_text().rpartition(")")[2].split()[0] in states for stat in stats)
        return False

    def _status_kilobytes(self, key: str) -> int:
        return self._number(key, self._directory / "status")

    def _number(self, key: str, path: Path) -> int:
        for line in path.read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1])
        raise ProcessLookupError(f"process {self.pid} has ended: {path} has no {key}")


def workers_of(pid: int) -> list[int]:
    """Returns the ids of fingerd's worker processes, each of which leads a session of its own."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [child for child in map(int, children) if os.getsid(child) == child]
    except (FileNotFoundError, ProcessLookupError):  # one has ended in between
        return []


def serving(pid: int) -> int:
    """Returns the process that talks to clients, which is fingerd's newest worker, and any other
    server itself."""
    return max(workers_of(pid), default=pid)


def is_sanitized(program: Path) -> bool:
    """Returns true if the program was built with AddressSanitizer, ThreadSanitizer or
    MemorySanitizer."""
    binary = program.read_bytes()
    return any(name in binary for name in (b"__asan_init", b"__tsan_init", b"__msan_init"))


def wait_until(holds: Callable[[], bool], within: float, pause: float = 0.005) -> bool:
    """Checks again and again until `holds()`. Returns false if `within` seconds pass first."""
    end = time.monotonic() + within
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True


@contextmanager
def in_network_of(pid: int) -> Iterator[None]:
    """Lets this thread create its sockets in that process's network meanwhile. They stay there."""
    with open("/proc/thread-self/ns/net") as mine, open(f"/proc/{pid}/ns/net") as theirs:
        _set_network(theirs.fileno())
        try:
            yield
        finally:
            _set_network(mine.fileno())


def _set_network(number: int) -> None:
    """Does the same as os.setns(), which came with Python 3.12."""
    if ctypes.CDLL(None, use_errno=True).setns(number, CLONE_NEWNET) < 0:
        raise OSError(ctypes.get_errno(), "setns")
