"""What is measured: the loads, the tools that make them, and the numbers that come out."""

import json
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from contenders import CLIENT_CORE, Contender, Nginx, on_core
from harness.proc import Process

Numbers = dict[str, float]  # cpu_us and per_second; of an echo also p50_us, busy and others

WARM_UP_SECONDS = 0.1
GRACE_SECONDS = 30.0
AT_REST_SECONDS = 0.005  # a running thread's CPU time is as old as the last tick
HTTP_SECONDS = 1  # ab takes whole ones
AB_A_SECOND_AT_LEAST = 5000  # requests, however slow the machine


@dataclass(frozen=True)
class Echo:
    """Framed messages: in a closed loop, or, at a rate, in an open one."""

    name: str
    title: str
    connections: int
    payload_bytes: int = 64
    in_flight: int = 1
    idle: int = 0
    rate: int = 0  # messages a second in all, whatever the server does; 0: a closed loop

    def measure(self, contender: Contender, build: Path, seconds: float) -> Numbers:
        """One round."""
        with contender.running(build) as server:
            found = self.load(build, server.address[1], server.pid, seconds)
        cpu, messages = found["server_cpu_seconds"], found["messages"]
        return {
            "cpu_us": cpu / messages * 1e6,
            "per_second": messages / found["seconds"],
            "p50_us": found["p50_us"],
            "p99_us": found["p99_us"],
            "p999_us": found["p999_us"],
            "busy": cpu / found["seconds"],
            "client_busy": found["client_cpu_seconds"] / found["seconds"],
            "client_us": found["client_cpu_seconds"] / messages * 1e6,
            "late_us": found["late_p99_us"],
        }

    def load(self, build: Path, port: int, pid: int, seconds: float) -> Numbers:
        """What the client says."""
        warm_up = min(WARM_UP_SECONDS, seconds / 2)
        words = self.words(build, port, seconds, warm_up)
        return json.loads(client(*words, "--server-pid", str(pid), within=seconds))

    def words(
        self, build: Path, port: int, seconds: float, warm_up: float = 0, messages: int = 0
    ) -> list[str]:
        """The client's command line: as many messages as fit the time, or so many."""
        options = {
            "--port": port,
            "--connections": self.connections,
            "--idle": self.idle,
            "--bytes": self.payload_bytes,
            "--in-flight": self.in_flight,
            "--rate": self.rate,
            "--duration": f"{seconds * 1000:.0f}ms",
            "--warm-up": f"{warm_up * 1000:.0f}ms",
            "--messages": messages,
        }
        program = str(build / "tests" / "bench" / "load")
        return [program, *(str(word) for option in options.items() for word in option)]


@dataclass(frozen=True)
class Http:
    """Requests on connections that stay open, made by ab or by wrk. `requests`: so many with ab,
    and not as many as fit a second."""

    name: str
    title: str
    tool: str
    connections: int = 32
    requests: int = 0

    def measure(self, contender: Contender | Nginx, build: Path, seconds: float) -> Numbers:
        """One round. Lasts a second, whatever was asked for."""
        with contender.running(build) as server:
            before = cpu_at_rest(server.process)
            run = ab if self.tool == "ab" else wrk
            found = run(f"http://127.0.0.1:{server.address[1]}/", self)
            cpu = cpu_at_rest(server.process) - before
        return {"cpu_us": cpu / found.pop("requests") * 1e6, **found}


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


def ab(url: str, load: Http) -> Numbers:
    """How many requests were answered, and how many a second."""
    limit = ("-n", str(load.requests)) if load.requests else ("-t", str(HTTP_SECONDS))
    most = () if load.requests else ("-n", "1000000")  # -t alone would mean 50000; -n after it
    said = client(
        "ab", "-q", "-k", "-c", str(load.connections), *limit, *most, url,
        within=HTTP_SECONDS + load.requests / AB_A_SECOND_AT_LEAST,
    )
    good = number(r"^Document Length: +6 bytes$()", said) is not None
    good = good and number(r"^Failed requests: +(\d+)", said) == 0
    requests, took = number(r"^Complete requests: +(\d+)", said), number(
        r"^Time taken for tests: +([\d.]+)", said
    )
    if not good or not requests or not took or "Non-2xx" in said:
        raise SystemExit(f"ab is not content:\n{said}")
    return {"requests": requests, "per_second": requests / took}


def wrk(url: str, load: Http) -> Numbers:
    """The same with wrk, which also says how long they took."""
    said = client(
        "wrk", "-t", "1", "-c", str(load.connections), "-d", f"{HTTP_SECONDS}s", "--latency", url,
        within=HTTP_SECONDS,
    )
    requests, took = number(r"^ +(\d+) requests in ", said), number(r" requests in ([\d.]+)s", said)
    if not requests or not took or "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"wrk is not content:\n{said}")
    times = {f"p{share}_us": duration_us(rf"^ +{share}% +(\S+)$", said) for share in (50, 99)}
    return {"requests": requests, "per_second": requests / took, **times}


def duration_us(pattern: str, text: str) -> float:
    """What the pattern's group matches, such as 1.50ms, in microseconds."""
    found = re.search(pattern, text, re.MULTILINE)
    value, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", found[1] if found else "").groups()
    return float(value) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


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
LOADS = {load.name: load for load in (*ECHO_LOADS, SPIN_LOAD, *HTTP_LOADS)}
