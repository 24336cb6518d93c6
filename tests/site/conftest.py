"""The site as it is now, built once."""

import re
import subprocess
from pathlib import Path

import pytest
from blocks import ROOT
from harness.needed import need_program

NO_NETWORK = re.compile(r"\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|ETIMEDOUT)\b")


@pytest.fixture(scope="session")
def built_site() -> Path:
    """Its directory. Where its packages cannot be had, it cannot be built."""
    need_program("npm")
    run = subprocess.run([ROOT / "read", "--build"], capture_output=True, text=True)
    if run.returncode != 0:
        if "npm" in run.stderr and (why := NO_NETWORK.search(run.stderr)):
            pytest.skip(f"npm cannot fetch the site's packages: {why[0]}")
        pytest.fail(run.stderr, pytrace=False)
    return ROOT / "build" / "site"
