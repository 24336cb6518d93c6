"""The loads to measure, and the numbers that come out."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from contenders import CLIENT_CORE, Contender, on_core

Numbers = dict[str, float]  # cpu_us and per_second; for an echo also p50_us, busy and others

WARM_UP_SECONDS = 0.1
GRACE_SECONDS = 30.0


@dataclass(frozen=True)
class Echo:
    """Framed messages, in a closed loop."""

    name: str
    title: str
    connections: int
    payload_bytes: int = 64
    in_flight: int = 1
    piece_bytes: int = 0  # sent at a time; 0: no limit
    idle: int = 0

    def measure(self, contender: Contender, build: Path, seconds: float) -> Numbers:
        """Measures one round."""
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
        }

    def load(self, build: Path, port: int, pid: int, seconds: float) -> Numbers:
        """Runs the client, and returns its report."""
        warm_up = min(WARM_UP_SECONDS, seconds / 2)
        words = self.words(build, port, seconds, warm_up)
        return json.loads(client(*words, "--server-pid", str(pid), within=seconds))

    def words(self, build: Path, port: int, seconds: float, warm_up: float = 0) -> list[str]:
        """The client's command line, for as many messages as possible in the time."""
        options = {
            "--port": port,
            "--connections": self.connections,
            "--idle": self.idle,
            "--bytes": self.payload_bytes,
            "--in-flight": self.in_flight,
            "--piece": self.piece_bytes,
            "--duration": f"{seconds * 1000:.0f}ms",
            "--warm-up": f"{warm_up * 1000:.0f}ms",
        }
        program = str(build / "tests" / "bench" / "load")
        return [program, *(str(word) for option in options.items() for word in option)]


def client(*words: str, within: float) -> str:
    """Runs a client on its own core, and returns its report."""
    run = subprocess.run(
        [*on_core(CLIENT_CORE), *words], capture_output=True, text=True,
        timeout=within + GRACE_SECONDS,
    )
    if run.returncode != 0:
        raise SystemExit(f"{' '.join(words)} failed: {run.stderr.strip()}")
    return run.stdout


SIZES = {"64 B": 64, "1 KiB": 1024, "4 KiB": 4096, "16 KiB": 16 * 1024, "64 KiB": 64 * 1024}
PIECE_BYTES = 20_000


def of_size(crowd: int, title: str, payload_bytes: int, piece_bytes: int = 0) -> Echo:
    """A load of clients with messages of one size."""
    clients = "1 client" if crowd == 1 else f"{crowd} clients"
    name = f"{title}{f' in pieces of {piece_bytes:,} bytes' if piece_bytes else ''}, {clients}"
    return Echo(name, name, crowd, payload_bytes, piece_bytes=piece_bytes)


def by_size(crowd: int) -> list[Echo]:
    """Loads from 64 bytes to the default of --max-message, and the largest again in pieces."""
    whole = [of_size(crowd, title, payload_bytes) for title, payload_bytes in SIZES.items()]
    return [*whole, of_size(crowd, *list(SIZES.items())[-1], PIECE_BYTES)]


LOADS = {load.name: load for load in (
    Echo("c1", "1 connection, 64 bytes", 1),
    Echo("c64", "64 connections, 64 bytes", 64),
    Echo("c1000", "1000 connections, 64 bytes", 1000),
)}
