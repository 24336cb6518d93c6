"""The probes: what bpftrace sees in a daemon that runs, by connections.bt, as an operator does."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import rules
from conftest import ALICE
from harness.needed import need_program, need_root
from harness.proc import wait_until
from harness.subject import REPOSITORY
from kit.parent import only_worker
from kit.reference import NO_PLAN, converted
from kit.server import FingerServer, Start

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.METRICS)]

ANSWER = converted(ALICE)
SCRIPT = REPOSITORY / "finger" / "service" / "connections.bt"
NOTE = re.compile(r"Provider: six_servers\s+Name: (\w+)")
PROBES = {"accepted", "ended", "answered", "turn"}
ATTACH_SECONDS = 60.0  # it compiles the script first


def program_of(pid: int) -> Path:
    """The file that this process runs."""
    return Path(os.readlink(f"/proc/{pid}/exe"))


def names(program: Path) -> set[str]:
    """Of the probes that are noted in the program. Skips the test where none can be."""
    words = [need_program("readelf"), "--notes", "--wide", program]
    found = set(NOTE.findall(subprocess.run(words, capture_output=True, text=True).stdout))
    caches = (directory / "CMakeCache.txt" for directory in program.parents)
    configured = next((file.read_text() for file in caches if file.exists()), "")
    if not found and "HAVE_SYS_SDT_H:INTERNAL=1\n" not in configured:
        pytest.skip("built without <sys/sdt.h> (Debian: apt-get install systemtap-sdt-dev)")
    return found


def need_bpftrace() -> None:
    need_root("look at another process")
    words = [need_program("bpftrace"), "-e", "BEGIN { exit(); }"]
    trial = subprocess.run(words, capture_output=True, text=True)
    if trial.returncode != 0:
        pytest.skip(f"bpftrace cannot be run here: {trial.stderr.strip()}")


class Watching:
    """with Watching(pid) as seen: a process is looked at by connections.bt.

    After that, `counts` has what it has printed each second, added up, and `samples` how many
    samples each of its histograms has.
    """

    def __init__(self, pid: int) -> None:
        need_bpftrace()
        self._pid = pid
        self._said = tempfile.TemporaryFile("w+")
        self.counts: Counter[str] = Counter()
        self.samples: Counter[str] = Counter()

    def __enter__(self) -> Watching:
        words = ["bpftrace", "-f", "json", "-p", str(self._pid), SCRIPT, program_of(self._pid)]
        self._process = subprocess.Popen(words, stdout=self._said, stderr=subprocess.STDOUT)
        assert wait_until(self._looks, ATTACH_SECONDS), f"bpftrace does not begin: {self._text()}"
        return self

    def __exit__(self, kind: object, *_: object) -> None:  # fmt: skip
        self._process.send_signal(signal.SIGINT)
        status = self._process.wait()
        assert kind or status == 0, f"exit status {status}: {self._text()}"
        for line in self._text().splitlines():
            if line.startswith("{"):
                self._take(json.loads(line))

    def _text(self) -> str:
        with open(f"/proc/self/fd/{self._said.fileno()}") as again:
            return again.read()

    def _looks(self) -> bool:
        """Whether the first second is over: what is to be looked at was prepared before it."""
        assert self._process.poll() is None, f"bpftrace has ended: {self._text()}"
        return '"type": "time"' in self._text()

    def _take(self, said: dict[str, Any]) -> None:
        for name, found in said["data"].items() if said["type"] in ("map", "hist") else ():
            if said["type"] == "hist":
                self.samples[name] += sum(bucket["count"] for bucket in found)
            elif isinstance(found, dict):
                self.counts.update({f"{name}[{key}]": count for key, count in found.items()})
            else:
                self.counts[name] += found


def test_the_program_notes_where_its_probes_are(server: FingerServer) -> None:
    assert names(program_of(server.pid)) == PROBES


def test_bpftrace_sees_what_has_happened(start: Start) -> None:
    server = start("--max-per-ip", "1", "--deadline", "1s")
    assert names(program_of(server.pid))
    server.expect(b"alice", ANSWER)  # then it has opened all that it keeps
    at_rest = server.descriptors_at_rest()
    with Watching(server.pid) as seen:
        for _ in range(3):
            server.expect(b"alice", ANSWER)
            server.wait_for_descriptors(at_rest)  # or the next would be one too many
        server.expect(b"bob", NO_PLAN)
        server.wait_for_descriptors(at_rest)
        with server.connect() as silent:
            with server.connect() as second:
                second.expect_answer(b"")
            silent.expect_end()
        server.wait_for_descriptors(at_rest)
    assert seen.counts == {
        "@accepted": 5,
        "@ended[answered]": 3,
        "@ended[no_plan]": 1,
        "@ended[timed_out]": 1,
        "@ended[refused]": 1,
        "@answers": 4,
        "@bytes": 3 * len(ANSWER) + len(NO_PLAN),
    }
    assert seen.samples["@open_ms"] == 5, "who is refused was never open"
    assert seen.samples["@answer_us"] == 4


def test_a_worker_that_has_given_root_up_is_seen_as_well(start_as_root: Start) -> None:
    server = start_as_root()
    worker = only_worker(server)
    assert names(program_of(worker))
    with Watching(worker) as seen:
        server.expect(b"alice", ANSWER)
    assert seen.counts["@ended[answered]"] == seen.counts["@answers"] == 1
