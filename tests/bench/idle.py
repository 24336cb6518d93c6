#!/usr/bin/python3
"""Counts what an idle connection costs, a hundred thousand at a time.

    cmake --build build/default && /usr/bin/python3 tests/bench/idle.py

A process has no more connections than RLIMIT_NOFILE leaves it. So there are as many servers as it
takes, and for each of them a process of clients, from many loopback addresses. Memory is each
server's own, in pages that nobody else has; the kernel's is on both sides, the clients' included.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import resource
import socket
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "protocol"))

from harness.limits import raise_descriptor_limit  # noqa: E402
from harness.proc import Process, wait_until  # noqa: E402
from harness.server import Server  # noqa: E402
from harness.target import DEFAULT_BUILD, Target, built_stages  # noqa: E402

SPARE_DESCRIPTORS = 200  # for a process's other needs
SOURCE_CONNECTIONS = 1000
PATIENCE = 120.0
MESSAGE = b"\5\0\0\0hello"


def shares(connections: int) -> list[int]:
    """How many each server gets."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = connections if hard == resource.RLIM_INFINITY else hard - SPARE_DESCRIPTORS
    servers = -(-connections // most)
    return [connections // servers + (i < connections % servers) for i in range(servers)]


def talk(client: socket.socket, message: bytes) -> None:
    """Says that, and waits for the answer."""
    client.sendall(message)
    missing = len(message)
    while missing:
        missing -= len(client.recv(missing))


def be_clients(address: tuple[str, int], number: int, count: int, spoken: bool, line: Connection):
    """In a process of its own: connects them all, says so, and waits to be told to end."""
    raise_descriptor_limit()
    clients = []
    for i in range(count):
        client = socket.socket()
        client.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT, ip(7)
        client.bind((f"127.{10 + number}.1.{1 + i // SOURCE_CONNECTIONS}", 0))
        client.connect(address)
        if spoken:
            talk(client, MESSAGE)
        clients.append(client)
    line.send("connected")
    with contextlib.suppress(EOFError):
        line.recv()


def kernel_bytes() -> int:
    """What the kernel has allocated in small pieces, sockets among them. proc_meminfo(5)"""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Slab:")) * 1024


def warm_up(server: Server) -> None:
    """Touches what all connections share."""
    with socket.create_connection(server.address) as client:
        for _ in range(600):
            talk(client, MESSAGE)


def processor_seconds(processes: list[Process], seconds: float) -> float:
    """What they take together in the next seconds."""
    before = sum(process.cpu_seconds() for process in processes)
    time.sleep(seconds)
    return sum(process.cpu_seconds() for process in processes) - before


@dataclass(frozen=True)
class Costs:
    """What so many idle connections cost."""

    connections: int
    connect_seconds: float
    own_bytes: list[float]  # for each connection, of each server
    kernel_bytes: float  # for each connection, both ends
    busy: float  # of a core, all servers together, while nothing happens

    def print(self) -> None:
        """In words."""
        each = self.own_bytes
        print(f"{self.connections} connections, servers: {len(each)}, "
              f"{self.connect_seconds:.1f} s to connect")  # fmt: skip
        print(f"bytes of a server's own memory for each: {sum(each) / len(each):.0f} "
              f"({min(each):.0f} to {max(each):.0f})")  # fmt: skip
        print(f"processor time of all servers while all is idle: {self.busy:.4f} s a second")
        print(f"bytes of the kernel's for each, both ends: {self.kernel_bytes:.0f}")


def connect_all(
    servers: list[Server], counts: list[int], spoken: bool, lines: list[Connection]
) -> float:
    """Starts a process of clients for each server, whose line is kept in `lines`; the seconds."""
    begin = time.monotonic()
    for number, (server, count) in enumerate(zip(servers, counts)):
        line, far_end = multiprocessing.Pipe()
        arguments = (server.address, number, count, spoken, far_end)
        multiprocessing.Process(target=be_clients, args=arguments, daemon=True).start()
        far_end.close()
        lines.append(line)
    for line in lines:
        line.recv()
    for server, count in zip(servers, counts):
        if not wait_until(lambda: server.process.descriptor_count() >= count, PATIENCE, 0.1):
            sys.exit(f"a server has not accepted all of its {count} clients")
    return time.monotonic() - begin


def measure(
    target: Target, counts: list[int], spoken: bool, options: list[str], watched: float = 5.0
) -> Costs:
    """Starts servers and clients, looks for so many seconds, and ends them."""
    limits = ["--max-connections", str(max(counts) + 1), "--read-timeout", "0"]
    servers = [Server(target, [*limits, *options], patience=PATIENCE) for _ in counts]
    lines: list[Connection] = []
    try:
        for server in servers:
            server.wait_until_ready()
            warm_up(server)
        processes = [server.process for server in servers]
        before = [process.private_bytes() for process in processes]
        kernel_before = kernel_bytes()
        seconds = connect_all(servers, counts, spoken, lines)
        kernel = (kernel_bytes() - kernel_before) / sum(counts)
        own = [(process.private_bytes() - first) / count
               for process, first, count in zip(processes, before, counts)]  # fmt: skip
        busy = processor_seconds(processes, watched) / watched
        return Costs(sum(counts), seconds, own, kernel, busy)
    finally:
        for line in lines:
            line.close()
        for server in servers:
            server.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=DEFAULT_BUILD, help="a build's directory")
    parser.add_argument("--connections", type=int, default=100_000)
    parser.add_argument("--spoken", action="store_true", help="each says one message first")
    parser.add_argument("options", nargs="*", help="of the servers, behind --")
    arguments = parser.parse_args()
    raise_descriptor_limit()
    (target,) = built_stages(arguments.build, ["part6"])
    counts = shares(arguments.connections)
    measure(target, counts, arguments.spoken, arguments.options).print()


if __name__ == "__main__":
    main()
