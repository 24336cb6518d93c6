"""The programs that measure what no stage does count right."""

import json
import subprocess
from pathlib import Path

import pytest
from contenders import DEFAULT_BUILD, PART5, Contender
from harness.strace import need_ptrace
from measures import attacks, variants
from measures.effort import QUICK
from measures.experiment import Setting

SETTING = Setting(DEFAULT_BUILD, QUICK)


@pytest.mark.parametrize("size", [0, 8])
def test_the_calls_of_a_batch_are_those_that_strace_sees(size: int, tmp_path: Path) -> None:
    """Those of more operations: a program reads its libraries, too."""
    told, seen, log = [], [], tmp_path / "strace"
    need_ptrace()
    for operations in (32, 320):
        words = variants.command(SETTING, "ring_batches", batch=size, operations=operations)
        run = subprocess.run(["strace", "-qq", "-e", "trace=read,io_uring_enter", "-o", log,
                              *words], check=True, capture_output=True)
        told.append(json.loads(run.stdout)["calls"])
        seen.append(len(log.read_text().splitlines()))
    assert told[1] - told[0] == seen[1] - seen[0] == 288 / max(size, 1)


@pytest.mark.parametrize("attackers", [0, 7, 8])
def test_newcomers_are_answered_while_there_is_room(attackers: int) -> None:
    """The server has a place for a bystander and eight more, and no timeout."""
    options = ("--max-connections", "9", "--read-timeout", "0")
    with Contender(PART5, PART5, options).running(SETTING.build) as server:
        found = variants.run(SETTING, "attack", **attacks.how(server, "silent", 0.1, attackers))
    assert found["answers"] > 0 and found["unanswered"] == 0
    assert (found["newcomers"] > 0) == (attackers < 8)
    assert (found["newcomers_unanswered"] > 0) == (attackers == 8)
