"""Debian packages of the last commit, and systems that boot, with and without them."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from booted import System, make_base
from harness.needed import need_program
from test_alone import ROOT

RELEASES = ("bookworm", "trixie")  # they have systemd 252 and 257


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the output of dpkg-buildpackage."""
    need_program("git", "dpkg-buildpackage", "dh")
    directory = tmp_path_factory.mktemp("package")
    source = directory / "source"
    source.mkdir()
    export = f"git -C '{ROOT}' archive HEAD | tar -x -C '{source}'"
    subprocess.run(["bash", "-o", "pipefail", "-c", export], check=True)
    words = ["dpkg-buildpackage", "-us", "-uc", "-b"]
    run = subprocess.run(words, cwd=source, capture_output=True, text=True)
    if "Unmet build dependencies" in run.stderr:
        pytest.skip(run.stderr.strip().splitlines()[-1])
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    shutil.rmtree(source)
    return directory


@pytest.fixture(params=RELEASES)
def bare(request: pytest.FixtureRequest, packages: Path, tmp_path: Path) -> Iterator[System]:
    """A booted system, with the packages in a directory."""
    booted = System(make_base(request.param), packages, tmp_path)
    yield booted
    booted.stop()


@pytest.fixture
def system(bare: System) -> System:
    """A booted system with the packages installed, and two users: alice has opted in, but bob
    hasn't."""
    bare.add_user("bob")
    bare.install()
    bare.opt_in("alice")
    return bare
