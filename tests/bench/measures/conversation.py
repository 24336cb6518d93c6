"""The same conversation, six times: three messages of one client, and every call that they cost."""

import re
import time
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from charts import conversation_picture
from contenders import ALL_STAGES, PART3, Contender
from harness.proc import wait_until
from harness.strace import Strace, need_ptrace
from measures.experiment import Measurement, Setting, Table, each
from measures.cells import words
from rounds import Results

MESSAGES = 3
PHASES = ("it connects", *(f"message {number}" for number in range(1, MESSAGES + 1)), "it leaves")
SETTLED_SECONDS = 0.2  # without a call; part3, which never rests, without one that found something
ENDED = re.compile(
    r"^\d+ +(?:(?P<name>\w+)\(|<\.\.\. (?P<resumed>\w+) resumed>)(?P<rest>.*)\s= (?P<result>-?\w+)"
    r"(?: (?P<error>E[A-Z]+))?.*$")  # fmt: skip


def calls(lines: Iterable[str], spins: bool) -> Iterator[str]:
    """Each call that has ended, as `recvfrom = 9`; of who spins, those that found something."""
    for line in lines:
        found = ENDED.match(line)
        if found and not (spins and found["error"] == "EAGAIN"):
            name = found["name"] or found["resumed"]
            yield f"{name} = {found['error'] or found['result']}"


def settle(tracer: Strace, spins: bool, begin: int) -> list[str]:
    """The calls since `begin`, once there is at least one and no more come."""
    seen, since = begin, time.monotonic()

    def at_rest() -> bool:
        nonlocal seen, since
        count = len(list(calls(tracer.lines(), spins)))
        if count != seen:
            seen, since = count, time.monotonic()
        return seen > begin and time.monotonic() - since > SETTLED_SECONDS

    if not wait_until(at_rest, 30, 0.02):
        raise SystemExit("the server does not come to rest, or strace writes nothing")
    return list(calls(tracer.lines(), spins))[begin:seen]


def converse(_: str, stage: Contender, setting: Setting) -> dict[str, Any]:
    """The calls of each phase."""
    spins = stage.name == PART3
    phases: list[list[str]] = []
    with stage.running(setting.build, before=()) as server, Strace(server) as tracer:
        with server.connect() as somebody:  # so that no memory has to be asked for any more,
            somebody.echo(b"hello")  # and no call is there that the tracer has interrupted
        phases.append(settle(tracer, spins, 0))
        client = server.connect()
        phases.append(settle(tracer, spins, sum(map(len, phases))))
        for _ in range(MESSAGES):
            client.echo(b"hello")
            phases.append(settle(tracer, spins, sum(map(len, phases))))
        client.close()
        phases.append(settle(tracer, spins, sum(map(len, phases))))
    return dict(zip(PHASES, phases[1:]))


def in_short(made: list[str]) -> list[str]:
    """Names alone; the same one twice in a row is `recvfrom ×2`, one that found nothing says so."""
    names = [call.partition(" = ")[0] + (" (EAGAIN)" if call.endswith("EAGAIN") else "")
             for call in made]
    groups = [(name, len(list(same))) for name, same in groupby(names)]
    return [name if count == 1 else f"{name} ×{count}" for name, count in groups]


def in_a_cell(made: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in in_short(made)) or "–"


def conversation(setting: Setting) -> Measurement:
    need_ptrace()
    return Measurement(each(["conversation"], ALL_STAGES, converse, setting), tables, counts=True)


def tables(results: Results) -> dict[str, Table]:
    rows, columns = [], {}
    for name, (found, *_) in results.get("conversation", {}).items():
        phases = [found[phase] for phase in PHASES]
        messages = [in_a_cell(made) for made in phases[1:-1]]
        if len(set(messages)) == 1:
            middle = f"each: {messages[0]}"
        else:
            middle = "; ".join(f"{i}: {text}" for i, text in enumerate(messages, 1))
        total = sum(len(made) for made in phases[1:-1])
        rows.append((name, [words(in_a_cell(phases[0])), words(middle), words(f"{total}"),
                            words(in_a_cell(phases[-1]))]))
        columns[name] = [in_short(made) for made in phases]
    return {"conversation": Table(
        "The same conversation, six times",
        ["stage", PHASES[0], f"{MESSAGES} messages", "calls for them", PHASES[-1]], rows,
        picture=conversation_picture(PHASES, columns),
        notes=["By `strace -f`; a call stands where it ended: the one that waited for a message "
               "belongs to that message. Of `part3`, which never waits, the thousands of calls "
               "that found nothing are left out."])}
