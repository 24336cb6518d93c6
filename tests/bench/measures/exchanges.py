"""The finger daemon: warm plans and cold ones (M12.1), beside slow clients (M13.1), and with
several rings (M13.3)."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from contenders import CLIENT_CORE, SERVER_CORE
from finger import FINGERD, OURS, PLAN, Bench, Running, answer_of, built_daemon
from measures import variants
from measures.experiment import Cell, Experiment, Setting, Table, beside_base, of_rounds, words
from measures.spread import places
from rounds import Job, Results
from workloads import Numbers

LATENCY_APART_MAX = 0.25


def need_fingerd(setting: Setting) -> None:
    """Skips where it is not built."""
    if not (setting.build / OURS[FINGERD][0]).is_file():
        pytest.skip("fingerd is not built")
    variants.path_of("finger_load", setting)


@contextmanager
def fingerd(setting: Setting, *options: str, users: int = 0, cores: str = SERVER_CORE,
            ) -> Iterator[tuple[Bench, Running]]:  # fmt: skip
    """The daemon with alice's plan, and so many others' (u0, u1, …), and what loads it."""
    with tempfile.TemporaryDirectory(prefix="exchanges-") as directory:
        bench = Bench(setting.build, setting.effort.seconds, Path(directory))
        for number in range(users):
            home = bench.users / f"u{number}"
            home.mkdir()
            (home / ".plan").write_bytes(PLAN)
        name = " ".join((FINGERD, *options))
        with built_daemon(setting.build, name, bench.users, cores) as running:
            yield bench, running


def exchange(address: tuple[str, int], query: bytes) -> bytes:
    """The whole answer."""
    with socket.create_connection(address) as client:
        client.sendall(query + b"\r\n")
        return b"".join(iter(partial(client.recv, 65536), b""))


# M12.1: plans that the kernel has in memory, and plans that it has not

HOMES = 200
ANSWER = PLAN.replace(b"\n", b"\r\n")


def evict(file: Path) -> None:
    """Has the kernel forget what it keeps of this file, and looks whether it has. Skips where it
    does not: in memory there is no other copy."""
    with open(file, "r+b") as opened:
        os.fsync(opened.fileno())
        os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        with mmap.mmap(opened.fileno(), 0) as mapped:
            pages = (ctypes.c_ubyte * 1)()
            begin = ctypes.addressof(ctypes.c_char.from_buffer(mapped))
            failed = ctypes.CDLL(None).mincore(ctypes.c_void_p(begin), ctypes.c_size_t(1), pages)
            if failed or pages[0] & 1:
                pytest.skip(f"the kernel keeps {file} in memory: no disk is under it")


def ask_each(setting: Setting, cold: bool) -> Numbers:
    """One after the other asks for another user, whose plan has been read before or was evicted."""
    homes = min(HOMES, max(setting.effort.counted // 10, 2))
    with fingerd(setting, users=homes) as (bench, running):
        address = ("127.0.0.1", running.port)
        for number in range(homes):
            exchange(address, f"u{number}".encode())
            if cold:
                evict(bench.users / f"u{number}" / ".plan")
        took = []
        for number in range(homes):
            begin = time.perf_counter()
            if ANSWER not in exchange(address, f"u{number}".encode()):
                raise SystemExit("fingerd does not answer with the plan")
            took.append((time.perf_counter() - begin) * 1e6)
    return {"per_second": 1e6 / statistics.mean(took), "p50_us": statistics.median(took),
            "p99_us": statistics.quantiles(took, n=100, method="inclusive")[98]}


def ask_many(setting: Setting, clients: int) -> Numbers:
    """So many at a time ask for alice."""
    with fingerd(setting) as (bench, running):
        bench.warm(running)
        found = bench.load(running, "--duration", f"{setting.effort.seconds * 1000:.0f}ms",
                           clients=clients)
    return {"per_second": found["exchanges"] / found["seconds"], "p50_us": found["p50_us"],
            "p99_us": found["p99_us"]}


WAYS: dict[str, Callable[[Setting], Numbers]] = {
    "warm, 32 clients at a time": partial(ask_many, clients=32),
    "warm, one after the other": partial(ask_each, cold=False),
    "cold, one after the other": partial(ask_each, cold=True),
}


def m12_1_jobs(setting: Setting) -> Iterable[Job]:
    need_fingerd(setting)
    with tempfile.TemporaryDirectory(prefix="exchanges-") as directory:
        file = Path(directory) / "plan"
        file.write_bytes(PLAN)
        evict(file)  # to be skipped here, and not in the middle
    for title, ask in WAYS.items():
        yield Job("look-ups", title, partial(ask, setting))


def m12_1_tables(results: Results, setting: Setting) -> dict[str, Table]:
    rows = [(title, [of_rounds(results, "look-ups", title, "per_second"),
                     *(of_rounds(results, "look-ups", title, tail, 1, LATENCY_APART_MAX)
                       for tail in ("p50_us", "p99_us"))])
            for title in results.get("look-ups", {})]
    return {"m12_1": Table(
        "Look-ups of a plan of 1 KiB",
        ["plans", "look-ups a second", "p50, µs", "p99, µs"], rows,
        notes=["Cold: the plan's bytes are not in memory, but its directory is. It is not what a "
               "disk costs in general: this machine's may be a file of another machine, which has "
               "it in memory. One after the other is asked by a Python program, whose own time is "
               "in it. How often a byte is copied is not measured; `finger/server/plan.cc` shows "
               "it: read into a buffer, converted within it, and sent from it."])}


# M13.1: beside slow clients

DRIBBLE_SECONDS = 0.02
DEADLINE_SECONDS = 0.3
PLACES, PLACES_OF_ONE = 64, 16
ONE_ADDRESS, MANY = "127.0.2.1", "127.0.3.{}"
SLOW = {"nobody": (0, MANY), f"{PLACES // 2}, from many addresses": (PLACES // 2, MANY),
        f"{PLACES * 2}, from one address": (PLACES * 2, ONE_ADDRESS),
        f"{PLACES * 2}, from many addresses": (PLACES * 2, MANY)}


class SlowClients:
    """A thread of clients that never finish their query; one that is closed comes back."""

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


def beside_slow(count: int, source: str, setting: Setting) -> Numbers:
    """What a quick client gets meanwhile."""
    options = ("--max-clients", str(PLACES), "--max-per-ip", str(PLACES_OF_ONE), "--deadline",
               f"{DEADLINE_SECONDS * 1000:.0f}ms")
    seconds = max(setting.effort.seconds, 2 * DEADLINE_SECONDS)
    with fingerd(setting, *options) as (bench, running):
        (bench.directory / "answer").write_bytes(answer_of(running.port))
        with SlowClients(running.port, count, source) if count else contextlib.nullcontext():
            found = bench.load(running, "--sources", "1", "--duration", f"{seconds * 1000:.0f}ms",
                               clients=1)
    return {"per_second": found["exchanges"] / found["seconds"], "p50_us": found["p50_us"],
            "p99_us": found["p99_us"]}


def m13_1_jobs(setting: Setting) -> Iterable[Job]:
    need_fingerd(setting)
    for title in setting.fewer(list(SLOW)):
        yield Job("slow", title, partial(beside_slow, *SLOW[title], setting))


def m13_1_tables(results: Results, setting: Setting) -> dict[str, Table]:
    def cells(title: str) -> list[Cell]:
        return [*(of_rounds(results, "slow", title, tail, 1, LATENCY_APART_MAX)
                  for tail in ("p50_us", "p99_us")),
                of_rounds(results, "slow", title, "per_second", 1, LATENCY_APART_MAX)]

    return {"m13_1": Table(
        "A quick client of fingerd, beside slow ones",
        ["slow clients", "p50, µs", "p99, µs", "look-ups a second"],
        [(title, cells(title)) for title in results.get("slow", {})] or [("–", [words("–")] * 3)],
        notes=[f"`--max-clients {PLACES} --max-per-ip {PLACES_OF_ONE} --deadline "
               f"{DEADLINE_SECONDS * 1000:.0f}ms`, a byte of a query that never ends every "
               f"{DRIBBLE_SECONDS * 1000:.0f} ms. With the daemon's own limits (128 places, 10 s) "
               "the waits for a slot would be longer in proportion. These are not the times of a "
               "daemon in production; they show what decides them."])}


# M13.3: several rings

RINGS = (1, 2, 4)


def rings(workers: int, sqpoll: bool, cores: str, setting: Setting) -> Numbers:
    """The load of 32 clients."""
    options = ("--workers", str(workers), *(("--sqpoll",) if sqpoll else ()))
    with fingerd(setting, *options, cores=cores) as (bench, running):
        bench.warm(running)
        before = running.cpu_seconds()
        found = bench.load(running, "--duration", f"{setting.effort.seconds * 1000:.0f}ms")
        cpu = running.cpu_seconds() - before
    return {"per_second": found["exchanges"] / found["seconds"],
            "cpu_us": cpu / found["exchanges"] * 1e6, "p99_us": found["p99_us"]}


def ring_variants(setting: Setting) -> dict[str, tuple[int, bool, str]]:
    """How many, whether the kernel's threads submit, and on which cores."""
    _, _, (_, two_cores) = places(setting).values()
    found = {}
    for workers in setting.fewer(RINGS):
        for sqpoll in (False, True):
            title = f"{workers} {'ring' if workers == 1 else 'rings'}"
            cores = SERVER_CORE if workers == 1 and not sqpoll else two_cores
            found[title + (", `--sqpoll`" if sqpoll else "")] = (workers, sqpoll, cores)
    return found


