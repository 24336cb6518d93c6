"""What a proxy in front costs (M16.2): part6 asked directly, through HAProxy, and through HAProxy
with a PROXY header."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from contenders import SERVER_CORE, STAGES, Contender, built, on_core
from harness.proc import wait_until
from harness.subject import free_port
from measures.experiment import Experiment, Setting, Table, beside_base, of_rounds
from rounds import Job, Results
from workloads import Echo, Numbers

PART6 = STAGES[-1]
LATENCY_APART_MAX = 0.25
START_SECONDS = 10.0
LOADS = {"1 client": Echo("hop-1", "1 connection, 64 bytes", 1),
         "64 clients": Echo("hop-64", "64 connections, 64 bytes", 64)}
DIRECT, PLAIN, HEADER = "directly", "through HAProxy", "through HAProxy, with a header"
# Of a server's line, and part6's options. The proxy has the server's core: a hop on one machine.
WAYS = {DIRECT: None, PLAIN: ("", ()), HEADER: ("send-proxy-v2", ("--proxy-protocol", "127.0.0.1"))}
CONFIGURATION = """
global
    maxconn 4000
    nbthread 1
defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
listen echo
    bind 127.0.0.1:{port}
    server part6 127.0.0.1:{behind} {words}
"""


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


@contextmanager
def haproxy(behind: int, words: str) -> Iterator[int]:
    """HAProxy before that port; its own."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="hop-") as directory:
        file = Path(directory) / "haproxy.cfg"
        file.write_text(CONFIGURATION.format(port=port, behind=behind, words=words))
        command = [*on_core(SERVER_CORE), "haproxy", "-q", "-f", str(file)]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
            try:
                if not wait_until(partial(listens, port), START_SECONDS):
                    raise SystemExit("haproxy does not listen")
                yield port
            finally:
                process.kill()


def measure(way: str, load: Echo, setting: Setting) -> Numbers:
    """One round of one way."""
    proxied = WAYS[way]
    server = Contender(way, PART6, proxied[1] if proxied else ()).start(setting.build)
    try:
        if proxied is None:
            found = load.load(setting.build, server.address[1], server.pid, setting.effort.seconds)
        else:
            with haproxy(server.address[1], proxied[0]) as port:
                found = load.load(setting.build, port, server.pid, setting.effort.seconds)
    finally:
        server.kill()
    return {"per_second": found["messages"] / found["seconds"], "p50_us": found["p50_us"],
            "cpu_us": found["server_cpu_seconds"] / found["messages"] * 1e6}


def jobs(setting: Setting) -> Iterable[Job]:
    if shutil.which("haproxy") is None:
        pytest.skip("haproxy is not installed")
    if not list(built([Contender(PART6, PART6)], setting.build)):
        pytest.skip(f"{PART6} is not built")
    for load in LOADS.values():
        for way in WAYS:
            yield Job(load.name, way, partial(measure, way, load, setting))


def tables(results: Results, setting: Setting) -> dict[str, Table]:
    rows = [(f"{title}: {way}",
             [beside_base(results, load.name, way, "per_second", DIRECT),
              of_rounds(results, load.name, way, "p50_us", 1, LATENCY_APART_MAX),
              beside_base(results, load.name, way, "cpu_us", DIRECT)])
            for title, load in LOADS.items() for way in WAYS]
    return {"m16_2": Table(
        "What a proxy in front costs",
        ["way", "messages a second [ratio]", "p50, µs", "part6's CPU a message, µs [ratio]"], rows,
        notes=["HAProxy has one thread, on the server's core: a message passes the loopback twice "
               "and two programs share a core. In brackets the ratio to being asked directly. A "
               "connection has one header, before its first message."])}


M16_2 = Experiment(("m16_2",), jobs, tables, needs=("haproxy",))
