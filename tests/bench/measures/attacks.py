"""Clients that misbehave: who waits meanwhile (M8.1), and how the memory grows (M8.2). Each attack
is made on a stage as it is, and with the defect that it finds: put back by a patch of the bug zoo,
or without a timeout."""

import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from contenders import CLIENT_CORE, PART3, PART5, REPOSITORY, Contender, on_core
from harness.needed import need_built
from harness.server import Server
from measures import variants
from measures.experiment import Measurement, Setting, Table, each, table
from measures.cells import (LATENCY_APART_MAX, Cell, column, exact, measured, timed,
                                         words)
from rounds import Results
from workloads import Numbers

ATTACKERS = 8
READ_TIMEOUT, NO_TIMEOUT = "50ms", "--read-timeout 0"
QUICK_LENGTH_MAX = 2.0
FIRST_ONE_OUT_SECONDS = 0.25  # after the timeout, and a queue of those who came back
BROKEN, MENDED = "broken", "as it is"


@dataclass(frozen=True)
class Attack:
    """What is done to whom, and the patch, or the option, that takes the answer to it away."""

    title: str
    name: str
    stage: str
    bug: str
    takes_all_places: bool  # or there is room for newcomers
    length: float  # for each second of the effort

    def seconds(self, setting: Setting) -> float:
        length = self.length if setting.thorough else min(self.length, QUICK_LENGTH_MAX)
        least = FIRST_ONE_OUT_SECONDS if self.takes_all_places else 0.0
        return max(length * setting.effort.seconds, least)


ATTACKS = (
    Attack("never reads", "never-reads", PART3, "output-without-bound", False, 1),
    Attack("dribbles", "dribbles", PART5, "bytes-extend-time", True, 4),
    Attack("pipelines", "pipelines", PART5, "second-message-closes", False, 2),
    Attack("is silent", "silent", PART5, NO_TIMEOUT, True, 4),
)


def broken_build(bug: str, stage: str) -> Path:
    """Where the stage with this bug in it is, built where that has not been done since something
    changed."""
    build = REPOSITORY / "build" / "zoo" / "bin" / bug
    program = build / stage / stage
    patch = REPOSITORY / "book" / "bugs" / f"{bug}.patch"
    sources = [patch, *(file for part in (stage, "common")
                        for file in (REPOSITORY / part).glob("*.*"))]
    newest = max(file.stat().st_mtime for file in sources)
    if not program.is_file() or program.stat().st_mtime < newest:
        print(f"measure: builds {stage} with the bug {bug}", file=sys.stderr)
        run = subprocess.run(
            [sys.executable, REPOSITORY / "tests" / "zoo" / "run.py", "build", bug, stage],
            capture_output=True, text=True, timeout=900)  # fmt: skip
        if run.returncode != 0:
            raise RuntimeError(f"{stage} with the bug {bug} is not built: {run.stderr.strip()}")
    return build


def build_of(stage: str, bug: str, setting: Setting) -> Path:
    """Of the stage with a bug or as it is, which an option makes broken."""
    need_built(setting.build / stage / stage)
    return setting.build if bug in ("", NO_TIMEOUT) else broken_build(bug, stage)


def with_places(stage: str, places: int, *more: str) -> Contender:
    """A server with so many places."""
    return Contender(stage, stage, ("--max-connections", str(places), "--read-timeout",
                                    READ_TIMEOUT, *more))


def how(server: Server, kind: str, seconds: float, attackers: int = ATTACKERS,
        bytes_a_second: float = 256 << 20) -> dict[str, object]:  # fmt: skip
    """What the program is told."""
    return {"port": server.address[1], "kind": kind, "attackers": attackers,
            "bytes_a_second": f"{bytes_a_second:.0f}", "ms": f"{seconds * 1000:.0f}"}


def suffer(attack: Attack, form: str, setting: Setting) -> Numbers:
    """What a bystander and newcomers get meanwhile."""
    bug = attack.bug if form == BROKEN else ""
    places = ATTACKERS + (1 if attack.takes_all_places else 10)
    contender = with_places(attack.stage, places, *(bug.split() if bug == NO_TIMEOUT else ()))
    with contender.running(build_of(attack.stage, bug, setting)) as server:
        return variants.run(setting, "attack",
                            **how(server, attack.name, attack.seconds(setting)))


