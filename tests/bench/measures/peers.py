"""part5 and part6 beside each other (M10.3), and beside other people's libraries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from contenders import ECHO, STAGES, built
from measures.experiment import Experiment, Setting, Table, beside_base, of_rounds
from rounds import Job, Results
from workloads import Echo

CROWDS = (1, 64, 1000)
PLAIN = "peer-epoll"
PART5, PART6 = STAGES


def load_of(crowd: int) -> Echo:
    return Echo(f"c{crowd}", f"{crowd} connections, 64 bytes", crowd)


def jobs_of(names: Sequence[str], setting: Setting) -> Iterable[Job]:
    for crowd in setting.up_to_most(*CROWDS):
        for server in built((it for it in ECHO if it.name in names), setting.build):
            yield Job(load_of(crowd).name, server.name,
                      partial(load_of(crowd).measure, server, setting.build,
                              setting.effort.seconds))


def peers_tables(results: Results, setting: Setting) -> dict[str, Table]:
    crowds = setting.up_to_most(*CROWDS)
    names = list(next(iter(results.values()), {}))
    rows = [(name, [beside_base(results, load_of(crowd).name, name, "cpu_us", PLAIN)
                    for crowd in crowds]) for name in names]
    return {"peers": Table(
        "Server CPU a message, beside other libraries, µs [ratio to a plain epoll loop]",
        ["server", *(f"{crowd:,} clients, µs" for crowd in crowds)], rows,
        notes=["The peers echo bytes: they know no messages, no limits and no time-outs. In "
               "brackets the ratio to `peer-epoll`, taken round by round."])}


def m10_3_tables(results: Results, setting: Setting) -> dict[str, Table]:
    rows = [(f"{crowd:,}: {name}", [
        *(beside_base(results, load_of(crowd).name, name, number, PART5)
          for number in ("per_second", "cpu_us")),
        of_rounds(results, load_of(crowd).name, name, "p50_us", 1, 0.25)])
        for crowd in setting.up_to_most(*CROWDS) for name in STAGES]
    return {"m10_3": Table(
        "The same server in coroutines on a ring, and on epoll",
        ["clients: stage", "messages a second [ratio]", "server CPU a message, µs [ratio]",
         "p50, µs"], rows,
        notes=["In brackets the ratio to `part5-epoll`, taken round by round."])}


M10_3 = Experiment(("m10_3",), partial(jobs_of, STAGES), m10_3_tables)
PEERS = Experiment(("peers",), partial(jobs_of, [it.name for it in ECHO]), peers_tables)
