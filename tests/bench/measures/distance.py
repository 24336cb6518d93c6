"""The ladder with a round trip of 40 ms (M16.3): server and clients in network namespaces of their
own, and between them a link that delays each packet by 20 ms."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from functools import partial

import pytest
from contenders import ALL_STAGES, REPOSITORY, SERVER_CORE, Contender, built, on_core
from measures.experiment import Experiment, Setting, Table, of_rounds, words
from rounds import Job, Results
from workloads import WARM_UP_SECONDS, Echo, Numbers, client

sys.path.append(str(REPOSITORY / "tests" / "network"))
from namespaces import Namespace, bad_link  # noqa: E402

PART1 = ALL_STAGES[0].name
DELAY_MS = 20  # each way
FAR_SECONDS = 2.0  # fifty round trips
ONE, MANY = (Echo(f"far-{crowd}", f"{crowd} connections, 64 bytes", crowd) for crowd in (1, 100))


def near(load: Echo, stage: Contender, setting: Setting) -> Numbers:
    """One round over the loopback."""
    return load.measure(stage, setting.build, setting.effort.seconds)


def far(load: Echo, stage: Contender, setting: Setting) -> Numbers:
    """One round over the link."""
    with Namespace() as here, Namespace() as there:
        with bad_link(setting.build, here, there, [f"delay={DELAY_MS}"]) as (_, address):
            where = Contender(stage.name, stage.program, (*stage.options, "--host", address))
            server = where.start(setting.build, (*there.words, *on_core(SERVER_CORE)))
            try:
                command = load.words(setting.build, server.address[1], FAR_SECONDS, WARM_UP_SECONDS)
                command += ["--host", address, "--sources", "0", "--server-pid", str(server.pid)]
                found = json.loads(client(*here.words, *command, within=FAR_SECONDS))
            finally:
                server.kill()
    return {"per_second": found["messages"] / found["seconds"], "p50_us": found["p50_us"],
            "cpu_us": found["server_cpu_seconds"] / found["messages"] * 1e6}


def jobs(setting: Setting) -> Iterable[Job]:
    if os.geteuid() != 0:
        pytest.skip("only root can make network namespaces that others enter")
    if not (setting.build / "tests" / "bench" / "bad_link").is_file():
        pytest.skip("bad_link is not built")
    for stage in built(ALL_STAGES, setting.build):
        for load in (ONE,) if stage.name == PART1 else (ONE, MANY):
            yield Job(f"near {load.name}", stage.name, partial(near, load, stage, setting))
            yield Job(load.name, stage.name, partial(far, load, stage, setting))


def tables(results: Results, setting: Setting) -> dict[str, Table]:
    columns = ((f"near {ONE.name}", "per_second"), (ONE.name, "per_second"),
               (f"near {MANY.name}", "per_second"), (MANY.name, "per_second"))
    rows = []
    for stage in results.get(ONE.name, {}):
        cells = [of_rounds(results, load, stage, number) for load, number in columns]
        if stage == PART1:
            cells[2:] = [words("one at a time")] * 2
        rows.append((stage, cells))
    return {"m16_3": Table(
        f"The ladder with a round trip of {2 * DELAY_MS} ms",
        ["messages a second", "1 client, loopback", f"1 client, {2 * DELAY_MS} ms",
         f"{MANY.connections} clients, loopback",
         f"{MANY.connections} clients, {2 * DELAY_MS} ms"], rows,
        notes=["Each client waits for its answer before it sends the next message. A program "
               "between two TUN devices makes the delay, 20 ms for each packet."])}


M16_3 = Experiment(("m16_3",), jobs, tables, needs=("nsenter", "ip"))
