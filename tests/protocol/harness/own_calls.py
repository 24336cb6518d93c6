"""The server's own system calls, as strace(1) recorded them: calls on the connections in question,
waits that repeat, and the waits at the end."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.call_reader import CALLS, Call, CallReader
from harness.proc import wait_until

if TYPE_CHECKING:
    from harness.connection import Connection
    from harness.server import Server

ARGUMENTS = ("-yy", "-T", "-s", "12", "-e", f"trace={CALLS}", "-e", "signal=SIGTERM,SIGINT,SIGPIPE")
WORDS = re.compile(r"^(\d+)\s+(\d+\.\d+) (.*)$")
WRITING_SECONDS = 2.0
ERRORS_SHOWN = 3
SPINS, SPIN_SECONDS = 50, 0.005  # this many waits in a row, each no longer than this


def words(log: Path, mark: str) -> tuple[str, ...]:
    """Returns the words in front of a command line. The command keeps its process id, and only it
    has the mark."""
    return ("env", "LSAN_OPTIONS=detect_leaks=0", "strace", "-E", mark, "-DDD", "-f", "-q", "-ttt",
            "-o", str(log), *ARGUMENTS)


def of(server: Server, clients: Sequence[Connection]) -> Iterator[Call]:
    """Yields the server's calls for these clients, and for other programs' clients. This kills the
    server, because strace completes its file only when the last traced process is gone."""
    if server.calls_log is None:
        return
    had_ended = not server.is_alive()
    server.kill()
    wait_until(lambda: _is_complete(server), WRITING_SECONDS)
    if not server.calls_log.exists():
        return
    offset = time.time() - time.monotonic()
    reader = CallReader(server, clients)
    calls = [call for line in server.calls_log.read_text(errors="replace").splitlines()
             if (found := WORDS.match(line))
             for call in reader.read(found[1], float(found[2]) - offset, found[3])]
    if had_ended:  # perhaps because of an error on another connection
        failed = [call for call in calls if call.is_elsewhere and call.what != call.kind]
        calls += [call._replace(is_elsewhere=False) for call in failed[-ERRORS_SHOWN:]]
    yield from without_rest(calls)
    if reader.has_ring:
        yield Call(time.monotonic(), "has a ring: what it asks of that is not seen here")
    if waits := [call for call in reader.unfinished.values() if not call.startswith("futex")]:
        yield Call(time.monotonic(), "is still in " + ", ".join(
            f"{name}({found[0]})" if (found := re.match(r"\d+(?=[<,])", rest)) else name
            for name, _, rest in (call.partition("(") for call in waits)))


def _is_complete(server: Server) -> bool:
    """Returns true if the file contains the end of the server's first process."""
    assert server.calls_log is not None
    text = server.calls_log.read_text(errors="replace") if server.calls_log.exists() else ""
    return re.search(rf"^{server.pid} .*\+\+\+ (killed|exited)", text, re.MULTILINE) is not None


def without_rest(calls: Sequence[Call]) -> Iterator[Call]:
    """Keeps a thread's waits only if it waits again and again with nothing to do. Other threads'
    waits, such as those of a virtual machine, come in between and mean nothing."""
    waits: dict[str, list[Call]] = {}

    def spins(thread: str) -> Iterator[Call]:
        own = waits.pop(thread, [])
        if len(own) >= SPINS and own[-1].at - own[0].at < SPIN_SECONDS * len(own):
            yield from own

    for call in calls:
        if call.is_wait:
            waits.setdefault(call.thread, []).append(call)
        else:
            yield from spins(call.thread)
            yield call
    for thread in [*waits]:
        yield from spins(thread)
