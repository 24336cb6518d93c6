#!/usr/bin/python3
"""Counts the cost of an idle connection, with a hundred thousand of them, or a million.

    cmake --build build/default && /usr/bin/python3 tests/bench/idle_memory.py
    /usr/bin/python3 tests/bench/idle_memory.py --connections 1000000

RLIMIT_NOFILE limits the connections of a process. So we start enough servers, and for each server a
process of clients, from many loopback addresses. If memory runs short, we stop connecting, and
report how many there are. A server's memory is pages that no other process has. The kernel's memory
includes the clients' side.
"""

import argparse
import contextlib
import multiprocessing
import multiprocessing.connection
import resource
import socket
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "protocol"))

from harness.limits import raise_descriptor_limit  # noqa: E402
from harness.proc import wait_until  # noqa: E402
from harness.server import Server  # noqa: E402
from harness.target import DEFAULT_BUILD, Target, built_stages  # noqa: E402

SPARE_DESCRIPTORS = 200  # for a process's other needs
SOURCE_CONNECTIONS = 1000
PATIENCE = 120.0
WATCHED_SECONDS = 5.0
LOOK_EACH = 200  # connections between two looks at `enough`
KEEP_FREE_GIB = 6.0


def shares(connections: int) -> list[int]:
    """The number of connections for each server."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = connections if hard == resource.RLIM_INFINITY else hard - SPARE_DESCRIPTORS
    servers = -(-connections // most)
    return [connections // servers + (i < connections % servers) for i in range(servers)]


def be_clients(address: tuple[str, int], number: int, count: int, enough: Event,
               line: Connection) -> None:  # fmt: skip
    """Runs in a process of its own. Connects clients, until `enough` is set, reports how many, and
    keeps them until the line is closed."""
    raise_descriptor_limit()
    clients = []
    for i in range(count):
        if i > 0 and i % LOOK_EACH == 0 and enough.is_set():
            break
        client = socket.socket()
        client.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT, ip(7)
        client.bind((f"127.{10 + number}.1.{1 + i // SOURCE_CONNECTIONS}", 0))
        client.connect(address)
        clients.append(client)
    line.send(len(clients))
    with contextlib.suppress(EOFError):
        line.recv()


def memory_bytes(what: str) -> int:
    """A value of the whole machine. proc_meminfo(5)"""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{what}:")) * 1024


def warm_up(server: Server) -> None:
    """Lets the server touch the memory that all connections share."""
    with server.connect() as client:
        for _ in range(600):
            client.echo(b"hello")


@dataclass(frozen=True)
class Costs:
    """The cost of `connections` idle connections."""

    connections: int
    wanted: int
    connect_seconds: float
    own_bytes: list[float]  # for each connection, of each server
    kernel_bytes: float  # for each connection, both ends
    busy: float  # of a core, all servers together, while nothing happens

    def print(self) -> None:
        """Prints the costs."""
        each = self.own_bytes
        print(f"{self.connections} connections, servers: {len(each)}, "
              f"{self.connect_seconds:.1f} s to connect")  # fmt: skip
        if self.connections < self.wanted:
            print(f"not {self.wanted}: memory would have run short")
        print(f"bytes of a server's own memory for each: {sum(each) / len(each):.0f} "
              f"({min(each):.0f} to {max(each):.0f})")  # fmt: skip
        print(f"processor time of all servers while all is idle: {self.busy:.4f} s a second")
        print(f"bytes of the kernel's for each, both ends: {self.kernel_bytes:.0f}")


def connect_all(
    servers: list[Server], counts: list[int], lines: list[Connection], bytes_kept_free: float,
) -> list[int]:  # fmt: skip
    """Starts a process of clients for each server, and adds its line to `lines`. Returns the number
    of clients connected to each server, which is less than wanted if memory runs short."""
    enough = multiprocessing.Event()

    def look() -> None:
        if memory_bytes("MemAvailable") < bytes_kept_free:
            enough.set()

    look()  # a small crowd would connect before the loop's first look
    for number, (server, count) in enumerate(zip(servers, counts)):
        line, far_end = multiprocessing.Pipe()
        arguments = (server.address, number, count, enough, far_end)
        multiprocessing.Process(target=be_clients, args=arguments, daemon=True).start()
        far_end.close()
        lines.append(line)
    waiting = set(lines)
    while waiting:
        waiting -= set(multiprocessing.connection.wait(waiting, timeout=0.1))
        look()
    reached = [line.recv() for line in lines]
    for server, count in zip(servers, reached):
        if not wait_until(lambda: server.process.descriptor_count() >= count, PATIENCE, 0.1):
            sys.exit(f"a server has not accepted all of its {count} clients")
    return reached


def measure(target: Target, counts: list[int], bytes_kept_free: float) -> Costs:
    """Starts servers and clients, watches them while nothing happens, and ends them."""
    limits = ["--max-connections", str(max(counts) + 1), "--read-timeout", "0"]
    servers = [Server(target, limits, patience=PATIENCE) for _ in counts]
    lines: list[Connection] = []
    try:
        for server in servers:
            server.wait_until_ready()
            warm_up(server)
        processes = [server.process for server in servers]
        before = [process.memory_bytes() for process in processes]
        kernel_before = memory_bytes("Slab")
        began = time.monotonic()
        reached = connect_all(servers, counts, lines, bytes_kept_free)
        seconds = time.monotonic() - began
        kernel = (memory_bytes("Slab") - kernel_before) / sum(reached)  # sockets among it
        own = [(process.memory_bytes() - first) / count
               for process, first, count in zip(processes, before, reached)]  # fmt: skip
        cpu_before = sum(process.cpu_seconds() for process in processes)
        time.sleep(WATCHED_SECONDS)
        cpu = sum(process.cpu_seconds() for process in processes) - cpu_before
        return Costs(sum(reached), sum(counts), seconds, own, kernel, cpu / WATCHED_SECONDS)
    finally:
        for line in lines:
            line.close()
        for server in servers:
            server.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=DEFAULT_BUILD, help="a build's directory")
    parser.add_argument("--connections", type=int, default=100_000)
    parser.add_argument("--keep-free", type=float, default=KEEP_FREE_GIB, metavar="GIB",
                        help="memory of the machine that is not to be used")
    arguments = parser.parse_args()
    raise_descriptor_limit()
    (target,) = built_stages(arguments.build, ["part6"])
    counts = shares(arguments.connections)
    kept_free = arguments.keep_free * 2**30
    measure(target, counts, kept_free).print()


if __name__ == "__main__":
    main()
