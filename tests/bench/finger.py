"""Measures finger daemons side by side: one-shot exchanges a second, CPU an exchange, ring enters.

    cmake --build build/default --target bench_finger && /usr/bin/python3 tests/bench/finger.py

An exchange: connect, ask for alice, read a plan of 1 KiB to the end, close. All daemons get the
same load, one worker each, on core 1; the client has core 0. Every daemon is started afresh for
each round, in random order, and compared within the round. Debian's fingerd runs under
openbsd-inetd, with a passwd of its own (finger_inetd.py says how); it prints some lines about the
login as well.

What an option brings:

    tests/bench/finger.py --servers fingerd --base fingerd --also 'fingerd --sqpoll'

Writes finger.json, with the numbers of every round, and finger.md.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from compare import Job, Noise, machine, shuffled
from contenders import DEFAULT_BUILD, SERVER_CORE, on_core
from finger_inetd import Inetd, missing, path_of
from harness.limits import raise_descriptor_limit
from harness.proc import Process, wait_until
from harness.target import REPOSITORY
from report import ratio_of, table
from workloads import Numbers, client, cpu_at_rest

CLIENTS = 32
WARM_UP_EXCHANGES = 200
COUNTED_EXCHANGES = 2000
START_SECONDS = 10.0
FINGERD, EPOLL, DEBIAN = "fingerd", "peer-epoll-finger", "in.fingerd"
ENTERS_MAX = 1.5

LINE = b"Building a telescope in the garden; back in May, with luck.\n"
PLAN = (LINE * 20)[:1023] + b"\n"

# What is built, and the options that make them do the same.
SAME = ("--addr", "127.0.0.1", "--port", "0", "--users", "{users}")
OURS = {
    FINGERD: ("finger/fingerd", *SAME, "--quiet", "--workers", "1", "--max-per-ip", "1000"),
    "fingerd-machine": ("finger/fingerd-machine", *SAME, "--quiet"),
    EPOLL: ("tests/bench/peer-epoll-finger", *SAME),
}

HEAD = """\
# Finger daemons, measured side by side

{rounds} rounds of {seconds} s, {clients} clients at a time, in random order; server on core 1,
client on core 0, over loopback. In brackets: the ratio to **{base}**, taken round by round: median
and range. A range of more than 5 % is "not decided". The load is a closed loop.

{machine}

"""


@dataclass(frozen=True)
class Running:
    """A daemon that listens."""

    pid: int
    port: int

    def cpu_seconds(self) -> float:
        """Its own, once it has nothing to do, and that of the processes it has started."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        children = sum(map(int, fields[13:15])) / os.sysconf("SC_CLK_TCK")
        return cpu_at_rest(Process(self.pid)) + children


@contextmanager
def built_daemon(
    build: Path, name: str, users: Path, cores: str = SERVER_CORE
) -> Iterator[Running]:
    """One of ours, on its core."""
    first, *more = name.split()  # fingerd --sqpoll
    program, *options = OURS[first]
    options += more
    words = [*on_core(cores), str(build / program)]
    words += [word.replace("{users}", str(users)) for word in options]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            ready = process.stdout.readline().decode()
            if not (port := re.search(r":(\d+)$", ready.strip())):
                raise SystemExit(f"{' '.join(words)} is not ready, but says {ready!r}")
            yield Running(process.pid, int(port[1]))
        finally:
            process.kill()


@contextmanager
def debian_daemon() -> Iterator[Running]:
    """Debian's, and the inetd that starts it for each exchange."""
    command = ("in.fingerd", "-p", str(path_of("finger")))
    with Inetd(*command, plans={"alice": PLAN}) as inetd:
        os.sched_setaffinity(inetd.pid, {int(SERVER_CORE)})  # its children inherit it
        yield Running(inetd.pid, inetd.port)


