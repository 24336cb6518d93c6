"""What happened, in order: what the clients did that matter, what was done to the server, and where
it went wrong. A line each, in one column of milliseconds."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness import own_calls

if TYPE_CHECKING:
    from harness.connection import Connection
    from harness.server import Server

CLIENTS_SHOWN = 3
LINES_SHOWN = 36  # the first and the last of them
FIRST_SHOWN = 10
LONG_RUN = 8  # of calls
COLUMNS = 96
THE_TEST, THE_SERVER = "the test", "server"


@dataclass(frozen=True)
class Event:
    """Something that somebody did."""

    at: float  # time.monotonic()
    who: str
    what: str
    is_break: bool = False  # here the rule was broken


def happened(servers: Sequence[Server], error: BaseException | None) -> list[Event]:
    """Everything worth a line, in order."""
    clients = {client: f"{client.name} of {number}" if len(servers) > 1 else client.name
               for number, server in enumerate(servers, 1) for client in server.clients}
    shown = those_that_matter(list(clients), getattr(error, "client", None))
    found = [event for server in servers for event in server.events]
    found += [Event(entry.at, clients[client], entry.text())
              for client in shown for entry in client.transcript.entries]
    end = getattr(error, "at", time.monotonic())
    for client in shown:
        if still_in_the_backlog(client):
            found.append(Event(end, clients[client], "still waits to be accepted by the server"))
    for server in servers:
        found += [Event(min(at, end), THE_SERVER, what)
                  for at, what in own_calls.of(server, shown) if at > server.ready_at]
    cause = str(error).strip().partition("\n")[0]
    found = [event for event in sorted(found, key=lambda one: one.at) if event.at <= end]
    found.append(Event(end, THE_TEST, f"finds: {cause}", is_break=True))
    if len(clients) > len(shown):
        waiting = sum(waits(client) for client in clients) - sum(map(waits, shown))
        told = f", of which {waiting} wait for an answer" if waiting else ""
        found.append(Event(end, "", f"({len(clients) - len(shown)} more clients{told})"))
    return found


def those_that_matter(
    clients: list[Connection], noticed_by: Connection | None
) -> list[Connection]:
    """The one that noticed something, then those that wait for an answer, then the last ones."""
    order = [client for client in clients if client is noticed_by]
    order += [client for client in clients if waits(client)]
    order += reversed(clients)
    shown = list(dict.fromkeys(order))[:CLIENTS_SHOWN]
    return [client for client in clients if client in shown]


def waits(client: Connection) -> bool:
    """Whether more was sent than has come back, on a connection that is open."""
    said = client.transcript
    return client.socket.fileno() >= 0 and not said.hung_up and said.sent_bytes > said.got_bytes


def still_in_the_backlog(client: Connection) -> bool:
    """Whether the server's end has no descriptor yet."""
    with suppress(OSError):
        return client.socket.fileno() >= 0 and client.is_in_the_backlog()
    return False


def lines(events: Sequence[Event]) -> list[str]:
    """Counted from the first of them; a long middle is left out."""
    begin = events[0].at if events else 0
    found = list(_without_repetitions(begin, _without_long_runs(events)))
    if (left_out := len(found) - LINES_SHOWN) > 0:
        found[FIRST_SHOWN : FIRST_SHOWN + left_out] = [f"       ... ({left_out} more lines)"]
    return found


def _without_long_runs(events: Sequence[Event]) -> list[Event]:
    """Of a server that makes the same one or two calls again and again, the first and the last."""
    calls = [_call(event) for event in events]
    kept: list[Event] = []
    begin = 0
    while begin < len(events):
        for period in (1, 2):
            end = begin + period
            while end < len(events) and calls[end] and calls[end] == calls[end - period]:
                end += 1
            run = events[begin:end]
            if calls[begin] and len(run) > LONG_RUN and len({one.what for one in run}) > period:
                more = f"... ({len(run) - 2 * period} more of these calls)"
                kept += [*run[:period], Event(run[-period].at, THE_SERVER, more), *run[-period:]]
                begin = end
                break
        else:
            kept.append(events[begin])
            begin += 1
    return kept


def _call(event: Event) -> str:
    """`recvfrom(7` for each receive of that connection; nothing where it is no call."""
    return re.split("[,)]", event.what)[0] if event.who == THE_SERVER else ""


def _without_repetitions(begin: float, events: Sequence[Event]) -> Iterator[str]:
    number = 0
    while number < len(events):
        event, same = events[number], 1
        while number + same < len(events) and _alike(event, events[number + same]):
            same += 1
        number += same
        mark = "!" if event.is_break else " "
        times = f"  ({same} times)" if same > 1 else ""
        milliseconds = f"{(event.at - begin) * 1000:5.0f}" if event.who else "     "
        line = f"{mark}{milliseconds}  {event.who:8}  {event.what}{times}"
        yield line if len(line) <= COLUMNS else line[: COLUMNS - 4] + " ..."


def _alike(one: Event, other: Event) -> bool:
    return (one.who, one.what) == (other.who, other.what) and not other.is_break
