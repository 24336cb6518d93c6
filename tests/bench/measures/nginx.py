"""HTTP beside nginx (M9.1)."""

import shutil
import sys
from collections.abc import Iterable

from contenders import HTTP, NGINX, Contender, Nginx
from measures.cells import P50, P99, ratio
from measures.effort import QUICK
from measures.experiment import Measurement, Setting, Table, each, table
from measures.ladder import echo
from rounds import Job, Results
from workloads import Http


def beside_nginx(load: Http, servers: Iterable[Contender], setting: Setting) -> list[Job]:
    """The servers and nginx under one load, or a line that says why not."""
    if missing := [program for program in (NGINX, load.tool) if not shutil.which(program)]:
        print(f"{load.title} is left out: no {' and no '.join(missing)}", file=sys.stderr)
        return []
    return each([load], [Nginx(), *servers], echo, setting)


def m9_1(setting: Setting) -> Measurement:
    requests, clients = setting.effort.requests, 128
    by_wrk = Http("wrk", f"`wrk -c {clients}`", "wrk", clients)
    by_ab = Http("ab", f"`ab -k -c {clients} -n {requests}`", "ab", clients, requests)
    loads = [by_ab] if setting.effort is QUICK else [by_wrk, by_ab]  # wrk takes a whole second

    def tables(results: Results) -> dict[str, Table]:
        return {"m9_1": table(
            f"HTTP on {clients} connections that stay open", results, "client: server",
            [(f"{load.title}: {name.split()[0]}", load.name, name)
             for load in loads for name in results.get(load.name, {})],
            {"server CPU a request, µs [ratio to nginx]": ratio("cpu_us", "nginx"),
             "requests a second [ratio]": ratio("per_second", "nginx"), "p50, µs": P50,
             "p99, µs": P99},
            notes=["One worker each, the same six bytes of text; nginx sends a longer header. `ab` "
                   "makes so many requests a round, a million in seven, and gives latencies in "
                   "whole milliseconds, which say nothing here."])}

    return Measurement([job for load in loads for job in beside_nginx(load, HTTP, setting)], tables)
