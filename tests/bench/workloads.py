"""What is measured: the loads, the tools that make them, and the numbers that come out."""

from __future__ import annotations

import json
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from contenders import CLIENT_CORE, Contender, Nginx, on_core
from harness.proc import Process

Numbers = dict[str, float]  # cpu_us and per_second; of an echo also p50_us, p99_us, busy

WARM_UP = "150ms"
GRACE_SECONDS = 30.0
AT_REST_SECONDS = 0.005  # a running thread's CPU time is as old as the last tick
HTTP_SECONDS = 1  # ab takes whole ones
HTTP_CONNECTIONS = 32


@dataclass(frozen=True)
class Echo:
    """Framed messages, in a closed loop."""

    name: str
    title: str
    connections: int
    payload_bytes: int = 64
    in_flight: int = 1

    def measure(self, contender: Contender, build: Path, seconds: float) -> Numbers:
        """One round."""
        server = contender.start(build)
        try:
            found = self._load(build, server.address[1], server.pid, seconds)
        finally:
            server.kill()
        cpu, messages = found["server_cpu_seconds"], found["messages"]
        return {
            "cpu_us": cpu / messages * 1e6,
            "per_second": messages / found["seconds"],
            "p50_us": found["p50_us"],
            "p99_us": found["p99_us"],
            "busy": cpu / found["seconds"],
        }

    def _load(self, build: Path, port: int, pid: int, seconds: float) -> Numbers:
        options = {
            "--port": port,
            "--connections": self.connections,
            "--bytes": self.payload_bytes,
            "--in-flight": self.in_flight,
            "--duration": f"{seconds * 1000:.0f}ms",
            "--warm-up": WARM_UP,
            "--server-pid": pid,
        }
        words = [str(word) for option in options.items() for word in option]
        return json.loads(client(str(build / "tests" / "bench" / "load"), *words, within=seconds))


@dataclass(frozen=True)
class Http:
    """Requests on 32 connections that stay open, made by ab or by wrk."""

    name: str
    title: str
    tool: str

    def measure(self, contender: Contender | None, build: Path, seconds: float) -> Numbers:
        """One round; no contender: nginx. Lasts a second, whatever was asked for."""
        server = Nginx() if contender is None else contender.start(build)
        try:
            port = server.port if isinstance(server, Nginx) else server.address[1]
            process = server.process() if isinstance(server, Nginx) else server.process
            before = cpu_at_rest(process)
            run = ab if self.tool == "ab" else wrk
            requests, took = run(f"http://127.0.0.1:{port}/")
            cpu = cpu_at_rest(process) - before
        finally:
            server.kill()
        return {"cpu_us": cpu / requests * 1e6, "per_second": requests / took}


def client(*words: str, within: float) -> str:
    """What a client says that runs on its own core."""
    run = subprocess.run(
        [*on_core(CLIENT_CORE), *words], capture_output=True, text=True,
        timeout=within + GRACE_SECONDS,
    )
    if run.returncode != 0:
        raise SystemExit(f"{' '.join(words)} failed: {run.stderr.strip()}")
    return run.stdout


def cpu_at_rest(process: Process) -> float:
    """Its CPU seconds, once it has nothing to do."""
    time.sleep(AT_REST_SECONDS)
    return process.cpu_seconds()


def ab(url: str) -> tuple[int, float]:
    """How many requests were answered, and in how many seconds."""
    said = client(
        "ab", "-q", "-k", "-c", str(HTTP_CONNECTIONS), "-t", str(HTTP_SECONDS), "-n", "1000000",
        url, within=HTTP_SECONDS,
    )
    good = number(r"^Document Length: +6 bytes$()", said) is not None
    good = good and number(r"^Failed requests: +(\d+)", said) == 0
    requests, took = number(r"^Complete requests: +(\d+)", said), number(
        r"^Time taken for tests: +([\d.]+)", said
    )
    if not good or not requests or not took or "Non-2xx" in said:
        raise SystemExit(f"ab is not content:\n{said}")
    return int(requests), took


def wrk(url: str) -> tuple[int, float]:
    """The same with wrk."""
    said = client(
        "wrk", "-t", "1", "-c", str(HTTP_CONNECTIONS), "-d", f"{HTTP_SECONDS}s", url,
        within=HTTP_SECONDS,
    )
    requests, took = number(r"^ +(\d+) requests in ", said), number(r" requests in ([\d.]+)s", said)
    if not requests or not took or "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"wrk is not content:\n{said}")
    return int(requests), took


def number(pattern: str, text: str) -> float | None:
    """What the pattern's group matches, as a number; 0 for an empty group, None for no match."""
    found = re.search(pattern, text, re.MULTILINE)
    return None if found is None else float(found[1] or 0)


ECHO_LOADS = (
    Echo("c1", "1 connection, 64 bytes", 1),
    Echo("c64", "64 connections, 64 bytes", 64),
    Echo("c1000", "1000 connections, 64 bytes", 1000),
    Echo("c64-x16", "64 connections, 64 bytes, 16 messages in flight on each", 64, in_flight=16),
    Echo("c64-16k", "64 connections, 16 KiB", 64, payload_bytes=16 * 1024),
)
SPIN_LOAD = Echo("spin", "1 connection, 64 bytes, spinning", 1)
HTTP_LOADS = (
    Http("ab", "HTTP, `ab -k -c 32`", "ab"),
    Http("wrk", "HTTP, `wrk -t 1 -c 32`", "wrk"),
)
