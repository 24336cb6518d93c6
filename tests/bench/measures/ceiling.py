"""What the client itself can do, so that nobody mistakes it for the server."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from contenders import ECHO, built
from measures.experiment import Experiment, Setting, Table, of_rounds
from measures.peers import PLAIN
from rounds import Job, Results
from workloads import ECHO_LOADS

SECOND_US = 1e6


def jobs(setting: Setting) -> Iterable[Job]:
    for load in ECHO_LOADS:
        if load.connections > setting.effort.crowd_max:
            continue
        for server in built((it for it in ECHO if it.name == PLAIN), setting.build):
            yield Job(load.name, server.name,
                      partial(load.measure, server, setting.build, setting.effort.seconds))


def tables(results: Results, setting: Setting) -> dict[str, Table]:
    for servers in results.values():  # what it could send if it never had to wait
        for found in (one for rounds in servers.values() for one in rounds):
            found["ceiling"] = SECOND_US / found["client_us"]
    titles = {load.name: load.title for load in ECHO_LOADS}
    rows = [(titles[load], [
        of_rounds(results, load, name, "ceiling"),
        of_rounds(results, load, name, "per_second"),
        of_rounds(results, load, name, "client_busy", 100),
        of_rounds(results, load, name, "busy", 100)])
        for load, servers in results.items() for name in servers]
    return {"ceiling": Table(
        "What the client can do, against a plain epoll loop",
        ["load", "the client's ceiling, messages a second", "messages a second",
         "client, % of its core", "server, % of its core"], rows,
        notes=["The ceiling is what the client would send if its core never rested: a second "
               "divided by its CPU a message. It makes the same calls as a server on epoll, so a "
               "server that is as cheap can keep it busy all the time: then a rate says what the "
               "client can do, and only CPU a message still tells servers apart. In the tables "
               "such a rate stands behind ≥."])}


CEILING = Experiment(("ceiling",), jobs, tables)
