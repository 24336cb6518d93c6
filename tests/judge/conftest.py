"""The tests of the tests: which bugs they find, how they explain them, and whom they mustn't
accuse."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "fleet"), str(HERE.parent / "protocol" / "subjects")]