def answer_of(port: int) -> bytes:
    """What a daemon answers, which must have the plan in it."""
    with socket.create_connection(("127.0.0.1", port), timeout=START_SECONDS) as connection:
        connection.sendall(b"alice\r\n")
        answer = b"".join(iter(partial(connection.recv, 65536), b""))
    if PLAN.replace(b"\n", b"\r\n") not in answer:
        raise SystemExit(f"the daemon on port {port} does not answer with the plan: {answer!r}")
    return answer


class Bench:
    """The users, the daemons that are there, and the load."""

    def __init__(self, build: Path, seconds: float, directory: Path) -> None:
        self.build, self.seconds, self.directory = build, seconds, directory
        self.users = directory / "users"
        home = self.users / "alice"
        home.mkdir(parents=True)
        (home / ".plan").write_bytes(PLAN)

    def daemons(self, also: list[str]) -> list[str]:
        """Those that are there; of each other one line says why it is left out."""
        found = []
        for name in (*OURS, *also):
            if (self.build / OURS[name.split()[0]][0]).is_file():
                found.append(name)
            else:
                print(f"{name} is left out: it is not built", file=sys.stderr)
        if reason := missing("in.fingerd", "finger"):
            print(f"{DEBIAN} is left out: {reason}", file=sys.stderr)
        else:
            found.append(DEBIAN)
        return found

    def start(self, name: str) -> AbstractContextManager[Running]:
        """A context in which it runs."""
        return debian_daemon() if name == DEBIAN else built_daemon(self.build, name, self.users)

    def load(self, running: Running, *options: str, clients: int = CLIENTS) -> Numbers:
        """What finger_load says."""
        answer = self.directory / "answer"
        words = [str(self.build / "tests" / "bench" / "finger_load"), "--port", str(running.port)]
        words += ["--query", "alice", "--answer", str(answer), "--clients", str(clients), *options]
        return json.loads(client(*words, within=60))

    def warm(self, running: Running) -> None:
        """Some exchanges that do not count, after one whose answer is kept."""
        (self.directory / "answer").write_bytes(answer_of(running.port))
        self.load(running, "--exchanges", str(WARM_UP_EXCHANGES))

    def measure(self, name: str) -> Numbers:
        """One round of one daemon."""
        with self.start(name) as running:
            self.warm(running)
            before = running.cpu_seconds()
            found = self.load(running, "--duration", f"{self.seconds * 1000:.0f}ms")
            cpu = running.cpu_seconds() - before
        return {
            "cpu_us": cpu / found["exchanges"] * 1e6,
            "per_second": found["exchanges"] / found["seconds"],
            "p50_us": found["p50_us"],
            "p99_us": found["p99_us"],
        }

    def enters(self, clients: int) -> float:
        """How many calls of io_uring_enter(2) an exchange takes fingerd, counted by strace.

        With several clients one call serves many; and strace makes each call more expensive, so
        that still more completions wait for the next. A single client has to wait for
        everything.
        """
        with self.start(FINGERD) as running:
            self.warm(running)
            log = self.directory / "strace"
            words = ["strace", "-f", "-c", "-qq", "-e", "trace=io_uring_enter", "-o", str(log)]
            with subprocess.Popen([*words, "-p", str(running.pid)]) as tracer:
                status = Path(f"/proc/{running.pid}/status")
                attached = wait_until(
                    lambda: f"TracerPid:\t{tracer.pid}\n" in status.read_text(), START_SECONDS
                )
                if not attached:
                    raise SystemExit("strace does not attach: is tracing permitted here?")
                self.load(running, "--exchanges", str(COUNTED_EXCHANGES), clients=clients)
                tracer.send_signal(signal.SIGINT)
            # Share, seconds, microseconds a call, calls, errors if there are any, name.
            lines = [line.split() for line in log.read_text().splitlines()]
            calls = [int(words[3]) for words in lines if words[-1:] == ["io_uring_enter"]]
        if len(calls) != 1:
            raise SystemExit(f"strace has counted nothing: {log.read_text()}")
        return calls[0] / COUNTED_EXCHANGES


