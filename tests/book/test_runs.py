"""The book's own runs, of whole servers: book/runs. Those beside the steps are tests of ctest."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from blocks import ROOT

BUILD = Path(os.environ.get("BUILD", ROOT / "build" / "default"))
RUNS = sorted((ROOT / "book" / "runs").glob("*.t"))


def environment() -> dict[str, str]:
    """Ours, but for what tells programs that no human reads what they print."""
    return {**{name: value for name, value in os.environ.items() if name != "CI"},
            "BUILD": str(BUILD), "ROOT": str(ROOT)}


@pytest.mark.parametrize("transcript", RUNS, ids=[path.stem for path in RUNS])
def test_a_run_goes_as_it_is_told(transcript: Path) -> None:
    cram = shutil.which("cram3") or shutil.which("cram")
    if cram is None:
        pytest.skip("no cram here (Debian: apt-get install python3-cram)")
    run = subprocess.run([cram, "--shell=/bin/bash", transcript], cwd=ROOT, text=True,
                         capture_output=True, timeout=120, env=environment())
    Path(f"{transcript}.err").unlink(missing_ok=True)
    if run.returncode != 0:
        pytest.fail(run.stdout, pytrace=False)
