"""Replaces fingerd again and again, in one of six ways, and counts its clients' outcomes (M15.1).

Clients come at a fixed rate, in small bursts, each with a connection and a question of its own.
They are answered, refused, or cut off (by a reset, or an end without the whole answer). All of this
needs root, and runs in a network namespace of its own, because it changes settings.
"""

import asyncio
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.needed import need_built, need_root
from measures.cells import Cell, column, exact
from measures.experiment import Grid, Setting
from namespaces import Namespace
from rounds import Results
from workloads import Numbers

CLIENTS = 10  # together, in a burst
PER_SECOND = 1000
PATIENCE = 5.0
PLAN = 20 * b"Building a telescope in the garden; back in May, with luck.\n"
ANSWER = PLAN.replace(b"\n", b"\r\n")
LISTEN_BEGIN = 3  # sd_listen_fds(3)
PAUSE_SECONDS = 0.1  # between two restarts
HOST = "127.0.0.1"
SYSCTL = Path("/proc/sys/net/ipv4/tcp_migrate_req")
# As under systemd, LISTEN_PID is the process in which the program runs.
ACTIVATE = ("sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"', "sh")


class Clients:
    """Clients that come at a fixed rate, even if earlier ones have no answer yet."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._ending = threading.Event()
        self.counts = {"answered": 0, "refused": 0, "cut": 0}
        self._thread = threading.Thread(target=lambda: asyncio.run(self._come()))
        self._thread.start()

    def stop(self) -> None:
        """Waits for the last clients' answers."""
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


@dataclass(frozen=True)
class Way:
    """A way to replace the old server. By default the new server starts after the old one's end."""

    sockets: str = ""  # "own": each server gets its own, with SO_REUSEPORT; "same": all get one
    migrates: bool = False  # the kernel moves the old server's backlog
    defers: bool = False  # clients that haven't asked yet stay in the backlog
    hands_over: bool = False  # the new server has the socket, too, and the old one gets SIGQUIT


WAYS = {
    "stop and start": Way(),
    "SO_REUSEPORT": Way("own"),
    "SO_REUSEPORT, tcp_migrate_req": Way("own", migrates=True),
    "the same, TCP_DEFER_ACCEPT": Way("own", migrates=True, defers=True),
    "handed over": Way("same", hands_over=True),
    "socket activation, TCP_DEFER_ACCEPT": Way("same", defers=True),
}


class Service:
    """Runs one server after the other, on the same port."""

    def __init__(self, way: Way, program: str, directory: Path) -> None:
        self._way, self._program, self._directory = way, program, directory
        SYSCTL.write_text(f"{int(way.migrates)}\n")
        self.port = 0
        self._shared = self._listener() if way.sockets == "same" else None
        self._server = self._start()

    def restart(self) -> None:
        """Ends the old server, and returns when the new one serves."""
        old = self._server
        if self._way.sockets == "own" or self._way.hands_over:
            self._server = self._start()
            self._end(old)
        else:
            self._end(old)
            self._server = self._start()

    def stop(self) -> None:
        self._server.terminate()
        self._server.wait()

    def _listener(self) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, self._way.sockets == "own")
        listener.bind((HOST, self.port))
        listener.listen(4096)
        if self._way.defers:  # DeferAcceptSec= of fingerd.socket
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 10)
        return listener

    def _start(self) -> subprocess.Popen[bytes]:
        words = [self._program, "--addr", HOST, "--port", f"{self.port}", "--users",
                 f"{self._directory}/users", "--log", "none", "--max-per-ip", "1000"]
        if self._shared is not None:
            return self._ready([*ACTIVATE, *words], self._shared)
        if self._way.sockets == "own":  # fingerd itself doesn't share a port
            with self._listener() as listener:
                return self._ready([*ACTIVATE, *words], listener)
        return self._ready(words)

    def _ready(
        self, words: Sequence[str], passed: socket.socket | None = None
    ) -> subprocess.Popen[bytes]:
        """Starts the server, with this socket as descriptor 3, and waits for its ready line."""
        def pass_on() -> None:
            if passed is not None:
                os.dup2(passed.fileno(), LISTEN_BEGIN)
                os.set_inheritable(LISTEN_BEGIN, True)  # dup2 does nothing for equal numbers

        # With close_fds, subprocess would close it again.
        process = subprocess.Popen(words, stdout=subprocess.PIPE, preexec_fn=pass_on,
                                   close_fds=passed is None)  # fmt: skip
        line = process.stdout.readline().decode()
        if not (found := re.search(r":(\d+)$", line.strip())):
            raise SystemExit(f"{' '.join(words)} is not ready, but says {line!r}")
        self.port = int(found[1])
        return process

    def _end(self, server: subprocess.Popen[bytes]) -> None:
        """Waits until the server has drained. After SIGQUIT it first serves the connected
        clients."""
        server.send_signal(signal.SIGQUIT if self._way.hands_over else signal.SIGTERM)
        if server.wait(60) != 0:
            raise SystemExit(f"a server has ended with {server.returncode}")
        server.stdout.close()


def measure(way: str, program: str, restarts: int) -> dict[str, float]:
    """Restarts the server under load, and returns the counts."""
    with (tempfile.TemporaryDirectory(prefix="restarts-") as directory, Namespace() as here,
          here.entered()):  # fmt: skip
        Path(directory).chmod(0o755)  # fingerd gives up root before it looks
        alice = Path(directory) / "users" / "alice"
        alice.mkdir(parents=True)
        (alice / ".plan").write_bytes(PLAN)
        service = Service(WAYS[way], program, Path(directory))
        clients = Clients(service.port)
        try:
            for _ in range(restarts):
                time.sleep(PAUSE_SECONDS)
                service.restart()
            time.sleep(PAUSE_SECONDS)
        finally:
            clients.stop()
            service.stop()
    return {"restarts": restarts, **clients.counts}


def in_all(results: Results, load: str, server: str, number: str) -> Cell:
    """The sum of all rounds' counts."""
    return exact(sum(round(found[number]) for found in results[load][server]))


def m15_1(setting: Setting) -> Grid:
    program = need_built(setting.build / "finger" / "fingerd")
    need_root("make a network of its own")
    times = 10 if setting.thorough else 3

    def replaced(_: str, way: str, setting: Setting) -> Numbers:
        return measure(way, str(program), times)

    return Grid(
        "fingerd is replaced under load, in six ways", "way",
        {"answered": column(in_all, "answered"), "refused": column(in_all, "refused"),
         "cut off": column(in_all, "cut")},
        replaced, list(WAYS), ["restarts"],
        notes=[f"{times} restarts a round, a tenth of a second apart, in a network "
               f"namespace; {PER_SECOND:,} clients a second in bursts of "
               f"{CLIENTS}, each with a "
               "connection and a question of its own. Counted are the clients of all rounds: "
               "*refused*, there was no listener; *cut off*, a reset or an end came in place of "
               "the answer. For socket activation and `SO_REUSEPORT` a small parent process makes "
               "the sockets and passes them (`LISTEN_FDS`), as systemd does. The socket that stays "
               "has `TCP_DEFER_ACCEPT`, as in `fingerd.socket`, and so have those of the row that "
               "names it: a client that has not asked yet is not accepted. Without it the old "
               "server accepts such clients, and when it is stopped, hangs up."])