def variant(words: str) -> str:
    """One of ours, with options."""
    program = words.split()[0] if words.split() else ""
    if program not in OURS:
        raise argparse.ArgumentTypeError(f"{program} is none of {', '.join(OURS)}")
    return words


def verdicts(rounds: dict[str, list[Numbers]], enters: dict[int, float]) -> list[str]:
    """A row for each bound."""
    rows = []
    for base, number, what, bound in (
        (DEBIAN, "per_second", "exchanges a second", {"at_least": 10.0}),
        (EPOLL, "cpu_us", "server CPU an exchange", {"at_most": 1.05}),
    ):
        if rounds.get(FINGERD) and rounds.get(base):
            ratio = ratio_of(rounds, FINGERD, base, number)
            sign = "≥" if "at_least" in bound else "≤"
            limit = next(iter(bound.values()))
            rows.append(f"| {what} | {FINGERD} / {base} {sign} {limit:g} | {ratio} "
                        f"| {ratio.verdict(**bound)} |")
    for clients, found in enters.items():
        verdict = "holds" if found <= ENTERS_MAX else "fails"
        what = f"ring enters an exchange, {clients} clients"
        rows.append(f"| {what} | ≤ {ENTERS_MAX:g} | {found:.2f} | {verdict} |" if clients > 1
                    else f"| ring enters an exchange, one client | | {found:.2f} | |")
    return rows


def report(rounds: dict[str, list[Numbers]], enters: dict[int, float], where: list[str],
           seconds: float, base: str) -> str:
    """The whole of finger.md."""
    base = base if base in rounds else next(iter(rounds))
    count = max(map(len, rounds.values()))
    text = HEAD.format(rounds=count, seconds=seconds, clients=CLIENTS, base=base,
                       machine="\n".join(f"- {line}" for line in where))
    text += table(rounds, base)
    if rows := verdicts(rounds, enters):
        text += "\n## What is to be shown\n\n| of | bound | median (range) | verdict |\n"
        text += "\n".join(("| --- | --- | --- | --- |", *rows)) + "\n"
    return text


def run(arguments: argparse.Namespace, bench: Bench) -> None:
    """Measures, and writes what there is after every round."""
    dice, noise, where = random.Random(), Noise(), machine()
    names = [name for name in bench.daemons(arguments.also)
             if any(part in name for part in arguments.servers)]
    if not names:
        raise SystemExit("nothing to measure: build it, or choose other --servers")
    enters = {n: bench.enters(n) for n in (CLIENTS, 1)} if FINGERD in names else {}
    rounds: dict[str, list[Numbers]] = {name: [] for name in names}
    jobs = [Job("finger", name, partial(bench.measure, name)) for name in names]
    arguments.output.mkdir(parents=True, exist_ok=True)
    text = ""
    for number in range(1, arguments.rounds + 1):
        for job in shuffled(jobs, dice):
            rounds[job.server].append(job.measure())
        print(f"round {number} of {arguments.rounds}", file=sys.stderr)
        lines = [*where, noise.sentence()]
        text = report(rounds, enters, lines, bench.seconds, arguments.base)
        found = {"machine": lines, "seconds": bench.seconds, "enters": enters, "results": rounds}
        (arguments.output / "finger.json").write_text(json.dumps(found, indent=1) + "\n")
        (arguments.output / "finger.md").write_text(text)
    print(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=DEFAULT_BUILD, help="a build's directory")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "build" / "bench")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each daemon a round")
    parser.add_argument("--servers", nargs="+", default=[""], metavar="NAME",
                        help="daemons whose names contain one of these; all")
    parser.add_argument("--base", default=EPOLL, help="whom the others are compared with")
    parser.add_argument("--also", action="append", type=variant, default=[],
                        metavar="'PROGRAM OPTION...'", help="one more, with options; repeatable")
    arguments = parser.parse_args()
    raise_descriptor_limit()
    with tempfile.TemporaryDirectory(prefix="finger-bench-") as directory:
        run(arguments, Bench(arguments.build, arguments.seconds, Path(directory)))


if __name__ == "__main__":
    main()
