"""Builds the site once, as it is now."""

import re
import subprocess
from pathlib import Path

import pytest
from blocks import ROOT
from harness.needed import need_program

NO_NETWORK = re.compile(r"\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|ETIMEDOUT)\b")


@pytest.fixture(scope="session")
def built_site() -> Path:
    """The directory of the built site. Skips if npm cannot fetch the packages."""
    need_program("npm")
    run = subprocess.run([ROOT / "read", "--build"], capture_output=True, text=True)
    if run.returncode != 0:
        if "npm" in run.stderr and (why := NO_NETWORK.search(run.stderr)):
            pytest.skip(f"npm cannot fetch the site's packages: {why[0]}")
        pytest.fail(run.stderr, pytrace=False)
    return ROOT / "build" / "site"
