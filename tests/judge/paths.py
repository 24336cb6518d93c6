"""Where the tests are, and how to call the judge. Everything here imports this."""

import os
import shlex
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROTOCOL = ROOT / "tests" / "protocol"
# How to call the judge from elsewhere. judge.pyz sets the variable when it has unpacked us.
JUDGE = os.environ.pop("JUDGE_COMMAND", shlex.quote(str(ROOT / "judge")))
sys.path.insert(0, str(PROTOCOL))
