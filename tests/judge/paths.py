"""Where the tests are, which everything here imports, and how the judge is called."""

import os
import shlex
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROTOCOL = ROOT / "tests" / "protocol"
# How to call this from elsewhere. judge.pyz, which has unpacked it, sets the variable.
JUDGE = os.environ.pop("JUDGE_COMMAND", shlex.quote(str(ROOT / "judge")))
sys.path.insert(0, str(PROTOCOL))
