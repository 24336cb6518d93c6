"""The servers of a soak: how each is started, disturbed, looked at and stopped."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles

from echo_visits import EchoVisitor
from finger_visits import HANGING, PLANS, FingerVisitor, VisitorOfHomesThatHang
from harness.proc import Process
from harness.server import Server
from harness.target import Target
from judge import Report, Sample
from kit import hanging_fs
from kit.machine import GROUP, Machine
from kit.users import Users
from traffic import Tally, Visitor

WORKERS = "2"
LIMIT_SECONDS = 8.0  # the read timeout, the deadline
# Of each kind so many clients, and the seconds between two visits of each.
CLIENTS = {"good": (4, 0.02), "slow": (4, 0.1), "hostile": (6, 0.3), "churn": (2, 0.01)}
RELOAD_SECONDS = 2.0
HANG_SECONDS = 20.0  # so long a home hangs, and so long it answers again
PATIENCE = 30.0
SETTLE_SECONDS = 0.5


def be_clients(visitor: type[Visitor], address: tuple[str, int], line: Connection) -> None:
    """In a process of its own: sends what they have seen whenever it is asked, ends with False."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tally, ending = Tally(), threading.Event()
    threads = [threading.Thread(
        target=visitor(address, kind, number, LIMIT_SECONDS, tally).run,
        args=(ending, pause), daemon=True)
        for kind, (count, pause) in CLIENTS.items() for number in range(count)]  # fmt: skip
    for thread in threads:
        thread.start()
    while line.recv():
        line.send(tally.take())
    ending.set()
    for thread in threads:
        thread.join()
    line.send(tally.take())


def family(pid: int) -> Iterator[Process]:
    """The process, its children and theirs: a worker of fingerd's has a session of its own."""
    yield Process(pid)
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from family(int(child))


class Running:
    """A server and its clients."""

    visitor: type[Visitor] = EchoVisitor
    program = ""
    options: tuple[str, ...] = ("--workers", WORKERS, "--read-timeout", f"{LIMIT_SECONDS:.0f}s")
    disturbance = "disturbances"
    disturbed_every = float("inf")

    def __init__(self, name: str, build: Path) -> None:
        self.name, self.build = name, build
        self.report = Report()
        self.disturbances = 0
        self._disturbed = time.monotonic()

    @classmethod
    def path(cls, build: Path) -> Path:
        return build / cls.program

    @classmethod
    def missing(cls, build: Path) -> str:
        """Why it cannot run here, or nothing."""
        return "" if cls.path(build).is_file() else f"{cls.path(build)} is not built"

    def words(self) -> tuple[str, ...]:
        """Its options."""
        return self.options

    def launch(self, port: int = 0) -> Server:
        """The server, ready."""
        target = Target(self.name, "part5-epoll", (str(self.path(self.build)),))
        server = Server(target, self.words(), patience=PATIENCE, port=port, under=self.under())
        server.wait_until_ready()
        return server

    def under(self) -> tuple[str, ...]:
        """Words in front of its command line."""
        return ()

    def start(self) -> None:
        """Server and clients."""
        self.server = self.launch()
        self._before = self.settled()
        self._line, far_end = multiprocessing.Pipe()
        arguments = (self.visitor, self.server.address, far_end)
        self._clients = multiprocessing.Process(target=be_clients, args=arguments, daemon=True)
        self._clients.start()
        far_end.close()

    def disturb(self) -> None:
        """What its administrator does, if it is time."""
        if time.monotonic() - self._disturbed < self.disturbed_every:
            return
        self._disturbed = time.monotonic()
        self.disturbances += 1
        self.disturb_now()

    def disturb_now(self) -> None:
        """A server that is left alone."""

    def sum(self, of: Callable[[Process], int]) -> int:
        """Over all of the server's processes, of which one may have ended meanwhile."""
        total = 0
        for process in family(self.server.pid):
            with suppress(OSError, AssertionError):
                total += of(process)
        return total

    def resources(self) -> dict[str, int]:
        """What must be the same before the first client and after the last."""
        return {"descriptors": self.sum(Process.descriptor_count),
                "processes": self.sum(lambda _: 1)}  # fmt: skip

    def settled(self) -> dict[str, int]:
        """The same as soon as it stays: a server may open more after its ready line."""
        before, now = {}, self.resources()
        while before != now:
            time.sleep(SETTLE_SECONDS)
            before, now = now, self.resources()
        return now

    def is_at_rest(self) -> bool:
        """Whether nothing is left of its clients."""
        now = self.resources()
        self.report.at_rest = {what: (before, now[what]) for what, before in self._before.items()}
        return all(now[what] <= before for what, before in self._before.items())

    def look(self, seconds: float) -> None:
        """A sample."""
        times = self.ask_clients(go_on=True) or [0.0]
        p99 = quantiles(times, n=100)[98] if len(times) > 1 else times[0]
        memory = self.sum(Process.private_bytes) / 1024
        descriptors = self.sum(Process.descriptor_count)
        self.report.samples.append(Sample(seconds, memory, descriptors, median(times), p99))

    def ask_clients(self, go_on: bool) -> list[float]:
        """What they have seen since the last time; the latencies, in ms."""
        self._line.send(go_on)
        counts, latencies_ms, lost = self._line.recv()
        self.report.counts += counts
        self.report.lost += lost
        return latencies_ms

    def end_clients(self) -> None:
        """Every visit that has begun goes to its end."""
        self.ask_clients(go_on=False)
        self._clients.join()

    def stop(self) -> None:
        """In order, if it still can."""
        if not self.server.is_alive():
            self.report.failures.append(self.server.describe_end())
        elif (status := self.server.stop(within=PATIENCE)) != 0:
            self.report.failures.append(f"exit status {status}")

    def close(self) -> None:
        """Nothing of it is left."""
        for one in (getattr(self, "_clients", None), getattr(self, "server", None)):
            if one is not None:
                one.kill()


