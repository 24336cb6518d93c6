"""Reads strace(1)'s record of a server, and finds the connection of each call."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from harness.connection import Connection
    from harness.server import Server

RECEIVES = ("recvfrom", "recvmsg", "read", "readv")
SENDS = ("sendto", "sendmsg", "write", "writev")
ACCEPTS = ("accept", "accept4")
ENDS = ("shutdown", "close")
RING_WAIT = "io_uring_enter"
WAITS = ("poll", "ppoll", "select", "pselect6", "epoll_wait", "epoll_pwait", "epoll_pwait2",
         RING_WAIT)
SLEEPS = ("nanosleep", "clock_nanosleep")
OPTION, ACTION = "setsockopt", "rt_sigaction"
CLONES = ("fork", "vfork", "clone", "clone3")
CALLS = ",".join(f"?{name}" for name in (  # not every processor has all of them
    *RECEIVES, *SENDS, *ACCEPTS, *ENDS, *WAITS, *SLEEPS, *CLONES, OPTION, ACTION, "futex",
    "exit_group"))
KIND = r"<((?:->|[^<>])*)>"  # a descriptor's object, such as <TCP:[127.0.0.1:80->127.0.0.1:5000]>
CALL = re.compile(
    rf"^(\w+)\((.*)\)\s+= (-?\w+)(?:{KIND})?(?: (E\w+))?[^<]*(?: <([\d.]+)>)?$")
DESCRIPTOR = re.compile(rf"^(\d+)(?:{KIND})?")
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"(\.\.\.)?')
PEER = re.compile(r"TCP(?:v6)?:\[.*->.*:(\d+)\]")
PEER_ADDRESS = re.compile(r"_port=htons\((\d+)\)")  # filled in by accept(2)
HOW = re.compile(r"SHUT_\w+|SO_LINGER, \{.*?\}")
READY = re.compile(r"events=(?P<epoll>[A-Z|]+), data=(?:\{u32=)?(?P<data>\w+)"
                   r"|fd=(?P<fd>\d+), revents=(?P<poll>[A-Z|]+)")
WAITED = re.compile(r"\)\s+= (-?\d+)(?: (E\w+))?.*? <([\d.]+)>$")
NO_TIME = re.compile(r"\], \d+, 0(?:, NULL, \d+)?\)\s+= |\{tv_sec=0, tv_[un]sec=0\}")
KILLED = "+++ killed by SIGKILL"  # by us, to read the calls that are still unfinished
UNFINISHED, NEVER_RETURNED = " <unfinished ...>", " = ?"
NOISE = ("EAGAIN", "EINTR")
STDERR = "2"
LONG_SECONDS = 0.05  # a wait from this time on is long
DESCRIPTORS_MAX = 1 << 20  # a greater number in an epoll_data_t is part of a pointer


class Call(NamedTuple):
    """A call that gets a line of its own, or counts as one of many."""

    at: float
    what: str
    kind: str = ""  # such as `recvfrom(7)`, if there may be thousands and no single one matters
    is_elsewhere: bool = False  # on a connection that isn't shown
    is_wait: bool = False  # a short wait
    thread: str = ""


@dataclass
class Peer:
    """The client at the other end of a connection."""

    name: str
    client: Connection | None  # set if it's among those shown
    is_unknown: bool  # a client of a different program that the test has started
    holders: int = 1  # processes that have the connection open
    received: int = 0
    sent: int = 0
    heard: set[str] = field(default_factory=set)  # 0, for the end of the stream, and errors


class CallReader:
    """Remembers the client of each descriptor, and how much the server read and wrote there."""

    def __init__(self, server: Server, clients: Sequence[Connection]) -> None:
        self._clients = {client.port: client for client in clients}
        self._names = server.arrivals.names()
        self._main_thread = str(server.pid)
        self._peers: dict[int, Peer] = {}  # by port
        self._owners: dict[str, Peer | None] = {}  # by descriptor
        self._listeners: set[str] = set()
        self._serving: set[str] = set()  # threads that have made a call for a client
        self.unfinished: dict[str, str] = {}
        self._begun: dict[str, float] = {}  # when each thread's unfinished call began
        self.has_ring = False
        self._ignores_sigpipe = False  # strace(1) shows SIGPIPE even if the server ignores it

    def read(self, thread: str, at: float, text: str) -> Iterator[Call]:
        """Yields the call that ends on this line, with the moment when it began."""
        begun = self._begun.get(thread, at) if text.startswith("<...") else at
        if text.endswith(UNFINISHED):
            self._begun[thread] = at
        for call in self._read(thread, text):
            # Data that the server sent may arrive, and its client be done, before strace sees the
            # send return. Data that the server received or waited for is there only when the call
            # returns.
            at_its_end = call.what.startswith((*RECEIVES, *ACCEPTS, *WAITS, *SLEEPS))
            yield call._replace(at=(at if at_its_end else begun) + call.at, thread=thread)

    def _read(self, thread: str, text: str) -> Iterator[Call]:
        """Yields calls whose moment counts from that of the line."""
        if text.startswith("---"):
            name = text.split()[1]
            ignored = ", which it ignores" if name == "SIGPIPE" and self._ignores_sigpipe else ""
            yield Call(0.0, f"receives {name}{ignored}", name if name == "SIGPIPE" else "")
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
        name = text.partition("(")[0]
        self.has_ring = self.has_ring or name == RING_WAIT
        if text.startswith(f"{ACTION}(SIGPIPE, {{"):
            self._ignores_sigpipe = "sa_handler=SIG_IGN" in text
        elif name == "exit_group":
            if thread == self._main_thread:
                yield Call(0.0, text.partition(")")[0] + ")")
        elif name in CLONES:
            if "CLONE_FILES" not in text:  # a process, not a thread
                for owner in filter(None, self._owners.values()):
                    owner.holders += 1
        elif name in WAITS and (wait := WAITED.search(text)):
            yield self._wait(name, text, wait, resumed=resumed)
        elif call := CALL.match(text):
            yield from self._returned(thread, call, resumed=resumed)

    def _wait(self, name: str, text: str, ended: re.Match[str], *, resumed: bool) -> Call:
        number = re.match(r"\w+\((\d+<)?", text)
        descriptor = number[1].removesuffix("<") if number and number[1] else ""
        result, error, took = ended[2] or ended[1], ended[2], float(ended[3])
        if result == "0" and took >= LONG_SECONDS and name != RING_WAIT:
            return Call(0.0 if resumed else took,
                        f"{name}({descriptor}) = 0 after {took * 1000:.0f} ms", name)
        asked = text[: ended.start(1)]  # the rest may name the time that select(2) has left
        arguments = ", ".join(filter(None, (
            descriptor, "timeout 0" if NO_TIME.search(asked) else "")))
        ready = ", ".join(f"{one['epoll'] or one['poll']}"
                          f"{self._of(str(int(one['data'] or one['fd'], 0)))}"
                          for one in READY.finditer(text) if not error)
        what = f"{name}({arguments}) = {result}" + (f": {ready}" if ready else "")
        return Call(0.0, what, f"{name}({descriptor})", is_wait=True)

    def _of(self, number: str) -> str:
        if number in self._listeners:
            return f" of {number}, its listener"
        owner = self._owners.get(number)
        return f" of {number}, {owner.name}" if owner else (
            f" of {number}" if int(number) < DESCRIPTORS_MAX else "")

    def _returned(self, thread: str, call: re.Match[str], *, resumed: bool) -> Iterator[Call]:
        name, arguments, result, opened, error, seconds = call.groups(default="")
        took = float(seconds or 0)
        if name in SLEEPS:
            if thread in self._serving:
                long = took >= LONG_SECONDS
                after = f" after {took * 1000:.0f} ms" if long else ""
                yield Call(0.0 if resumed or not long else took,
                           f"{name}() = {error or result}{after}", name, is_wait=not long)
            return
        told = (self._accepted(name, arguments, result, opened, error) if name in ACCEPTS
                else self._told(name, arguments, result, error))
        if told is not None:
            self._serving.add(thread)
            takes_effect_at_its_end = name in (*RECEIVES, *ACCEPTS) and not resumed
            yield told._replace(at=took if takes_effect_at_its_end else 0.0)

    def _accepted(
        self, name: str, arguments: str, result: str, opened: str, error: str
    ) -> Call | None:
        listener = arguments.partition("<")[0]
        self._listeners.add(listener)
        if error:
            told = f"{name}({listener}) = {error}"
            return None if error in NOISE else Call(0.0, told, told)
        # If a client has gone already, its descriptor doesn't show the address.
        found = PEER.search(opened) or PEER_ADDRESS.search(arguments)
        if found is None:
            self._owners[result] = None
            return None
        port = int(found[1])
        self._peers.pop(port, None)  # belongs to an earlier client with the same port
        self._owners[result] = peer = self._peer(port)
        if peer.client is None:
            return Call(0.0, name, name, is_elsewhere=True)
        return Call(0.0, f"{name}({listener}) = {result}, {peer.name}")

    def _told(self, name: str, arguments: str, result: str, error: str) -> Call | None:
        if (descriptor := DESCRIPTOR.match(arguments)) is None:
            return None
        number, kind = descriptor[1], descriptor[2] or ""
        if peer := PEER.search(kind):
            self._owners[number] = self._peer(int(peer[1]))
        owner = self._owners.get(number)
        ended = error or result
        if owner is None and number == STDERR and name in SENDS and error not in ("", *NOISE):
            failed = f"{name}({number}) = {error}"
            return Call(0.0, f"{failed}, its stderr", failed)
        if owner is None:
            is_listener = kind.startswith("TCP") and "->" not in kind and number not in self._owners
            return Call(0.0, f"{name}({number}) = {ended}, its listener") if (
                is_listener and name in ENDS) else None
        how = HOW.search(arguments)
        if name == OPTION and how is None:
            return None
        if name == "close":
            del self._owners[number]
            owner.holders -= 1
        count = int(result) if result.isdigit() else 0
        remark = self._remark(name, owner, arguments, count, error)
        data = f", {how[0]}" if how else self._data(name, arguments, error)
        what = f"{name}({number}{data}) = {ended}{remark}"
        if owner.client is not None:
            return Call(0.0, what, self._kind(owner, f"{name}({number})", ended, remark))
        # Other programs have only tried whether the server listens.
        if owner.is_unknown and owner.received:
            return Call(0.0, f"{what}, {owner.name}", f"{name}({number})")
        if error in NOISE or not error and not count and name in RECEIVES:
            return None
        return Call(0.0, f"{what}, {owner.name}" if error else name, name, is_elsewhere=True)

    def _kind(self, owner: Peer, call: str, ended: str, remark: str) -> str:
        if ended.isdigit() and not (ended == "0" and call.startswith(RECEIVES)):
            return f"{call}{remark}" if call.startswith((*RECEIVES, *SENDS)) else ""
        if ended in NOISE or ended in owner.heard:
            return f"{call} = {ended}"
        owner.heard.add(ended)
        return ""

    def _peer(self, port: int) -> Peer:
        if port not in self._peers:
            name = self._names.get(port, "another client")
            self._peers[port] = Peer(name, self._clients.get(port), port not in self._names)
        return self._peers[port]

    def _data(self, name: str, arguments: str, error: str) -> str:
        text = TEXT.search(arguments)
        if text is None or name not in RECEIVES + SENDS or error == "EAGAIN":
            return ""
        return f', "{text[1]}"{text[2] or ""}'

    def _remark(self, name: str, owner: Peer, arguments: str, count: int, error: str) -> str:
        if name in RECEIVES and not error:
            owner.received += 0 if "MSG_PEEK" in arguments else count
            return "" if count else "  the end of the stream"
        if name in SENDS and count:
            owner.sent += count
            due = owner.client and owner.client.transcript.answerable_bytes(owner.received)
            if due is not None and owner.sent > due:
                return "  <- before its message was complete"
        is_last = name == "close" and not owner.holders
        if is_last and owner.client and not self.has_ring and owner.heard <= {"0"}:
            unread = owner.client.transcript.sent_bytes - owner.received
            return f"  {unread} bytes were never read" if unread > 0 else ""
        return ""
