"""--help of a program, in one form whatever CLI11 it was built with."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path


def help_of(program: Path) -> str:
    """What it prints. Versions of CLI11 differ in how they write a default: `--port N=5882` is the
    older form, and what this returns; `--port N [5882]` is the newer one, since 2.4.
    """
    run = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=20)
    assert (run.returncode, run.stderr) == (0, "")
    return re.sub(r"^(  -.*? [A-Z]+) \[(\S+)\]", r"\1=\2", run.stdout, flags=re.MULTILINE)
