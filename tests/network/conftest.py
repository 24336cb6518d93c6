"""Tests that need a network: namespaces, and programs in them. They need root."""

from pathlib import Path

import pytest

from harness.needed import need_namespaces, need_program, need_root
from harness.target import DEFAULT_BUILD


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--build-dir", default=str(DEFAULT_BUILD), metavar="DIR",
                     help="where the programs are (default: build/default)")


@pytest.fixture(scope="session")
def build(request: pytest.FixtureRequest) -> Path:
    """The directory with the programs. Skips the test if we can't make namespaces."""
    need_root("make network namespaces that others enter")
    need_program("ip")
    need_namespaces("--net")
    return Path(request.config.getoption("--build-dir")).resolve()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory that programs may read after they've given root up."""
    for each in (tmp_path, *tmp_path.parents):
        if each.owner() == "root" and str(each).startswith("/tmp/"):
            each.chmod(0o755)
    return tmp_path
