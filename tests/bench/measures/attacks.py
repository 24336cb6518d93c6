"""The growth of two servers' memory while clients misbehave (M8.2): a stage as it is, and one with
a defect from the bug zoo."""

import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from contenders import PART3, PART5, REPOSITORY, Contender
from harness.needed import need_built
from measures.experiment import Measurement, Setting, Table, each
from measures.cells import exact
from rounds import Results
from workloads import Numbers

BROKEN, MENDED = "broken", "as it is"
ATTACKS = ("never reads", "dribbles", "pipelines", "silent")
NEVER_READS, DRIBBLES, _, SILENT = ATTACKS
TICK = 0.01
READ_BYTES_MAX = 20_000  # in a tick, so a pipelining client reads more slowly than it sends


def broken_build(bug: str, stage: str) -> Path:
    """The build directory of the stage with this bug, built again if anything changed."""
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
    """The build directory of the stage with a bug, or without."""
    need_built(setting.build / stage / stage)
    return broken_build(bug, stage) if bug else setting.build


OPTIONS = ("--max-connections", "10", "--read-timeout", "50ms")
BYTES = 128 << 20  # from each attacker in all, because the broken server keeps unread answers
SAMPLES = 20
MEMORY = {BROKEN: (PART3, "output-without-bound"), MENDED: (PART5, "")}
WATCHED_SHARE = 0.95  # the last sample comes before the end, with all attackers still there


class Attacker(threading.Thread):
    """A client that misbehaves until it is stopped, and reconnects when the server closes it."""

    def __init__(self, kind: str, address: tuple[str, int], bytes_a_second: float) -> None:
        super().__init__(daemon=True)
        self.kind, self.address, self.tick_bytes = kind, address, int(bytes_a_second * TICK)
        self.stopping = threading.Event()

    def stop(self) -> None:
        self.stopping.set()
        self.join()

    def run(self) -> None:
        while not self.stopping.is_set():
            try:
                with socket.create_connection(self.address, timeout=1) as peer:
                    peer.setblocking(False)
                    self.misbehave(peer)
            except OSError:
                self.stopping.wait(TICK)

    def misbehave(self, peer: socket.socket) -> None:
        if self.kind == DRIBBLES:
            peer.send((65_536).to_bytes(4, "little"))  # a byte of payload follows now and then
        while not self.stopping.wait(TICK):
            try:
                if self.kind == DRIBBLES:
                    peer.send(b"a")
                elif self.kind != SILENT:
                    peer.send(bytes(self.tick_bytes))  # messages without a byte
            except BlockingIOError:
                pass
            try:
                if self.kind != NEVER_READS and not peer.recv(READ_BYTES_MAX):
                    return
            except BlockingIOError:
                pass


def memory_in_time(_: str, both: str, setting: Setting) -> Numbers:
    """Resident bytes of each server, at intervals. We attack all of them at the same time, because
    speed doesn't matter for memory."""
    seconds, found = setting.effort.watched_seconds, {}
    with ExitStack() as ends:
        servers = {form: ends.enter_context(
            Contender(stage, stage, OPTIONS).running(build_of(stage, bug, setting)))
            for form, (stage, bug) in MEMORY.items()}
        for server in servers.values():
            for attack in ATTACKS:
                attacker = Attacker(attack, server.address, BYTES / seconds)
                ends.callback(attacker.stop)
                attacker.start()
        begin = time.monotonic()
        for sample in range(SAMPLES + 1):
            due = begin + sample * seconds * WATCHED_SHARE / SAMPLES
            time.sleep(max(due - time.monotonic(), 0))
            for form, server in servers.items():
                found[f"{form} {sample}"] = server.process.first.rss_bytes()
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
