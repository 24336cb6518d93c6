"""E12.1: an operation of the program's own."""

import errno
import os
import subprocess
from pathlib import Path

import pytest

from harness.strace import from_start
from kit.tested import Run, Words

pytestmark = [pytest.mark.ring, pytest.mark.program("{file} {name} {value}")]

NAME = "user.colour"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that can have attributes."""
    made = tmp_path / "file"
    made.touch()
    try:
        os.setxattr(made, NAME, b"none yet")
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            pytest.skip(f"files in {tmp_path} can have no attributes")
        raise
    return made


@pytest.mark.parametrize("value", ["green", "", "a longer one " * 20])
def test_the_attribute_is_set(run: Run, file: Path, value: str) -> None:
    """The file gets the attribute with that value, and the program exits with 0."""
    ended = run(file=file, name=NAME, value=value)
    assert ended.returncode == 0, ended.stderr.decode()
    assert os.getxattr(file, NAME) == value.encode()


def test_a_failure_says_what_it_was(run: Run, tmp_path: Path) -> None:
    """If the operation fails, the program prints the error's text and exits with 1."""
    ended = run(file=tmp_path / "nobody", name=NAME, value="green")
    assert ended.returncode == 1
    assert b"No such file or directory" in ended.stderr, f"it said {ended.stderr!r}"


def test_the_ring_has_done_it(
    words: Words, file: Path, tmp_path: Path, patience: float
) -> None:
    """The program uses the ring, not setxattr(2) or one of its cousins."""
    log = tmp_path / "log"
    calls = "trace=io_uring_enter,setxattr,lsetxattr,fsetxattr"
    command = words(file=file, name=NAME, value="green")
    subprocess.run([*from_start(log, "-e", calls), *command], check=True, timeout=patience)
    text = log.read_text()
    assert "setxattr(" not in text, text
    assert "io_uring_enter(" in text, "the ring was never entered"
