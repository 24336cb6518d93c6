"""A file system that doesn't answer some requests: FUSE in two hundred lines, for root only.

It holds either a directory of users, as `--users` expects, or a single home, or a department's
homes. Requests of the kind `hangs` wait until an interrupt, which the file system obeys unless it
is `deaf`: those about alice's plan, or with `everything` all of them. With `names_kept` the kernel
caches names and attributes, as for most file systems, and doesn't ask again.
"""

import ctypes
import errno
import os
import select
import signal
import stat
import struct
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

# linux/fuse.h
LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, RELEASE = 1, 2, 3, 14, 15, 17, 18
FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR = 25, 26, 27, 28, 29
ACCESS, INTERRUPT, DESTROY, BATCH_FORGET = 34, 36, 38, 42
IN = struct.Struct("=IIQQIII4x")
OUT = struct.Struct("=IiQ")
ATTR = struct.Struct("=QQQQQQIIIIIIIIII")
INIT_OUT = struct.Struct("=IIIIHHIIHHI28x")
NO_ANSWER = {FORGET, BATCH_FORGET, DESTROY}
MNT_DETACH = 2
ASYNC_READ = 1  # every other file system has it, so a reader doesn't wait for the read-ahead
MESSAGE_BYTES = 1 << 17

KINDS = {
    "nothing": frozenset[int](),
    "lookup": frozenset({LOOKUP}),
    "open": frozenset({OPEN}),
    "read": frozenset({READ}),
    "flush": frozenset({FLUSH}),
    # A dead file server also leaves requests about the root, and about every name, unanswered.
    "everything": frozenset({LOOKUP, GETATTR, OPEN, READ, OPENDIR, STATFS, ACCESS}),
}


@dataclass(frozen=True)
class Node:
    """A file or a directory. Its number is its index plus one."""

    parent: int
    name: bytes
    mode: int
    data: bytes = b""


ALICES_PLAN = b"Cannot be read.\n"
BOBS_PLAN = b"At home.\n"
USERS = (
    Node(0, b"", stat.S_IFDIR | 0o755),
    Node(1, b"alice", stat.S_IFDIR | 0o755),
    Node(2, b".plan", stat.S_IFREG | 0o644, ALICES_PLAN),
    Node(1, b"bob", stat.S_IFDIR | 0o755),
    Node(4, b".plan", stat.S_IFREG | 0o644, BOBS_PLAN),
)
HOME = (
    Node(0, b"", stat.S_IFDIR | 0o755),
    Node(1, b".plan", stat.S_IFREG | 0o644, ALICES_PLAN),
)


def department_of(logins: Sequence[bytes], staff: bool) -> tuple[Node, ...]:
    """Makes homes with alice's plan in each. With `staff` they're in a directory below the root."""
    nodes = [Node(0, b"", stat.S_IFDIR | 0o755)]
    if staff:
        nodes.append(Node(1, b"staff", stat.S_IFDIR | 0o755))
    above = len(nodes)
    for login in logins:
        nodes.append(Node(above, login, stat.S_IFDIR | 0o755))
        nodes.append(Node(len(nodes), b".plan", stat.S_IFREG | 0o644, ALICES_PLAN))
    return tuple(nodes)


