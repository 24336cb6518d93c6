"""The story of a failure, in order: the clients' actions that matter, those on the server, and the
mistake. Each gets a line, with a common clock in milliseconds."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from harness import own_calls
from harness.hexdump import escaped

if TYPE_CHECKING:
    from harness.connection import Connection
    from harness.server import Server

CLIENTS_SHOWN = 3
LINES_SHOWN = 48
FIRST_SHOWN, LAST_SHOWN = 10, 20  # whatever they are, if there are more
LONG_RUN = 16  # of bytes and calls; of a longer run we count most events
# Without the server's own calls in between. A query that comes byte by byte fits.
LONG_RUN_OF_BYTES = 12
FIRST_OF_A_KIND, LAST_OF_A_RUN = 1, 3
GAP_SECONDS = 1.0  # without a line
LONG_SECONDS = 0.1
ENDING_SECONDS = 0.05  # how long a process may still run after the mistake
COLUMNS = 96
THE_TEST, THE_SERVER, NOBODY = "the test", "server", ""


@dataclass(frozen=True)
class Event:
    """An action, and who did it."""

    at: float  # time.monotonic()
    who: str
    what: str
    is_break: bool = False  # here the server broke the rule
    kind: str = ""  # such as `recvfrom(7)`, if there may be thousands and no single one matters
    times: int = 1
    until: float = 0.0  # if several share a line, the moment of the last


def happened(servers: Sequence[Server], error: BaseException | None) -> list[Event]:
    """Returns every event worth a line, in order, with repetitions counted."""
    clients = {client: f"{client.name} of server {number}" if len(servers) > 1 else client.name
               for number, server in enumerate(servers, 1)
               for client in server.arrivals.known(server.clients)}
    shown = those_that_matter(
        list(clients), getattr(error, "client", None),
        has_ended=any(server.has_ended_unasked() for server in servers))
    end = getattr(error, "at", time.monotonic())
    found = [event for server in servers for event in server.events]
    for client in shown:
        name = clients[client]
        found += [Event(entry.at, name, entry.text(), kind=f"{name} {entry.kind}" if entry.kind
                        else "") for entry in client.transcript.entries]
        if still_in_the_backlog(client):
            found.append(Event(end, name, "still waits to be accepted by the server"))
    calls = [call for server in servers for call in own_calls.of(server, shown)
             if server.ready_at < call.at and (call.at <= end or not call.kind)]
    found += [Event(min(call.at, end), THE_SERVER, call.what, kind=call.kind)
              for call in calls if not call.is_elsewhere]
    found = condensed([one for one in sorted(found, key=lambda one: one.at) if one.at <= end])
    cause = str(error).strip().partition("\n")[0]
    found.append(Event(end, THE_TEST, f"finds: {escaped(cause)}", is_break=True))
    ports = {client.port for client in shown}
    others = [at for server in servers for at in server.arrivals.moments_of_others(ports)]
    if others:
        waiting = sum(map(waits, clients)) - sum(map(waits, shown))
        told = f", of which {waiting} wait for an answer" if waiting else ""
        found = list(_with_gaps(found, [(at, "connect") for at in others] + [
            (call.at, f"x {call.kind}") for call in calls if call.is_elsewhere]))
        found.append(Event(end, NOBODY, f"({len(others)} more clients{told})"))
    return found


def those_that_matter(
    clients: list[Connection], noticed_by: Connection | None, *, has_ended: bool = False
) -> list[Connection]:
    """Picks the client that noticed something, then those that wait for an answer, then those that
    are still connected, then the last ones. If the server ended unasked, the last ones are no
    guide, because the kernel went on connecting clients whose turn never came.
    """
    order = [client for client in clients if client is noticed_by]
    order += [client for client in clients if waits(client)][:CLIENTS_SHOWN]
    if has_ended:
        shown = order + served_at_the_end(clients)
    else:
        order += [client for client in reversed(clients) if client.socket.fileno() >= 0]
        order += reversed(clients)
        shown = list(dict.fromkeys(order))[:CLIENTS_SHOWN]
    return [client for client in clients if client in shown]


def served_at_the_end(clients: list[Connection]) -> list[Connection]:
    """Returns the last client that the server certainly accepted, and the first ones shortly
    before, because a process takes a moment to end, and meanwhile its other threads may accept."""
    accepted = [client for client in clients
                if client.left_accepted or client.transcript.got_bytes] or clients[:1]
    since = sum(client.transcript.entries[-1].at < accepted[-1].transcript.entries[-1].at -
                ENDING_SECONDS for client in clients)
    return [*clients[since:][:CLIENTS_SHOWN], *accepted[-1:]]


def waits(client: Connection) -> bool:
    """Returns true if the client sent more than it got back, on an open connection."""
    said = client.transcript
    return client.socket.fileno() >= 0 and not said.hung_up and said.sent_bytes > said.got_bytes


def still_in_the_backlog(client: Connection) -> bool:
    """Returns true if the server's end has no descriptor yet."""
    with suppress(OSError):
        return client.socket.fileno() >= 0 and client.is_in_the_backlog()
    return False


