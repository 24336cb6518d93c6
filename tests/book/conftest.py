"""The book's tests also read the exercises."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "exercises"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """--about is for ./check part5, which doesn't build everything."""
    parser.addoption("--about", action="append", default=[], metavar="PART",
                     help="of the book's own runs only those of this part, as part5-epoll or "
                     "finger, and of those the ones whose programs are built; may be repeated")
