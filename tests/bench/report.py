"""Turns the numbers of all rounds into Markdown: a table for each load, and what is to be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from ratios import Ratio
from rounds import Results
from workloads import ECHO_LOADS, HTTP_LOADS, SPIN_LOAD, Numbers

Rounds = list[Numbers]

TITLES = {load.name: load.title for load in (*ECHO_LOADS, SPIN_LOAD, *HTTP_LOADS)}
COLUMNS = {
    "cpu_us": ("server CPU each, µs", "{:.2f}"),
    "per_second": ("answers a second", "{:.0f}"),
    "p50_us": ("p50, µs", "{:.1f}"),
    "p99_us": ("p99, µs", "{:.1f}"),
    "p999_us": ("p99.9, µs", "{:.1f}"),
    "busy": ("of a core", "{:.0%}"),
}
NOT_COMPARED = {"p50_us", "p999_us", "busy"}
HEAD = """\
# Measured side by side

{rounds} rounds of {seconds} s, in random order, server on core 1, client on core 0, over loopback.
In brackets: the ratio to **{base}** (HTTP: to nginx; spinning: to the same server without), taken
round by round: median and range. A range of more than 5 % is "not decided". The load is a closed
loop: an answer lets out the next message, so a latency is that of a server loaded as fully as the
client can, and not of one at a given rate.

{machine}
"""


@dataclass(frozen=True)
class Bound:
    """Something to be shown: `server` against `base` under one load."""

    load: str
    number: str
    server: str
    base: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def limit(self) -> float | None:
        """None: it is only looked at."""
        return self.at_least if self.at_most is None else self.at_most

    @property
    def sign(self) -> str:
        return "≥" if self.at_most is None else "≤"

    def row(self, results: Results) -> str | None:
        """A line of the table, or None: it was not measured."""
        servers = results.get(self.load, {})
        if self.server not in servers or self.base not in servers:
            return None
        ratio = ratio_of(servers, self.server, self.base, self.number)
        verdict = ratio.verdict(at_most=self.at_most, at_least=self.at_least)
        return (
            f"| {TITLES[self.load]} | {COLUMNS[self.number][0].split(',')[0]} "
            f"| {self.server} / {self.base} {self.sign} {self.limit:g} | {ratio} | {verdict} |"
        )


OURS = "part6-uring"
OURS_HTTP = "part6-uring --protocol http"
BOUNDS = (
    *(
        Bound(load, "cpu_us", OURS, base, at_most=1)
        for load in ("c1", "c64", "c1000", "c64-x16")
        for base in ("part5-epoll", "peer-epoll")
    ),
    Bound("c64-16k", "cpu_us", OURS, "part5-epoll", at_most=1),
    Bound("c64-16k", "cpu_us", OURS, "peer-epoll", at_most=1.05),
    *(Bound(load.name, "p99_us", OURS, "part5-epoll", at_most=1) for load in ECHO_LOADS),
    Bound("spin", "per_second", "part6-uring --spin 1ms", OURS, at_least=1.8),
    Bound("ab", "per_second", OURS_HTTP, "nginx", at_least=1.3),
    Bound("ab", "cpu_us", OURS_HTTP, "nginx", at_most=1),
    Bound("wrk", "cpu_us", OURS_HTTP, "nginx", at_most=1),
)


def ratio_of(servers: dict[str, Rounds], name: str, base: str, number: str) -> Ratio:
    """One server's number to the base's, within each round."""
    rounds = min(len(servers[name]), len(servers[base]))
    return Ratio.of(
        *([numbers[number] for numbers in servers[who][:rounds]] for who in (name, base))
    )


def markdown(results: Results, base: str, machine: Sequence[str], seconds: float) -> str:
    """The whole report."""
    rounds = max((len(found) for load in results.values() for found in load.values()), default=0)
    parts = [
        HEAD.format(
            rounds=rounds, seconds=seconds, base=base, machine="\n".join(f"- {x}" for x in machine)
        )
    ]
    for load, servers in results.items():
        if servers:
            parts.append(f"## {TITLES[load]}\n\n" + table(servers, base_of(servers, base)))
    rows = [row for bound in BOUNDS if (row := bound.row(results)) is not None]
    if rows:
        parts.append("## What is to be shown\n\n" + "\n".join((
            "| load | of | bound | median (range) | verdict |", "| --- | --- | --- | --- | --- |",
            *rows,
        )) + "\n")
    return "\n".join(parts)


def base_of(servers: dict[str, Rounds], base: str) -> str:
    """Whom the servers of one load are compared with."""
    return next((name for name in (base, "nginx", OURS) if name in servers), next(iter(servers)))


def table(servers: dict[str, Rounds], base: str) -> str:
    """A row for each server, a column for each number."""
    numbers = [number for number in next(iter(servers.values()))[0] if number in COLUMNS]
    rows = [["server", *(COLUMNS[number][0] for number in numbers)], ["---"] * (len(numbers) + 1)]
    for name, rounds in servers.items():
        cells = [name]
        for number in numbers:
            middle = median(found[number] for found in rounds)
            cell = COLUMNS[number][1].format(middle)
            if name != base and number not in NOT_COMPARED:
                cell += f" [{ratio_of(servers, name, base, number)}]"
            cells.append(cell)
        rows.append(cells)
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
