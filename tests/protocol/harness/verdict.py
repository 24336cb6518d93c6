"""Turns a failed test into an explanation for people who write their own server."""

from __future__ import annotations

import re
import shlex
import signal
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import pytest

from harness import timeline
from harness.timeline import Event
from harness.hexdump import escaped, hexdump
from harness.rule import SAYS_READY, Rule

if TYPE_CHECKING:
    from harness.connection import Connection
    from harness.server import Server

__all__ = ["hexdump"]

HAPPENED = "what happened, in milliseconds"
PORT = re.compile(r":(\d+)\b")
SERVERS_SHOWN = 2
LARGE_BYTES = 1 << 20
FIRST_LINES_SHOWN, LAST_LINES_SHOWN = 10, 20  # of a log, since a cause may be at either end
LINE_BEGIN, LINE_END = 120, 60  # characters, if a line is longer than both together
ALIKE_FOLDED = 2  # lines between the first and the last of a kind


class ContractBroken(AssertionError):
    """The server did something that the contract forbids. `client` is the one that noticed, if any;
    `rule` is the broken rule, if that isn't the test's."""

    def __init__(
        self,
        what: str,
        client: Connection | None = None,
        *,
        by_reset: bool = False,
        rule: Rule | None = None,
    ) -> None:
        super().__init__(what)
        self.at = time.monotonic()
        self.client = client
        self.rule = rule
        self.had_passed = False  # the test that the server was for
        self.by_reset = by_reset  # the connection ended with a reset, which some rules allow


class Silent(ContractBroken):
    """The server sent or took nothing for as long as a test waits, although `byte_count` were due.
    In a test about memory or descriptors, that doesn't break the test's rule."""

    def __init__(self, what: str, client: Connection, byte_count: int) -> None:
        super().__init__(what, client)
        self.is_of_much = byte_count >= LARGE_BYTES


class RunsOn(ContractBroken):
    """The server should have ended but still runs."""


class NotReady(ContractBroken):
    """The server runs but didn't print anything, which may be a busy machine's fault."""


class NoReadyLine(ContractBroken):
    """The server listens without a ready line, or prints something else; with `always` it will do
    so in every test."""

    def __init__(self, what: str, *, always: bool) -> None:
        super().__init__(what, rule=SAYS_READY)
        self.always = always


def hide_from_traceback(excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
    """For pytest's __tracebackhide__: the test's own line says enough about a broken rule."""
    return excinfo.errisinstance(ContractBroken)


def end_in_words(status: int) -> str:
    """Says how a process ended, by its exit status in subprocess."""
    if status == -signal.SIGXFSZ:
        return "ended by signal SIGXFSZ, sent when a file such as its log may not grow"
    if status < 0:
        return f"ended by signal {signal.Signals(-status).name}"
    return f"ended with exit status {status}"


def rule_section(rule: Rule) -> str:
    """Returns the rule's sentence, and the chapter that explains it."""
    return f"{rule.text}\nExplained in {rule.chapter}"


def server_section(server: Server) -> str:
    """Returns the server's command, its end, and its stderr, with the name of each client whose
    port is in a line."""
    lines = ["$ " + shlex.join(server.words), server.describe_end()]
    names = server.arrivals.names()
    said = [cut(line) + "".join(f"  ({names[int(port)]})" for port in PORT.findall(line)
                           if int(port) in names) for line in server.stderr_text().splitlines()]
    log = list(folded(said))
    if server.memory_limit and (not server.is_alive() or speaks_of_memory(log)):
        lines.append(
            f"(it may use {server.memory_limit >> 20} MiB more than at the start: does it allocate "
            "a length before checking it?)"
        )
    left_out = len(log) - FIRST_LINES_SHOWN - LAST_LINES_SHOWN
    lines.extend(f"stderr: {line}" for line in log[:FIRST_LINES_SHOWN])
    if left_out > 0:
        lines.append(f"... ({left_out} more lines on stderr)")
    lines.extend(f"stderr: {line}" for line in log[FIRST_LINES_SHOWN:][-LAST_LINES_SHOWN:])
    if server.log_is_elsewhere:
        lines.append("its stderr was not kept: the test had given it one of its own")
    elif not log:
        lines.append("nothing on stderr")
    return escaped("\n".join(lines))


def cut(line: str) -> str:
    """Cuts a line to a length that people read."""
    between = len(line) - LINE_BEGIN - LINE_END
    if between <= 0:
        return line
    return f"{line[:LINE_BEGIN]} ... ({between:,} characters) ... {line[-LINE_END:]}"


def folded(log: Sequence[str]) -> Iterator[str]:
    """Folds identical lines in a row into one, with their number. If many differ only in the
    client, keeps the first and the last."""
    for _, alike in groupby(log, key=lambda line: PORT.sub(":", line.partition("  (client")[0])):
        group = [(line, len(list(same))) for line, same in groupby(alike)]
        between = len(group) - 2
        for number, (line, times) in enumerate(group):
            if between < ALIKE_FOLDED or number in (0, len(group) - 1):
                yield line + (f"  ({times:,} times)" if times > 1 else "")
            elif number == 1:
                yield f"... and {between} lines between, of other clients"


def speaks_of_memory(log: list[str]) -> bool:
    """Returns true if a running server reported a lack of memory: MemoryError,
    bad_alloc, ENOMEM."""
    return any(word in line.lower() for line in log for word in ("memory", "alloc"))


def sections(
    rule: Rule | None, servers: list[Server], events: Sequence[Event]
) -> list[tuple[str, str]]:
    """Returns all that goes below a failed test, as (title, text)."""
    found = [(HAPPENED, "\n".join(timeline.lines(events)))] if events else []
    if rule is not None:
        found.append(("the rule", rule_section(rule)))
    found.extend(("the server", server_section(server)) for server in servers[-SERVERS_SHOWN:])
    return found
