"""Clients that misbehave: who waits meanwhile (M7.1), and how the memory grows (M7.2). Each attack
is made on a stage as it is, and with the defect that it finds: put back by a patch of the bug zoo,
or without a timeout."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from contenders import CLIENT_CORE, REPOSITORY, SERVER_CORE, STAGES, on_core
from harness.server import Server
from harness.target import Target
from measures import variants
from measures.experiment import (Cell, Chart, Experiment, Setting, Table, exact, measured,
                                 of_rounds, words)
from rounds import Job, Results
from workloads import Numbers, client

PART3, PART5 = "part3-nonblocking", "part5-epoll"
ATTACKERS = 8
READ_TIMEOUT, NO_TIMEOUT = "50ms", "--read-timeout 0"
LATENCY_APART_MAX = 0.25
BUILD_SECONDS = 900
QUICK_LENGTH_MAX = 2.0
FIRST_ONE_OUT_SECONDS = 0.25  # after the timeout, and a queue of those who came back


@dataclass(frozen=True)
class Attack:
    """What is done to whom, and the patch, or the option, that takes the answer to it away."""

    title: str
    kind: str
    stage: str
    bug: str
    takes_all_places: bool  # or there is room for new connections
    length: float  # for each second of the effort


ATTACKS = (
    Attack("never reads", "never-reads", PART3, "output-without-bound", False, 1),
    Attack("dribbles", "dribbles", PART5, "bytes-extend-time", True, 4),
    Attack("pipelines", "pipelines", PART5, "second-message-closes", False, 2),
    Attack("is silent", "silent", PART5, NO_TIMEOUT, True, 4),
)
BROKEN, MENDED = "broken", "as it is"


def seconds_of(attack: Attack, setting: Setting) -> float:
    length = attack.length if setting.thorough else min(attack.length, QUICK_LENGTH_MAX)
    least = FIRST_ONE_OUT_SECONDS if attack.takes_all_places else 0.0
    return max(length * setting.effort.seconds, least)


def broken_program(bug: str, stage: str) -> Path:
    """The stage with this bug in it, built where that has not been done since something changed."""
    program = REPOSITORY / "build" / "zoo" / "bin" / bug / stage / stage
    patch = REPOSITORY / "book" / "bugs" / f"{bug}.patch"
    sources = [patch, *(file for part in (stage, "common")
                        for file in (REPOSITORY / part).glob("*.*"))]
    newest = max(file.stat().st_mtime for file in sources)
    if not program.is_file() or program.stat().st_mtime < newest:
        print(f"measure: builds {stage} with the bug {bug}", file=sys.stderr)
        run = subprocess.run(
            [sys.executable, REPOSITORY / "tests" / "zoo" / "run.py", "build", bug, stage],
            capture_output=True, text=True, timeout=BUILD_SECONDS)  # fmt: skip
        if run.returncode != 0:
            pytest.skip(f"{stage} with the bug {bug} is not built: {run.stderr.strip()}")
    return program


def program_of(stage: str, setting: Setting) -> Path:
    """The stage as it is. Skips where it is not built."""
    program = setting.build / stage / stage
    if not program.is_file():
        pytest.skip(f"{stage} is not built")
    return program


def programs(bug: str, stage: str, setting: Setting) -> dict[str, Path]:
    """Both forms of a stage: where an option makes the difference, the same program."""
    healthy = program_of(stage, setting)
    return {BROKEN: healthy if bug == NO_TIMEOUT else broken_program(bug, stage), MENDED: healthy}


@contextmanager
def running(program: Path, places: int, *more: str) -> Iterator[Server]:
    """A server with so many places, on its core."""
    options = ["--max-connections", str(places), "--read-timeout", READ_TIMEOUT, *more]
    options += ["--workers", "1"] if program.name in STAGES else []
    target = Target(program.name, STAGES[0], (*on_core(SERVER_CORE), str(program)))
    server = Server(target, options, patience=60)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.kill()


def suffer(attack: Attack, form: str, program: Path, setting: Setting) -> Numbers:
    """What a bystander and new clients get meanwhile."""
    more = attack.bug.split() if (form, attack.bug) == (BROKEN, NO_TIMEOUT) else []
    places = ATTACKERS + (1 if attack.takes_all_places else 10)
    seconds = seconds_of(attack, setting)
    with running(program, places, *more) as server:
        found: Numbers = json.loads(client(
            variants.path_of("attack", setting), "--port", str(server.address[1]), "--kind",
            attack.kind, "--attackers", str(ATTACKERS), "--duration", f"{seconds * 1000:.0f}ms",
            within=seconds))
    return found


def m7_1_jobs(setting: Setting) -> Iterable[Job]:
    variants.path_of("attack", setting)
    for attack in ATTACKS:
        for form, program in programs(attack.bug, attack.stage, setting).items():
            yield Job(attack.kind, form, partial(suffer, attack, form, program, setting))


def newcomers(rounds: list[Numbers], seconds: float) -> Cell:
    """How long one waits for its answer; those who have none are more than a number."""
    if all(found["newcomers"] == 0 for found in rounds):
        return words(f"none in {seconds:g} s")
    answered = [found["newcomer_ms"] for found in rounds if found["newcomers"] > 0]
    return measured(answered, LATENCY_APART_MAX)


def bystander(rounds: list[Numbers], number: str) -> Cell:
    if all(found["answers"] == 0 for found in rounds):
        return words("none")
    return measured([found[number] for found in rounds], LATENCY_APART_MAX)


def m7_1_tables(results: Results, setting: Setting) -> dict[str, Table]:
    rows = []
    for attack in ATTACKS:
        for form, rounds in results.get(attack.kind, {}).items():
            stage = f"{attack.stage}, `{attack.bug}`" if form == BROKEN else attack.stage
            rows.append((f"{attack.title}: {stage}", [
                bystander(rounds, "p50_us"), bystander(rounds, "p99_us"),
                newcomers(rounds, seconds_of(attack, setting)),
                of_rounds(results, attack.kind, form, "thrown_out", 1, LATENCY_APART_MAX)]))
    return {"m7_1": Table(
        f"The others, while {ATTACKERS} clients misbehave",
        ["attack: stage", "bystander, p50, µs", "p99, µs",
         "new connection's answer, ms", "attackers thrown out"], rows,
        notes=[f"`--read-timeout {READ_TIMEOUT}`. Clients that dribble or are silent take every "
               "slot but the bystander's, so a new connection waits until one of them is thrown "
               "out. That one connects again, and waits as well. The other attacks leave room. "
               "Bystander and attackers share a core of the client's machine: the numbers are not "
               "what a bystander on another machine would get, and compare only line by line."])}


# M7.2: the server's memory, while all of them are at work

BYTES = 128 << 20  # of each attacker, in all: the broken server keeps what is not read
SAMPLES = 20
MEMORY_BUG = ATTACKS[0]


def memory_in_time(chosen: dict[str, Path], setting: Setting) -> Numbers:
    """Resident bytes of each server, again and again; all are attacked at the same time, for no
    clock decides about memory."""
    attack, seconds = variants.path_of("attack", setting), setting.effort.watched_seconds
    bytes_a_second = f"{BYTES / seconds:.0f}"
    found: Numbers = {}
    with (running(chosen[BROKEN], 10) as broken,
          running(chosen[MENDED], 10) as mended):  # fmt: skip
        servers = {BROKEN: broken, MENDED: mended}
        attackers = [
            subprocess.Popen(
                [*on_core(CLIENT_CORE), attack, "--port", str(server.address[1]),
                 "--kind", each.kind, "--attackers", "1", "--bytes-a-second", bytes_a_second,
                 "--duration", f"{seconds * 1000:.0f}ms"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for server in servers.values() for each in ATTACKS]  # fmt: skip
        try:
            begin = time.monotonic()
            for sample in range(SAMPLES + 1):
                # The last a little before the end, with all of them still there.
                time.sleep(max(begin + sample * seconds * 0.95 / SAMPLES - time.monotonic(), 0))
                for form, server in servers.items():
                    found[f"{form} {sample}"] = server.process.rss_bytes()
        finally:
            for process in attackers:
                process.kill()
                process.wait()
    return found


def m7_2_jobs(setting: Setting) -> Iterable[Job]:
    variants.path_of("attack", setting)
    chosen = {BROKEN: broken_program(MEMORY_BUG.bug, PART3), MENDED: program_of(PART5, setting)}
    yield Job("memory", "both", partial(memory_in_time, chosen, setting))


def m7_2_tables(results: Results, setting: Setting) -> dict[str, Table]:
    (found,) = results["memory"]["both"]
    titles = {BROKEN: f"{PART3}, `{MEMORY_BUG.bug}`", MENDED: PART5}
    quarters = [SAMPLES * quarter // 4 for quarter in (0, 1, 2, 4)]
    seconds = [setting.effort.watched_seconds * 0.95 * sample / SAMPLES
               for sample in range(SAMPLES + 1)]
    rows = [(title, [exact(found[f"{form} {sample}"] // 1024) for sample in quarters])
            for form, title in titles.items()]
    curves = {title.replace("`", ""): [
        (seconds[sample], measured([found[f"{form} {sample}"] / 1024]))
        for sample in range(SAMPLES + 1)] for form, title in titles.items()}
    chart = Chart(
        "A server's memory, while clients misbehave in four ways",
        "Two curves of resident memory over time: a server that keeps whatever its clients do not "
        "read, and one that stops reading from them.",
        "seconds", "resident memory, KiB", curves, log_x=False, log_y=True)
    return {"m7_2": Table(
        "Resident memory, while a client of each kind misbehaves",
        ["stage", *(f"after {seconds[sample]:.2g} s, KiB" for sample in quarters)], rows, chart,
        notes=[f"One run of {setting.effort.watched_seconds:g} s, all four attacks together, "
               f"each by one client, which sends at most {BYTES >> 20} MiB in that time. It is no "
               "proof of a bound: the tests are. Nor is it the speed at which a server could be "
               "filled: the attackers decide that."])}


M7_1 = Experiment(("m7_1",), m7_1_jobs, m7_1_tables)
M7_2 = Experiment(("m7_2",), m7_2_jobs, m7_2_tables, counts=True)