@dataclass
class HangingFileSystem:
    """Answers the kernel's requests. mounted() runs serve() in a thread."""

    device: int
    nodes: tuple[Node, ...]
    hangs: frozenset[int]
    deaf: bool
    fails: int = 0
    error: int = errno.EIO  # of requests of the kind `fails`
    names_kept: bool = False
    hanging: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    waiting: set[int] = field(default_factory=set)

    def serve(self) -> None:
        """Answers requests until `done` is set."""
        requests = select.poll()
        requests.register(self.device, select.POLLIN)
        while not self.done.is_set():
            if not requests.poll(20):
                continue
            try:
                self._handle(os.read(self.device, MESSAGE_BYTES + 4096))
            except OSError as error:
                # Otherwise the request was withdrawn after poll(), or while we read it.
                if error.errno not in (errno.EAGAIN, errno.ENOENT):
                    return

    def stop_answering(self, hangs: str) -> None:
        """Makes these requests hang from now on, like `hangs` of mounted()."""
        self.hangs = KINDS[hangs]

    def let_go(self, error: int = errno.EIO) -> None:
        """Answers all waiting requests with an error. No more requests hang from now on."""
        self.hangs = frozenset()
        for unique in list(self.waiting):
            self._answer(unique, error=error)

    def _handle(self, request: bytes) -> None:
        _, kind, unique, number, *_ = IN.unpack_from(request)
        body = request[IN.size :]
        if kind == INTERRUPT:
            (interrupted,) = struct.unpack_from("=Q", body)
            if not self.deaf and interrupted in self.waiting:
                self.waiting.discard(interrupted)
                self._answer(interrupted, error=errno.EINTR)
        elif self._is_to_hang(kind, number, body):
            self.waiting.add(unique)
            self.hanging.set()
        elif kind not in NO_ANSWER:
            try:
                self._answer(unique, self._result(kind, number, body))
            except OSError as error:
                self._answer(unique, error=error.errno or errno.EIO)

    def _is_to_hang(self, kind: int, number: int, body: bytes) -> bool:
        if kind not in self.hangs:
            return False
        if self.hangs == KINDS["everything"]:
            return True
        if kind == LOOKUP:
            return body == b".plan\0" and self.nodes[number].data == ALICES_PLAN  # its only file
        return self.nodes[number - 1].data == ALICES_PLAN

    def _result(self, kind: int, number: int, body: bytes) -> bytes:
        node = self.nodes[number - 1] if number else self.nodes[0]
        if kind == self.fails != 0:
            raise OSError(self.error, "asked for")
        if kind == INIT:
            return INIT_OUT.pack(7, 31, 65536, ASYNC_READ, 16, 8, MESSAGE_BYTES, 1, 32, 0, 0)
        if kind == GETATTR:
            return struct.pack("=QII", self._seconds_kept(), 0, 0) + attributes(node, number)
        if kind == LOOKUP:
            return self._entry(number, body.rstrip(b"\0"))
        if kind in (OPEN, OPENDIR):
            return struct.pack("=QI4x", 0, 0)
        if kind in (READ, READDIR):
            _, offset, size = struct.unpack_from("=QQI", body)
            data = node.data if kind == READ else self._entries(number)
            return data[offset : offset + size]
        if kind in (RELEASE, RELEASEDIR, FLUSH, ACCESS):
            return b""
        raise OSError(errno.ENOSYS, "not needed here")

    def _entry(self, parent: int, name: bytes) -> bytes:
        for number, node in enumerate(self.nodes, 1):
            if (node.parent, node.name) == (parent, name):
                kept = self._seconds_kept()
                entry = struct.pack("=QQQQII", number, 0, kept, kept, 0, 0)
                return entry + attributes(node, number)
        raise OSError(errno.ENOENT, "no such node")

    def _seconds_kept(self) -> int:
        return 3600 if self.names_kept else 0

    def _entries(self, number: int) -> bytes:
        """Returns the directory as a run of struct fuse_dirent."""
        found = b""
        for child, node in enumerate(self.nodes, 1):
            if node.parent == number:
                size = 24 + -(-len(node.name) // 8) * 8
                kind = node.mode >> 12
                head = struct.pack("=QQII", child, len(found) + size, len(node.name), kind)
                found += (head + node.name).ljust(size, b"\0")
        return found

    def _answer(self, unique: int, data: bytes = b"", error: int = 0) -> None:
        try:
            os.write(self.device, OUT.pack(OUT.size + len(data), -error, unique) + data)
        except OSError:
            pass  # no process waits for this answer any more


def attributes(node: Node, number: int) -> bytes:
    """Returns a struct fuse_attr."""
    size = len(node.data)
    return ATTR.pack(number, size, 0, 0, 0, 0, 0, 0, 0, node.mode, 1, 0, 0, 0, 4096, 0)


@contextmanager
def mounted(
    hangs: str, *, deaf: bool = False, fails: int = 0, error: int = errno.EIO,
    names_kept: bool = False, home: Path | None = None, department: Path | None = None,
    people: Sequence[bytes] = (), others: bool = True,
) -> Iterator[tuple[Path, HangingFileSystem]]:  # fmt: skip
    """Mounts users somewhere, or a home over `home`; without `others` only we see the mount. Or
    mounts a directory with homes over `department`: staff/alice, or those of `people`. Skips the
    test if mounting isn't permitted.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    with tempfile.TemporaryDirectory(prefix="finger-fuse-") as somewhere:
        place = os.fspath(home or department or somewhere)
        try:
            device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            pytest.skip(f"no FUSE here: {error}")
        options = f"fd={device},rootmode=40000,user_id=0,group_id=0" + ",allow_other" * others
        if libc.mount(b"fuse", place.encode(), b"fuse", 6, options.encode()) != 0:  # nosuid, nodev
            os.close(device)
            error = ctypes.get_errno()
            if error not in (errno.EPERM, errno.EACCES):
                raise OSError(error, os.strerror(error))
            pytest.skip(f"nothing can be mounted here: {os.strerror(error)}")
        nodes = HOME if home else USERS
        if department:
            nodes = department_of(people or [b"alice"], staff=not people)
        files = HangingFileSystem(device, nodes, KINDS[hangs], deaf, fails, error, names_kept)
        thread = threading.Thread(target=files.serve, daemon=True)
        thread.start()
        try:
            yield Path(place), files
        finally:
            files.let_go()
            libc.umount2(place.encode(), MNT_DETACH)
            files.done.set()
            thread.join()
            os.close(device)  # requests in flight learn that the server is gone


def main() -> None:
    """Mounts users until Ctrl-C, and makes each open of alice's plan hang. For use by hand,
    as root."""
    with suppress(KeyboardInterrupt), mounted("open") as (mounted_at, _):
        print(mounted_at, flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
