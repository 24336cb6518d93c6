"""Runs a suite against servers that aren't ours, for the suites' own tests."""

import os
import subprocess
import sys
from pathlib import Path


def run_suite(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the tests of that directory in a process of their own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--color=no", *arguments],
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
