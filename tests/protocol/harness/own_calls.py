"""The server's own system calls, where strace(1) has noted them: those on the connections in
question, and what it waits in at the end."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.proc import wait_until

if TYPE_CHECKING:
    from harness.connection import Connection
    from harness.server import Server

CALLS = ("accept,accept4,recvfrom,recvmsg,read,readv,sendto,sendmsg,write,writev,shutdown,close,"
         "poll,ppoll,select,pselect6,epoll_wait,epoll_pwait,epoll_pwait2,io_uring_enter,futex,"
         "exit_group")
ARGUMENTS = ("-yy", "-T", "-s", "12", "-e", f"trace={CALLS}", "-e", "signal=SIGTERM,SIGINT,SIGPIPE")
WORDS = re.compile(r"^(\d+)\s+(\d+\.\d+) (.*)$")
KIND = r"(?:<((?:->|[^<>])*)>)?"  # what a descriptor is, as <TCP:[127.0.0.1:80->127.0.0.1:5000]>
CALL = re.compile(rf"^(\w+)\((.*)\)\s+= (-?\w+){KIND}(?: (E\w+))?[^<]*(?: <([\d.]+)>)?$")
DESCRIPTOR = re.compile(rf"^(\d+){KIND}")
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"(\.\.\.)?')
PEER = re.compile(r"TCP(?:v6)?:\[.*->.*:(\d+)\]")
KILLED = "+++ killed by SIGKILL"  # by us, to read what is noted here
UNFINISHED, NEVER_RETURNED = " <unfinished ...>", " = ?"
RECEIVES = ("recvfrom", "recvmsg", "read", "readv")
SENDS = ("sendto", "sendmsg", "write", "writev")
ACCEPTS = ("accept", "accept4")
WRITING_SECONDS = 2.0
ENDS = ("shutdown", "close")
NOISE = ("EAGAIN", "EINTR")


def words(log: Path) -> tuple[str, ...]:
    """In front of a command line, which keeps its process id."""
    return ("env", "LSAN_OPTIONS=detect_leaks=0", "strace", "-DDD", "-f", "-q", "-ttt", "-o",
            str(log), *ARGUMENTS)


def of(server: Server, clients: Sequence[Connection]) -> Iterator[tuple[float, str]]:
    """Moments on time.monotonic(), and what the server did. This ends it: strace writes what it has
    noted when the last process that it traces is gone.
    """
    if server.calls_log is None:
        return
    server.kill()
    wait_until(lambda: _is_complete(server), WRITING_SECONDS)
    if not server.calls_log.exists():
        return
    offset = time.time() - time.monotonic()
    reader = _Reader({client.port: client for client in clients}, str(server.pid))
    for line in server.calls_log.read_text(errors="replace").splitlines():
        if found := WORDS.match(line):
            for seconds, told in reader.read(found[1], found[3]):
                yield float(found[2]) + seconds - offset, told
    if reader.has_ring:
        yield time.monotonic(), "has a ring: what it asks of that is not seen here"
    if waits := [call for call in reader.unfinished.values() if not call.startswith("futex")]:
        yield time.monotonic(), "is still in " + ", ".join(
            f"{name}({found[0]})" if (found := re.match(r"\d+(?=[<,])", rest)) else name
            for name, _, rest in (call.partition("(") for call in waits))


def _is_complete(server: Server) -> bool:
    """Whether the end of the server's first process is in it."""
    assert server.calls_log is not None
    text = server.calls_log.read_text(errors="replace") if server.calls_log.exists() else ""
    return re.search(rf"^{server.pid} .*\+\+\+ (killed|exited)", text, re.MULTILINE) is not None


class _Reader:
    """Remembers whose connection each descriptor is, and how much of it was read and written."""

    def __init__(self, clients: dict[int, Connection], main_thread: str) -> None:
        self._clients = clients
        self._main_thread = main_thread
        self._owners: dict[str, Connection | None] = {}
        self._received: dict[Connection, int] = dict.fromkeys(clients.values(), 0)
        self._sent: dict[Connection, int] = dict.fromkeys(clients.values(), 0)
        self.unfinished: dict[str, str] = {}
        self.has_ring = False

    def read(self, thread: str, text: str) -> Iterator[tuple[float, str]]:
        """The call that this line ends, if it is worth a line."""
        if text.startswith("---"):
            yield 0.0, f"receives {text.split()[1]}"
            return
        if text.startswith("+++"):
            if not text.startswith(KILLED):
                self.unfinished.pop(thread, None)
            return
        if text.endswith(UNFINISHED):
            self.unfinished[thread] = text.removesuffix(UNFINISHED)
            return
        if text.endswith(NEVER_RETURNED):
            return
        resumed = text.startswith("<...")
        if resumed:
            text = self.unfinished.pop(thread, "") + text.partition(" resumed>")[2]
        self.has_ring = self.has_ring or text.startswith("io_uring_enter(")
        if text.startswith("exit_group("):
            if thread == self._main_thread:
                yield 0.0, text.partition(")")[0] + ")"
            return
        if (call := CALL.match(text)) is None:
            return
        takes_effect_at_its_end = call[1] in (*RECEIVES, *ACCEPTS) and not resumed
        seconds = float(call[6] or 0) if takes_effect_at_its_end else 0.0
        if told := self._told(call[1], call[2], call[3], call[4] or "", call[5] or ""):
            yield seconds, told

    def _told(self, name: str, arguments: str, result: str, opened: str, error: str) -> str:
        if (descriptor := DESCRIPTOR.match(arguments)) is None:
            return ""
        number, kind = descriptor[1], descriptor[2] or ""
        if name in ACCEPTS:
            return self._accepted(name, number, result, opened, error)
        if PEER.search(kind):
            self._owners[number] = self._client(kind)
        client = self._owners.get(number)
        ended = error or result
        if client is None:
            is_listener = kind.startswith("TCP") and "->" not in kind and number not in self._owners
            return f"{name}({number}) = {ended}, its listener" if (
                is_listener and name in ENDS) else ""
        if name not in (*RECEIVES, *SENDS, *ENDS):
            return ""
        if name == "close":
            del self._owners[number]
        if error == "EAGAIN":
            return f"{name}({number}) = EAGAIN"
        return f"{name}({number}{self._data(name, arguments)}) = {ended}" + self._remark(
            name, client, int(result) if not error and result.isdigit() else 0)

    def _accepted(self, name: str, number: str, result: str, opened: str, error: str) -> str:
        if error:
            return "" if error in NOISE else f"{name}({number}) = {error}"
        self._owners[result] = client = self._client(opened)
        return f"{name}({number}) = {result}, {client.name}" if client else ""

    def _client(self, kind: str) -> Connection | None:
        peer = PEER.search(kind)
        return self._clients.get(int(peer[1])) if peer else None

    def _data(self, name: str, arguments: str) -> str:
        text = TEXT.search(arguments) if name in RECEIVES + SENDS else None
        if text:
            return f', "{text[1]}"{text[2] or ""}'
        how = re.search(r"SHUT_\w+", arguments)
        return f", {how[0]}" if how else ""

    def _remark(self, name: str, client: Connection, count: int) -> str:
        if name in RECEIVES:
            self._received[client] += count
            return "  the end of the stream" if count == 0 else ""
        if name in SENDS and count:
            self._sent[client] += count
            due = client.transcript.answerable_bytes(self._received[client])
            if due is not None and self._sent[client] > due:
                return "  <- before its message was complete"
        return ""
