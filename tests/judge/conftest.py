"""The tests of the tests: what they find, what they say, and whom they must not accuse."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "fleet"), str(HERE.parent / "protocol" / "subjects")]
