"""What needs a network: namespaces, and programs in them. Needs root."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "protocol")]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--build-dir", default=str(HERE.parents[1] / "build" / "default"),
                     metavar="DIR", help="where the programs are (default: build/default)")


@pytest.fixture(scope="session")
def build(request: pytest.FixtureRequest) -> Path:
    """Where the programs are; skips where there can be no namespace."""
    if os.geteuid() != 0:
        pytest.skip("only root can make network namespaces that others enter")
    for program in ("unshare", "nsenter", "ip"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    if subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode != 0:
        pytest.skip("no network namespace is permitted here")
    return Path(request.config.getoption("--build-dir")).resolve()


def built(program: Path) -> Path:
    """The same; skips where it has not been built."""
    if not program.is_file():
        pytest.skip(f"{program.name} is not built")
    return program


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where those that give root up may read."""
    for each in (tmp_path, *tmp_path.parents):
        if each.owner() == "root" and str(each).startswith("/tmp/"):
            each.chmod(0o755)
    return tmp_path