class Part5(Running):
    program = "part5-epoll/part5-epoll"


class Part6(Running):
    program = "part6-uring/part6-uring"


class Fingerd(Running):
    """Serves a directory of users; each reload is a fresh worker process."""

    visitor = FingerVisitor
    program = "finger/fingerd"
    options = ("--addr", "127.0.0.1", "--deadline", f"{LIMIT_SECONDS:.0f}s",
               "--query-timeout", f"{LIMIT_SECONDS:.0f}s", "--log", "none")  # fmt: skip
    disturbance = "reloads"
    disturbed_every = RELOAD_SECONDS

    def __init__(self, name: str, build: Path) -> None:
        super().__init__(name, build)
        self._users = Users(**PLANS)

    def words(self) -> tuple[str, ...]:
        return (*self.options, "--users", str(self._users.directory))

    def disturb_now(self) -> None:
        self.server.send_signal(signal.SIGHUP)

    def close(self) -> None:
        super().close()
        self._users.close()


class FingerdOfTheSystem(Fingerd):
    """Started as root, on accounts of its own, of which some have homes that hang at times."""

    visitor = VisitorOfHomesThatHang

    def __init__(self, name: str, build: Path) -> None:
        Running.__init__(self, name, build)
        self._machine = Machine()
        people = [self._machine.add(name, plan) for name, plan in PLANS.items()]
        hosts = [self._machine.add(name) for name in HANGING]
        self._machine.opt_in(*people, *hosts)
        self._mounts = ExitStack()
        self._hanging = [
            self._mounts.enter_context(hanging_fs.mounted("nothing", deaf=deaf, home=host.home))[1]
            for host, (_, deaf) in zip(hosts, HANGING.values())
        ]
        self._begun = time.monotonic()

    @classmethod
    def missing(cls, build: Path) -> str:
        if why := super().missing(build):
            return why
        if os.geteuid() != 0:
            return "needs root"
        return "" if Path("/dev/fuse").exists() else "there is no FUSE for homes that hang"

    def disturb_now(self) -> None:
        """A reload; and homes hang, or answer again."""
        super().disturb_now()
        for number, (files, (kind, _)) in enumerate(zip(self._hanging, HANGING.values())):
            turn = int((time.monotonic() - self._begun) / HANG_SECONDS) + number
            if turn % 2 == 0:
                files.let_go()
            else:
                files.stop_answering(kind)

    def end_clients(self) -> None:
        super().end_clients()
        for files in self._hanging:
            files.let_go()

    def words(self) -> tuple[str, ...]:
        return (*self.options, "--group", GROUP)

    def under(self) -> tuple[str, ...]:
        return self._machine.under

    def close(self) -> None:
        Running.close(self)
        self._mounts.close()
        self._machine.close()


SERVERS: dict[str, type[Running]] = {
    "part5": Part5,
    "part6": Part6,
    "fingerd": Fingerd,
    "fingerd as root": FingerdOfTheSystem,
}