def m8_1(setting: Setting) -> Measurement:
    for attack in ATTACKS:  # to be built, or skipped, here and not in the middle
        build_of(attack.stage, attack.bug, setting)

    def newcomers(results: Results, load: str, server: str) -> Cell:
        """How long one waits for its answer; those who have none are more than a number."""
        (attack,) = (it for it in ATTACKS if it.name == load)
        rounds = results[load][server]
        answered = [found["newcomer_ms"] for found in rounds if found["newcomers"] > 0]
        if not answered:
            return words(f"none in {attack.seconds(setting):g} s")
        return measured(answered, LATENCY_APART_MAX)

    def bystander(results: Results, load: str, server: str, number: str) -> Cell:
        rounds = results[load][server]
        if all(found["answers"] == 0 for found in rounds):
            return words("none")
        return measured([found[number] for found in rounds], LATENCY_APART_MAX)

    def tables(results: Results) -> dict[str, Table]:
        return {"m8_1": table(
            f"The others, while {ATTACKERS} clients misbehave", results, "attack: stage",
            [(f"{attack.title}: {attack.stage}" + (f", `{attack.bug}`" if form == BROKEN else ""),
              attack.name, form) for attack in ATTACKS for form in (BROKEN, MENDED)],
            {"bystander, p50, µs": column(bystander, "p50_us"),
             "p99, µs": column(bystander, "p99_us"),
             "new connection's answer, ms": column(newcomers),
             "attackers thrown out": timed("thrown_out", LATENCY_APART_MAX)},
            notes=[f"`--read-timeout {READ_TIMEOUT}`. Clients that dribble or are silent take "
                   "every permit but the bystander's, so a new connection waits until one of them "
                   "is thrown out. That one connects again, and waits as well. The other attacks "
                   "leave room. Bystander and attackers share a core of the client's machine: the "
                   "numbers are not what a bystander on another machine would get, and compare "
                   "only line by line."])}

    return Measurement(each(ATTACKS, [BROKEN, MENDED], suffer, setting), tables)


# M8.2: the server's memory, while all of them are at work

BYTES = 128 << 20  # of each attacker, in all: the broken server keeps what is not read
SAMPLES = 20
MEMORY = {BROKEN: (PART3, "output-without-bound"), MENDED: (PART5, "")}
WATCHED_SHARE = 0.95  # the last sample a little before the end, with all of them still there


def memory_in_time(_: str, both: str, setting: Setting) -> Numbers:
    """Resident bytes of each server, again and again; all are attacked at the same time, for no
    clock decides about memory."""
    seconds, found = setting.effort.watched_seconds, {}
    with ExitStack() as ends:
        servers = {form: ends.enter_context(
            with_places(stage, 10).running(build_of(stage, bug, setting)))
            for form, (stage, bug) in MEMORY.items()}
        for server in servers.values():
            for attack in ATTACKS:
                words = variants.command(setting, "attack", **how(
                    server, attack.name, seconds, 1, BYTES / seconds))
                attacker = subprocess.Popen(
                    [*on_core(CLIENT_CORE), *words], stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL)
                ends.callback(attacker.wait)
                ends.callback(attacker.kill)
        begin = time.monotonic()
        for sample in range(SAMPLES + 1):
            due = begin + sample * seconds * WATCHED_SHARE / SAMPLES
            time.sleep(max(due - time.monotonic(), 0))
            for form, server in servers.items():
                found[f"{form} {sample}"] = server.process.rss_bytes()
    return found


def m8_2(setting: Setting) -> Measurement:
    for of in MEMORY.values():
        build_of(*of, setting)

    def tables(results: Results) -> dict[str, Table]:
        found = results["memory"]["both"][0]
        seconds = [setting.effort.watched_seconds * WATCHED_SHARE * sample / SAMPLES
                   for sample in range(SAMPLES + 1)]
        titles = {form: ", ".join(filter(None, (stage, bug and f"`{bug}`")))
                  for form, (stage, bug) in MEMORY.items()}
        quarters = [SAMPLES * quarter // 4 for quarter in (0, 1, 2, 4)]
        rows = [(title, [exact(found[f"{form} {sample}"] // 1024) for sample in quarters])
                for form, title in titles.items()]
        return {"m8_2": Table(
            "Resident memory, while a client of each kind misbehaves",
            ["stage", *(f"after {seconds[sample]:.2g} s, KiB" for sample in quarters)], rows,
            notes=[f"One run of {setting.effort.watched_seconds:g} s, all four attacks together, "
                   f"each by one client, which sends at most {BYTES >> 20} MiB in that time. It is "
                   "no proof of a bound: the tests are. Nor is it the speed at which a server "
                   "could be filled: the attackers decide that."])}

    return Measurement(each(["memory"], ["both"], memory_in_time, setting), tables, counts=True)
