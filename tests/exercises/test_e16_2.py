"""E16.2: which of five results is a regression?"""

import sys
from pathlib import Path

import pytest

from exercise import TESTS
from kit.tested import Run

sys.path.insert(0, str(TESTS / "given"))

import e16_2 as nights  # noqa: E402

pytestmark = pytest.mark.program("{directory}")


@pytest.mark.parametrize("seed", range(1, 16))
def test_the_slower_build_is_found(
    seed: int, run: Run, tmp_path: Path
) -> None:
    """Your program prints the night whose build is slower than the release, such as `tuesday`, or
    `none`."""
    nights.write(tmp_path, seed)
    ran = run(directory=tmp_path)
    assert ran.returncode == 0, ran.stderr.decode()
    assert ran.stdout.decode().strip() == (nights.slow_night(seed) or "none")
