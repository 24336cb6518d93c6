"""The ladder of levels, which belongs to the tests."""

import os
import shlex
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROTOCOL = ROOT / "tests" / "protocol"
# How to call this from elsewhere. judge.pyz, which has unpacked it, sets the variable.
JUDGE = os.environ.pop("JUDGE_COMMAND", shlex.quote(str(ROOT / "judge")))
sys.path.insert(0, str(PROTOCOL))

from capabilities import STAGES  # noqa: E402
from ladder import DEFAULT_LEVEL, LADDER, PORT_ONLY_LEVELS, RUNGS, Rung  # noqa: E402

__all__ = ["DEFAULT_LEVEL", "FOUNDATION", "JUDGE", "LADDER", "PROTOCOL", "ROOT", "RUNGS", "STAGES",
           "Rung", "rungs_below", "stage_named"]

FOUNDATION = (*PORT_ONLY_LEVELS, "start")  # no level can be asked for without these


def stage_named(word: str) -> str | None:
    """The one stage that begins so."""
    fitting = [stage for stage in STAGES if word and stage.startswith(word)]
    return fitting[0] if len(fitting) == 1 else None


def rungs_below(level: str) -> tuple:
    """The rungs up to this one; none for a stage."""
    return LADDER[: RUNGS.index(level) + 1] if level in RUNGS else ()
