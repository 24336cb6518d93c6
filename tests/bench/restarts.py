#!/usr/bin/python3
"""Restarts fingerd again and again, in one of six ways, and counts what its clients meet.

    restarts.py WAY --program FILE [--restarts N]

Clients come at a fixed rate, in small bursts, each with a connection and a question of its own. It
prints a line of JSON: how many were answered, refused, and cut off (a reset, or an end without the
whole answer).

It changes the network's settings, so it is to run in a namespace of its own: `unshare -n`, as root.
"""

import argparse
import asyncio
import json
import os
import re
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

CLIENTS = 10  # at a time: a burst
PER_SECOND = 1000
PATIENCE = 5.0
LISTEN_BEGIN = 3  # sd_listen_fds(3)
PAUSE_SECONDS = 0.1  # between two restarts
HOST = "127.0.0.1"
PLAN = b"Building a telescope.\n" * 40
ANSWER = PLAN.replace(b"\n", b"\r\n")
SYSCTL = Path("/proc/sys/net/ipv4/tcp_migrate_req")
# As systemd does it: LISTEN_PID is the process that the program then runs in.
ACTIVATE = ("sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"', "sh")


class Clients:
    """Come at a fixed rate, whether those before them have been answered or not."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._ending = threading.Event()
        self.counts = {"answered": 0, "refused": 0, "cut": 0}
        self._thread = threading.Thread(target=lambda: asyncio.run(self._come()))
        self._thread.start()

    def stop(self) -> None:
        """Lets the last of them have their answers."""
        self._ending.set()
        self._thread.join()

    async def _come(self) -> None:
        due = time.monotonic()
        under_way: set[asyncio.Task[None]] = set()
        while not self._ending.is_set():
            for _ in range(CLIENTS):
                client = asyncio.create_task(self._be_client())
                under_way.add(client)
                client.add_done_callback(under_way.discard)
            due += CLIENTS / PER_SECOND
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        await asyncio.gather(*under_way)

    async def _be_client(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                outcome = await self._exchange()
        except ConnectionRefusedError:
            outcome = "refused"
        except OSError:  # a reset, or TimeoutError
            outcome = "cut"
        self.counts[outcome] += 1

    async def _exchange(self) -> str:
        reader, writer = await asyncio.open_connection(HOST, self._port)
        try:
            writer.write(b"alice\r\n")
            return "answered" if await reader.read() == ANSWER else "cut"
        finally:
            writer.close()


class Way:
    """One way to put a new server in the place of the old: the new one binds when the old one has
    ended."""

    def __init__(self, program: str, directory: Path) -> None:
        self.program, self.directory = program, directory
        self.port = 0

    def start(self) -> subprocess.Popen[bytes]:
        """A server, which serves when this returns."""
        return self.ready([self.program, *self.options()])

    def options(self) -> list[str]:
        """Of each server."""
        return ["--addr", HOST, "--port", str(self.port), "--users", str(self.directory / "users"),
                "--quiet", "--max-per-ip", "1000"]

    def ready(
        self, words: Sequence[str], passed: socket.socket | None = None
    ) -> subprocess.Popen[bytes]:
        """Starts it, with this socket as its third descriptor, and waits for its ready line."""
        def pass_on() -> None:
            if passed is not None:
                os.dup2(passed.fileno(), LISTEN_BEGIN)
                os.set_inheritable(LISTEN_BEGIN, True)  # dup2 leaves a number alone that it has

        # With close_fds, subprocess would close it again.
        process = subprocess.Popen(words, stdout=subprocess.PIPE, preexec_fn=pass_on,
                                   close_fds=passed is None)  # fmt: skip
        line = process.stdout.readline().decode()
        if not (found := re.search(r":(\d+)$", line.strip())):
            raise SystemExit(f"{' '.join(words)} is not ready, but says {line!r}")
        self.port = int(found[1])
        return process

    def restart(self, old: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        """The old one ends, and the new one is returned."""
        end(old)
        return self.start()


def end(server: subprocess.Popen[bytes]) -> None:
    """Asks it to stop, and waits until it has drained."""
    server.terminate()
    expect_end(server)


def expect_end(server: subprocess.Popen[bytes]) -> None:
    """Waits until it has ended."""
    if server.wait(60) != 0:
        raise SystemExit(f"a server has ended with {server.returncode}")
    server.stdout.close()


def defer_accept(listener: socket.socket) -> None:
    """DeferAcceptSec= of fingerd.socket: who has not asked yet stays in the backlog."""
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 10)


class Reuseport(Way):
    """Both listen, each on a socket of its own, before the old one is stopped. `migrate`: the
    kernel moves what waits in the old one's backlog. `defer`: and a client that has not asked yet
    is in the backlog, too."""

    def __init__(
        self, program: str, directory: Path, migrate: bool = False, defer: bool = False
    ) -> None:
        super().__init__(program, directory)
        SYSCTL.write_text(f"{int(migrate)}\n")
        self._defer = defer

    def start(self) -> subprocess.Popen[bytes]:
        # fingerd itself binds no port that another has, so it is passed a socket that does.
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listener.bind((HOST, self.port))
            listener.listen(4096)
            if self._defer:
                defer_accept(listener)
            return self.ready([*ACTIVATE, self.program, *self.options()], listener)

    def restart(self, old: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        new = self.start()
        end(old)
        return new


class HandedOver(Way):
    """The new one gets the old one's socket."""

    def options(self) -> list[str]:
        return [*super().options(), "--takeover", str(self.directory / "takeover")]

    def restart(self, old: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        new = self.start()
        expect_end(old)
        return new


class Activated(Way):
    """This process keeps the socket, and passes it to one server after the other."""

    def __init__(self, program: str, directory: Path) -> None:
        super().__init__(program, directory)
        self._listener = socket.create_server((HOST, 0), backlog=4096)
        defer_accept(self._listener)

    def start(self) -> subprocess.Popen[bytes]:
        return self.ready([*ACTIVATE, self.program, *self.options()], self._listener)


WAYS = {
    "stop and start": Way,
    "SO_REUSEPORT": Reuseport,
    "SO_REUSEPORT, tcp_migrate_req": partial(Reuseport, migrate=True),
    "the same, TCP_DEFER_ACCEPT": partial(Reuseport, migrate=True, defer=True),
    "handed over": HandedOver,
    "socket activation, TCP_DEFER_ACCEPT": Activated,
}


def measure(way: Way, restarts: int) -> dict[str, int]:
    """So many restarts under load."""
    server = way.start()
    clients = Clients(way.port)
    try:
        for _ in range(restarts):
            time.sleep(PAUSE_SECONDS)
            server = way.restart(server)
        time.sleep(PAUSE_SECONDS)
    finally:
        clients.stop()
        server.terminate()
        server.wait()
    return {"restarts": restarts, **clients.counts}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("way", choices=WAYS, metavar="WAY", help=", ".join(WAYS))
    parser.add_argument("--program", required=True, metavar="FILE", help="fingerd")
    parser.add_argument("--restarts", type=int, default=10, metavar="N")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="restarts-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        (directory / "users" / "alice").mkdir(parents=True)
        (directory / "users" / "alice" / ".plan").write_bytes(PLAN)
        way = WAYS[arguments.way](str(Path(arguments.program).resolve()), directory)
        print(json.dumps(measure(way, arguments.restarts)))


if __name__ == "__main__":
    main()
