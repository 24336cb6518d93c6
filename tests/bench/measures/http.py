"""M8.1: HTTP beside nginx, asked by ab and by wrk."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from functools import partial

from contenders import HTTP, NGINX, Contender, built
from measures.experiment import QUICK, Experiment, Setting, Table, beside_base, of_rounds
from rounds import Job, Results
from workloads import Http

CONNECTIONS = 128


def loads(setting: Setting) -> list[Http]:
    requests = setting.effort.requests
    by_wrk = Http("wrk", f"`wrk -c {CONNECTIONS}`", "wrk", CONNECTIONS)
    by_ab = Http("ab", f"`ab -k -c {CONNECTIONS} -n {requests}`", "ab", CONNECTIONS, requests)
    return [by_ab] if setting.effort is QUICK else [by_wrk, by_ab]  # wrk takes a whole second


def beside_nginx(load: Http, servers: Iterable[Contender], setting: Setting) -> Iterable[Job]:
    """The servers and nginx under one load, or a line that says why not."""
    if missing := [program for program in (NGINX, load.tool) if not shutil.which(program)]:
        print(f"{load.title} is left out: no {' and no '.join(missing)}", file=sys.stderr)
        return
    for server in (None, *built(servers, setting.build)):
        yield Job(load.name, "nginx" if server is None else server.name,
                  partial(load.measure, server, setting.build, setting.effort.seconds))


def jobs(setting: Setting) -> Iterable[Job]:
    for load in loads(setting):
        yield from beside_nginx(load, HTTP, setting)


def tables(results: Results, setting: Setting) -> dict[str, Table]:
    rows = [
        (f"{load.title}: {name.split()[0]}", [
            beside_base(results, load.name, name, "cpu_us", "nginx"),
            beside_base(results, load.name, name, "per_second", "nginx"),
            *(of_rounds(results, load.name, name, tail, 1, 0.25) for tail in ("p50_us", "p99_us")),
        ])
        for load in loads(setting) for name in results.get(load.name, {})]
    return {"m8_1": Table(
        f"HTTP on {CONNECTIONS} connections that stay open",
        ["client: server", "server CPU a request, µs [ratio to nginx]",
         "requests a second [ratio]", "p50, µs", "p99, µs"],
        rows,
        notes=["One worker each, the same six bytes of text; nginx sends a longer header. `ab` "
               "makes so many requests a round, a million in seven, and gives latencies in whole "
               "milliseconds, which say nothing here."])}


M8_1 = Experiment(("m8_1",), jobs, tables)
