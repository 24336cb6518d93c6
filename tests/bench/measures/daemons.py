"""fingerd beside slow clients (M14.1), and replaced under load (M15.1)."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from pathlib import Path

import restarts
from contenders import CLIENT_CORE, Contender
from finger import FINGERD, daemon
from harness.needed import need_built, need_root
from measures.experiment import Grid, Setting
from measures.cells import LATENCY_APART_MAX, P50, P99, Cell, column, exact, timed
from rounds import Results
from workloads import Numbers


def need_fingerd(setting: Setting) -> Path:
    """Skips where it is not built."""
    need_built(setting.build / "tests" / "bench" / "variants")
    return need_built(Contender(FINGERD, FINGERD).path(setting.build))


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f}ms"


# M14.1: beside slow clients

DRIBBLE_SECONDS, DEADLINE_SECONDS = 0.02, 0.3
PLACES, PLACES_OF_ONE = 64, 16
ONE_ADDRESS, MANY = "127.0.2.1", "127.0.3.{}"
SLOW = {"nobody": (0, MANY), f"{PLACES // 2}, from many addresses": (PLACES // 2, MANY),
        f"{PLACES * 2}, from one address": (PLACES * 2, ONE_ADDRESS),
        f"{PLACES * 2}, from many addresses": (PLACES * 2, MANY)}


class SlowClients:
    """A thread of clients that never finish their query; one that is thrown out comes back."""

    def __init__(self, port: int, count: int, source: str) -> None:
        self._port, self._source, self._over = port, source, threading.Event()
        self._clients = [self._connect(number) for number in range(count)]
        self._thread = threading.Thread(target=self._dribble)

    def __enter__(self) -> SlowClients:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for client in self._clients:
            client.close()

    def _connect(self, number: int) -> socket.socket:
        client = socket.socket()
        client.bind((self._source.format(1 + number % 250), 0))
        client.connect(("127.0.0.1", self._port))
        client.setblocking(False)
        return client

    def _dribble(self) -> None:
        os.sched_setaffinity(0, {int(CLIENT_CORE)})  # of this thread alone
        while not self._over.wait(DRIBBLE_SECONDS):
            for number, client in enumerate(self._clients):
                if self._is_gone(client):
                    client.close()
                    self._clients[number] = self._connect(number)

    @staticmethod
    def _is_gone(client: socket.socket) -> bool:
        try:
            client.send(b"a")
            while client.recv(4096):
                pass
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True


def beside_slow(_: str, title: str, setting: Setting) -> Numbers:
    """What a quick client gets meanwhile."""
    count, source = SLOW[title]
    options = ("--max-clients", str(PLACES), "--max-per-ip", str(PLACES_OF_ONE), "--deadline",
               milliseconds(DEADLINE_SECONDS))
    seconds = max(setting.effort.seconds, 2 * DEADLINE_SECONDS)
    with daemon(setting.build, FINGERD, *options) as running:
        with SlowClients(running.port, count, source) if count else contextlib.nullcontext():
            return running.load(seconds)


def m14_1(setting: Setting) -> Grid:
    need_fingerd(setting)
    return Grid(
        "A quick client of fingerd, beside slow ones", "slow clients",
        {"p50, µs": P50, "p99, µs": P99,
         "lookups a second": timed("per_second", LATENCY_APART_MAX)},
        beside_slow, setting.fewer(list(SLOW)), ["slow"],
        notes=[f"`--max-clients {PLACES} --max-per-ip {PLACES_OF_ONE} --deadline "
               f"{milliseconds(DEADLINE_SECONDS)}`, a byte of a query that never ends every "
               f"{DRIBBLE_SECONDS * 1000:.0f} ms. The daemon's own limits are 1,024 places "
               "and 2 s for a query. These are not the times of a daemon in production; they show "
               "what decides them."])


# M15.1: replaced while its clients come and go

def in_all(results: Results, load: str, server: str, number: str) -> Cell:
    """What was counted in all rounds together."""
    return exact(sum(round(found[number]) for found in results[load][server]))


def m15_1(setting: Setting) -> Grid:
    need_fingerd(setting)
    need_root("make a network of its own")
    times = 10 if setting.thorough else 3

    def replaced(_: str, way: str, setting: Setting) -> Numbers:
        return restarts.measure(way, need_fingerd(setting), times)

    return Grid(
        "fingerd is replaced under load, in six ways", "way",
        {"answered": column(in_all, "answered"), "refused": column(in_all, "refused"),
         "cut off": column(in_all, "cut")},
        replaced, list(restarts.WAYS), ["restarts"],
        notes=[f"{times} restarts a round, a tenth of a second apart, in a network "
               f"namespace; {restarts.PER_SECOND:,} clients a second in bursts of "
               f"{restarts.CLIENTS}, each with a "
               "connection and a question of its own. Counted are the clients of all rounds: "
               "*refused*, there was no listener; *cut off*, a reset or an end came in place of "
               "the answer. For socket activation and `SO_REUSEPORT` a small parent process makes "
               "the sockets and passes them (`LISTEN_FDS`), as systemd does. The socket that stays "
               "has `TCP_DEFER_ACCEPT`, as in `fingerd.socket`, and so have those of the row that "
               "names it: a client that has not asked yet is not accepted. Without it the old "
               "server accepts such clients, and when it is stopped, hangs up."])
