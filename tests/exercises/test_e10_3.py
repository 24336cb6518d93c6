"""E10.3: a journal: a line is confirmed when it is on the disk, with one system call for both."""

import re
import resource
import subprocess
from pathlib import Path

import pytest

from harness.strace import from_start
from kit.tested import Begin, Run, Words

pytestmark = [pytest.mark.ring, pytest.mark.program("{file}")]

SUBMITTED = re.compile(r"io_uring_enter\(\d+, (\d+),")
SYNCS = re.compile(r"(fsync|fdatasync|sync|syncfs|write\w*)\(")
LINES = [b"line %d\n" % number for number in range(20)]


def test_every_line_is_appended_and_confirmed(run: Run, tmp_path: Path) -> None:
    """Each line of the input is appended to the file, and `ok` printed for it; what was there
    stays."""
    journal = tmp_path / "journal"
    journal.write_bytes(b"was there\n")
    ended = run(input=b"".join(LINES), file=journal)
    assert ended.returncode == 0, ended.stderr.decode()
    assert journal.read_bytes() == b"was there\n" + b"".join(LINES)
    assert ended.stdout == b"ok\n" * len(LINES)


def test_a_line_is_confirmed_before_the_next_one_comes(begin: Begin, tmp_path: Path) -> None:
    """The confirmation comes at once, not when the input ends: somebody waits for it."""
    journal = tmp_path / "journal"
    process = begin(file=journal)
    for number, line in enumerate(LINES):
        process.stdin.write(line)
        assert process.stdout.readline() == b"ok\n"
        assert journal.read_bytes() == b"".join(LINES[:number + 1])


def test_one_call_submits_both(words: Words, tmp_path: Path, patience: float) -> None:
    """A line costs one io_uring_enter(2), which submits two orders, the write and the fsync;
    neither is done by a call of its own."""
    log, journal = tmp_path / "log", tmp_path / "journal"
    calls = "trace=io_uring_enter,write,pwrite64,writev,fsync,fdatasync,sync,syncfs"
    subprocess.run([*from_start(log, "-e", calls), *words(file=journal)], check=True,
                   input=b"".join(LINES), stdout=subprocess.PIPE, timeout=patience)
    text = log.read_text()
    submitted = [int(found[1]) for found in SUBMITTED.finditer(text)]
    assert submitted == [2] * len(LINES), f"{len(LINES)} lines; orders submitted: {submitted}"
    alone = [line for line in text.splitlines()
             if SYNCS.search(line) and "ok\\n" not in line]
    assert not alone, f"done by a call of its own: {alone[0]}"


def test_a_full_disk_confirms_nothing(run: Run) -> None:
    """A write that fails ends the program with status 1: on /dev/full, the first."""
    ended = run(input=b"".join(LINES), file="/dev/full")
    assert ended.returncode == 1, f"exit status {ended.returncode}, wanted 1"
    assert ended.stdout == b"", f"confirmed, though nothing was written: {ended.stdout!r}"
    assert b"No space left on device" in ended.stderr, f"it said {ended.stderr!r}, not why"


def test_half_a_line_is_not_confirmed(words: Words, tmp_path: Path, patience: float) -> None:
    """A write may fall short. In a chain that counts as a failure, so that the fsync after it is
    cancelled: half a line is not confirmed, and ends the program with status 1."""
    journal = tmp_path / "journal"

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))

    ended = subprocess.run(words(file=journal), input=b"twelve bytes\nand twelve more\n",
                           capture_output=True, timeout=patience, preexec_fn=limit)
    assert journal.read_bytes() == b"twelve bytes\nand twe", "this test tested nothing"
    assert ended.stdout == b"ok\n", f"confirmed {ended.stdout!r} for one line and a half"
    assert ended.returncode == 1, f"exit status {ended.returncode}, wanted 1"
