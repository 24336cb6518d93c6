"""Turns a failed test into an explanation for somebody who writes their own server."""

from __future__ import annotations

import shlex
import signal
from typing import TYPE_CHECKING

import pytest

from harness.rule import Rule

if TYPE_CHECKING:
    from harness.connection import Connection
    from harness.server import Server

CLIENTS_SHOWN = 3
SERVERS_SHOWN = 2
FIRST_LINES_SHOWN, LAST_LINES_SHOWN = 10, 20  # of a log; a cause may be at either end


class ContractBroken(AssertionError):
    """The server did something that the contract forbids. `client` is who noticed, if anybody;
    `rule` is what it broke, if that is not what the test is about.
    """

    def __init__(
        self,
        what: str,
        client: Connection | None = None,
        *,
        by_reset: bool = False,
        rule: Rule | None = None,
    ) -> None:
        super().__init__(what)
        self.client = client
        self.rule = rule
        self.by_reset = by_reset  # the connection ended with a reset, which some rules allow


class NotReady(ContractBroken):
    """It runs and has said nothing; on a busy machine that may be the machine's fault."""


def without_ready_line(seconds: float, said: str) -> ContractBroken:
    """For a server that runs, after so long."""
    if said:
        return ContractBroken(f"no ready line on stdout within {seconds:.1f} s, but {said!r}")
    return NotReady(f"no ready line on stdout within {seconds:.1f} s, and nothing else")


def hide_from_traceback(excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
    """For pytest's __tracebackhide__: the test's own line says enough about a broken rule."""
    return excinfo.errisinstance(ContractBroken)


def hexdump(head: bytes, total: int, tail: bytes = b"") -> str:
    """`6 bytes: 02 00 00 00 68 69 |....hi|`, with dots where `total` is more than is shown.

    With a tail, `99 bytes: 02 00 ... 68 69 |.. ... hi|`.
    """
    if total == 0:
        return "nothing"
    pairs, text = head.hex(" "), printable(head)
    if total > len(head) + len(tail):
        pairs += " ..."
        text += " ... " if tail else ""
    pairs += f" {tail.hex(' ')}" if tail else ""
    return f"{total} {'byte' if total == 1 else 'bytes'}: {pairs} |{text}{printable(tail)}|"


def printable(data: bytes) -> str:
    """The characters that these bytes are, with a dot for each that is none."""
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)


def end_in_words(status: int) -> str:
    """How a process ended, by its exit status as subprocess tells it."""
    if status < 0:
        return f"ended by signal {signal.Signals(-status).name}"
    return f"ended with exit status {status}"


def rule_section(rule: Rule) -> str:
    """The rule's sentence and the chapter that explains it."""
    return f"{rule.text}\nExplained in {rule.chapter}"


def wire_section(servers: list[Server], noticed_by: Connection | None) -> str:
    """What was sent and what came back: the client that noticed, then those just before it."""
    lines: list[str] = []
    whose = {
        client: f" of server {number}" if len(servers) > 1 else ""
        for number, server in enumerate(servers, 1)
        for client in server.clients
    }
    clients: list[Connection] = list(whose)
    if noticed_by in clients:
        place = clients.index(noticed_by)
        clients = [*reversed(clients[: place + 1]), *clients[place + 1 :]]
    for client in clients[:CLIENTS_SHOWN]:
        lines.append(f"{client.name}{whose[client]}:")
        lines.extend(f"  {line}" for line in client.transcript.lines())
    if len(clients) > CLIENTS_SHOWN:
        lines.append(f"... and {len(clients) - CLIENTS_SHOWN} more clients")
    return "\n".join(lines)


def server_section(server: Server) -> str:
    """How the server was started, how it ended, and what it wrote to stderr."""
    lines = ["$ " + shlex.join(server.words), server.describe_end()]
    if str(server.deeds):
        lines.append(f"what the test did to it: {server.deeds}")
    log = server.stderr_text().splitlines()
    if server.memory_limit and (not server.is_alive() or speaks_of_memory(log)):
        lines.append(
            f"(it could have {server.memory_limit >> 20} MiB of memory more than at first: does it "
            "allocate a length before it looks whether that is too long?)"
        )
    left_out = len(log) - FIRST_LINES_SHOWN - LAST_LINES_SHOWN
    lines.extend(f"stderr: {line}" for line in log[:FIRST_LINES_SHOWN])
    if left_out > 0:
        lines.append(f"... ({left_out} more lines on stderr)")
    lines.extend(f"stderr: {line}" for line in log[FIRST_LINES_SHOWN:][-LAST_LINES_SHOWN:])
    if not log:
        lines.append("nothing on stderr")
    return "\n".join(lines)


def speaks_of_memory(log: list[str]) -> bool:
    """Whether a server that lives on has said that it got none: MemoryError, bad_alloc, ENOMEM."""
    return any(word in line.lower() for line in log for word in ("memory", "alloc"))


def sections(
    rule: Rule | None, servers: list[Server], error: BaseException | None
) -> list[tuple[str, str]]:
    """Everything that goes below a failed test, as (title, text)."""
    noticed_by = error.client if isinstance(error, ContractBroken) else None
    found: list[tuple[str, str]] = []
    if noticed_by is not None and noticed_by.transcript.hung_up:
        for server in servers:
            server.may_end()
    wire = wire_section(servers, noticed_by)
    if wire:
        found.append(("what was sent and what came back", wire))
    if rule is not None:
        found.append(("the rule", rule_section(rule)))
    found.extend(("the server", server_section(server)) for server in servers[-SERVERS_SHOWN:])
    return found