def m13_3_jobs(setting: Setting) -> Iterable[Job]:
    need_fingerd(setting)
    for title, (workers, sqpoll, cores) in ring_variants(setting).items():
        yield Job("rings", title, partial(rings, workers, sqpoll, cores, setting))


def m13_3_tables(results: Results, setting: Setting) -> dict[str, Table]:
    base = next(iter(ring_variants(setting)))
    rows = [(title, [beside_base(results, "rings", title, "per_second", base),
                     beside_base(results, "rings", title, "cpu_us", base),
                     of_rounds(results, "rings", title, "p99_us", 1, LATENCY_APART_MAX)])
            for title in results.get("rings", {})]
    cores = len(os.sched_getaffinity(0))
    return {"m13_3": Table(
        "fingerd with several rings, and with threads of the kernel that submit",
        ["fingerd", "look-ups a second [ratio]", "CPU a look-up, µs [ratio]", "p99, µs"], rows,
        notes=["One ring has a core of its own; the others have two cores" + (
            ", one of which is the client's. On a machine of two cores this is what several rings "
            "cost, and not what they bring." if cores <= 2 else
            ". It is not how far they scale: for that it takes a core for each.")])}


M12_1 = Experiment(("m12_1",), m12_1_jobs, m12_1_tables)
M13_1 = Experiment(("m13_1",), m13_1_jobs, m13_1_tables)
M13_3 = Experiment(("m13_3",), m13_3_jobs, m13_3_tables)