def lines(events: Sequence[Event]) -> list[str]:
    """Returns the lines, with times since the first event."""
    begin = events[0].at if events else 0
    return [_line(begin, event) for event in events]


def _line(begin: float, event: Event) -> str:
    mark = "!" if event.is_break else " "
    milliseconds = f"{(event.at - begin) * 1000:5.0f}" if event.who else "     "
    what = event.what
    if event.until:
        first, last = ((at - begin) * 1000 for at in (event.at, event.until))
        what = f"... from {first:.0f} ms to {last:.0f} ms: {what.removeprefix('... ')}"
    line = f"{mark}{milliseconds}  {event.who:8}  {what}"
    if len(line) > COLUMNS and event.kind:
        line = line.partition(" |")[0]  # without the characters beside the bytes
    return line if len(line) <= COLUMNS else line[: COLUMNS - 4].rstrip(" .") + " ..."


def condensed(events: Sequence[Event]) -> list[Event]:
    """Returns few enough events to read. An event without a kind stays, unless such events fill
    more than a page."""
    kept: list[Event] = []
    for has_a_kind, run in groupby(_without_repetitions(events), lambda one: bool(one.kind)):
        kept += _shortened(list(run)) if has_a_kind else run
    return _on_a_page(kept)


def _without_repetitions(events: Sequence[Event]) -> Iterator[Event]:
    """Replaces repetitions by `(3 times)` at the first."""
    for _, group in groupby(events, lambda one: (one.who, one.what)):
        first, *more = group
        if more:
            seconds = more[-1].at - first.at
            told = f" in {seconds:.1f} s" if seconds >= LONG_SECONDS else ""
            yield replace(first, what=f"{first.what}  ({1 + len(more):,} times{told})",
                          times=1 + len(more))
        else:
            yield first


def _shortened(run: Sequence[Event]) -> Iterator[Event]:
    """Keeps the first of each kind and the last of all, and counts the others."""
    of_bytes = all(event.who not in (THE_SERVER, NOBODY) for event in run)
    is_long = len(run) > (LONG_RUN_OF_BYTES if of_bytes else LONG_RUN)
    seen: Counter[str] = Counter()
    left_out: list[Event] = []
    for number, event in enumerate(run):
        seen[event.kind] += 1
        if is_long and FIRST_OF_A_KIND < seen[event.kind] and (
                number < len(run) - LAST_OF_A_RUN):
            left_out.append(event)
            continue
        yield from _counted(left_out)
        left_out.clear()
        yield event


def _counted(events: Sequence[Event]) -> Sequence[Event]:
    """Puts several events into one line."""
    if len(events) < 2:
        return tuple(events)
    counts: Counter[str] = Counter()
    for event in events:
        counts[event.kind] += event.times
    told = ", ".join(f"{count:,} x {kind}" for kind, count in counts.items())
    return (Event(events[0].at, NOBODY, f"... {told}", until=events[-1].at),)


def _on_a_page(events: list[Event]) -> list[Event]:
    """If too many are left, drops the middle, beginning with events that have a kind."""
    if len(events) <= LINES_SHOWN:
        return events
    middle = range(FIRST_SHOWN, len(events) - LAST_SHOWN)
    matter = [number for number in middle if events[number].who and not events[number].kind]
    spared = set(matter[-(LINES_SHOWN - FIRST_SHOWN - LAST_SHOWN):])
    kept: list[Event] = []
    for left_out, run in groupby(enumerate(events),
                                 lambda one: one[0] in middle and one[0] not in spared):
        these = [event for _, event in run]
        if left_out and len(these) > 1:
            these = [Event(these[0].at, NOBODY, f"... ({len(these)} more lines)")]
        kept += these
    return kept


def _with_gaps(
    events: Sequence[Event], elsewhere: Sequence[tuple[float, str]]
) -> Iterator[Event]:
    """Fills gaps of a second or more with the actions of other clients and of the server."""
    for event, following in pairwise(events):
        yield event
        seconds = following.at - event.at
        did = Counter(what for at, what in elsewhere if event.at < at < following.at)
        if did and seconds >= GAP_SECONDS:
            told = ", ".join(f"{count:,} {what}" for what, count in did.items())
            yield Event(event.at, NOBODY, f"... {seconds:.1f} s with other clients: {told}")
    yield events[-1]
