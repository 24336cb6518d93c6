"""E4.2: two threads that wait for each other."""

import subprocess

import pytest

RUNS = 10
SECONDS = 10


def test_it_comes_to_an_end(given: str) -> None:
    """The program ends by itself in ten of ten runs, and loses no visitor."""
    for number in range(1, RUNS + 1):
        try:
            ran = subprocess.run([given], capture_output=True, text=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            pytest.fail(f"run {number} of {RUNS} has not ended after {SECONDS} s", pytrace=False)
        assert (ran.returncode, ran.stdout) == (0, "4000 visitors\n"), f"run {number}: {ran}"
