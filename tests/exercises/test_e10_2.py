"""E10.2: a ring without barriers, to be fixed in place: given/e10_2.cc."""

import re
import subprocess
from pathlib import Path

import pytest

GIVEN = Path(__file__).parent / "given" / "e10_2.cc"
COMPILE = ("c++", "-std=c++23", "-O1", "-g", "-pthread")
RUN_SECONDS = 60
LOCKS = re.compile(r"\b(mutex|\w+_lock|lock_guard|condition_variable|\w*semaphore)\b")
RIGHT = "100000 entries, 0 wrong\n"


def compiled(directory: Path, *options: str) -> Path:
    """Compiles the program with these further options."""
    program = directory / "ring"
    built = subprocess.run([*COMPILE, *options, str(GIVEN), "-o", str(program)],
                           capture_output=True, text=True)
    if "tsan" in built.stderr and built.returncode != 0:
        pytest.skip(f"there is no thread sanitizer here: {built.stderr.splitlines()[-1]}")
    if built.returncode != 0:
        pytest.fail(built.stderr, pytrace=False)
    return program


def test_no_race_is_left(tmp_path: Path) -> None:
    """The thread sanitizer finds nothing in given/e10_2.cc. It tests for the language's rules, not
    for the behaviour of this processor."""
    ran = subprocess.run([compiled(tmp_path, "-fsanitize=thread")], capture_output=True, text=True,
                         timeout=RUN_SECONDS)
    if "unexpected memory mapping" in ran.stderr:
        pytest.skip("the thread sanitizer cannot run here: vm.mmap_rnd_bits is too large for it")
    if "WARNING: ThreadSanitizer" in ran.stderr:
        pytest.fail(ran.stderr[:3000], pytrace=False)
    assert ran.stdout == RIGHT, f"it printed {ran.stdout!r}, wanted {RIGHT!r}"


def test_there_is_no_lock() -> None:
    """Neither side locks anything, because a kernel wouldn't take part in that."""
    found = LOCKS.search(GIVEN.read_text())
    assert not found, f"given/e10_2.cc has a {found[0]}"


@pytest.mark.parametrize("level", ["-O1", "-O2"])
def test_what_goes_in_comes_out(tmp_path: Path, level: str) -> None:
    """A hundred thousand entries come out as they went in, at each level of optimization."""
    ran = subprocess.run([compiled(tmp_path, level)], capture_output=True, text=True,
                         timeout=RUN_SECONDS)
    assert ran.stdout == RIGHT, f"it printed {ran.stdout!r}, wanted {RIGHT!r}"
