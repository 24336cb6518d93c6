"""E10.1: a copy with eight reads in flight, which complete in any order."""

import os
import random
import re
import subprocess
from pathlib import Path

import pytest

from harness.strace import from_start
from kit.tested import Run, Words

pytestmark = [
    pytest.mark.ring,
    pytest.mark.program("{source} {target}"),
]

MIB = 1 << 20
SUBMITTED = re.compile(r"io_uring_enter\(\d+, (\d+),")
SIZES = (0, 1, 4095, 4096, 4097, 32_768, 8 * 32_768 + 1, 8 * 65_536, 3 * MIB - 1)


def copied(run: Run, directory: Path, data: bytes) -> None:
    """Has a file with these bytes copied, and compares."""
    source, target = directory / "source", directory / "target"
    source.write_bytes(data)
    expect_copy(run, source, target)


def expect_copy(run: Run, source: Path, target: Path) -> None:
    """Has the file copied, and compares."""
    ended = run(source=source, target=target)
    assert ended.returncode == 0, f"exit status {ended.returncode}: {ended.stderr.decode()}"
    wanted, got = source.read_bytes(), target.read_bytes()
    assert len(got) == len(wanted), f"the copy has {len(got)} bytes, the file {len(wanted)}"
    if got != wanted:
        first = next(i for i, (a, b) in enumerate(zip(got, wanted)) if a != b)
        pytest.fail(f"the copy differs from byte {first} on")


@pytest.mark.parametrize("size", SIZES)
def test_a_file_of_any_size_is_copied(run: Run, tmp_path: Path, size: int) -> None:
    """The copy has the same bytes as the file, for files of any size."""
    copied(run, tmp_path, random.Random(size).randbytes(size))


def test_an_older_and_longer_copy_is_replaced(run: Run, tmp_path: Path) -> None:
    """Nothing is left of the target's old content."""
    (tmp_path / "target").write_bytes(b"old" * 100_000)
    copied(run, tmp_path, b"new")


def test_reads_may_complete_in_any_order(run: Run, tmp_path: Path) -> None:
    """Only its user_data says which block a completion belongs to. Here parts of the file are in
    memory and complete at once; the others are read from the disk."""
    source = tmp_path / "source"
    data = random.Random(9).randbytes(4 * MIB)
    source.write_bytes(data)
    for turn in range(5):
        with source.open("rb") as file:
            os.fsync(file.fileno())
            for begin in range(turn % 2 * 128 * 1024, len(data), 256 * 1024):
                os.posix_fadvise(file.fileno(), begin, 128 * 1024, os.POSIX_FADV_DONTNEED)
        expect_copy(run, source, tmp_path / f"target{turn}")


def test_holes_stay_holes(run: Run, tmp_path: Path) -> None:
    """A block of zeros is not written, and takes no room in the copy. The copy is as long as the
    file, even if the file ends in a hole."""
    source, target = tmp_path / "source", tmp_path / "target"
    with source.open("wb") as file:
        for begin in (0, 10 * MIB, 40 * MIB + 5):
            file.seek(begin)
            file.write(b"an island")
        file.truncate(64 * MIB)
    expect_copy(run, source, target)
    room = target.stat().st_blocks * 512
    assert room < MIB, f"three islands in 64 MiB of nothing take {room} bytes in the copy"


def test_eight_reads_are_in_flight(words: Words, tmp_path: Path, patience: float) -> None:
    """Eight reads are submitted with the first io_uring_enter(2), and the file is read in no other
    way."""
    source, log = tmp_path / "source", tmp_path / "log"
    source.write_bytes(bytes(range(256)) * 40_000)
    calls = "trace=io_uring_enter,pread64,preadv,copy_file_range,sendfile,splice"
    command = words(source=source, target=tmp_path / "target")
    subprocess.run([*from_start(log, "-e", calls), *command], check=True, timeout=patience)
    text = log.read_text()
    submitted = [int(found[1]) for found in SUBMITTED.finditer(text)]
    assert submitted, "strace saw no io_uring_enter"
    assert submitted[0] == 8, f"the first io_uring_enter submitted {submitted[0]}, not 8"
    others = re.findall(r"pread64|preadv|copy_file_range|sendfile|splice", text)
    assert len(others) < 8, f"the file was read with {others[0]}"  # the loader reads a little
