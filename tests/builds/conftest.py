"""Debian's packages of what is committed, and systems that boot, with and without them."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from booted import System, make_base
from harness.needed import need_program
from test_alone import ROOT

RELEASES = ("bookworm", "trixie")  # systemd 252, and 257


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with what dpkg-buildpackage makes, and in `later` the same as a later version."""
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
    (directory / "later").mkdir()
    for package in directory.glob("*.deb"):
        if "-dbgsym_" not in package.name:
            make_later(package, directory / "unpacked")
    return directory


def make_later(package: Path, unpacked: Path) -> None:
    subprocess.run(["dpkg-deb", "--raw-extract", package, unpacked], check=True)
    control = unpacked / "DEBIAN" / "control"
    control.write_text(re.sub(r"(?m)^Version: .*", r"\g<0>+later", control.read_text()))
    later = package.parent / "later" / package.name
    subprocess.run(["dpkg-deb", "--build", unpacked, later], check=True, capture_output=True)
    shutil.rmtree(unpacked)


@pytest.fixture(scope="session", params=RELEASES)
def base(request: pytest.FixtureRequest) -> Path:
    return make_base(request.param)


def boot(base: Path, packages: Path, directory: Path) -> Iterator[System]:
    booted = System(base, directory)
    try:
        for which, there in (("now", packages), ("later", packages / "later")):
            (booted.root / "debs" / which).mkdir(parents=True)
            for package in there.glob("six-servers-finger*_*.deb"):
                if "-dbgsym_" not in package.name:
                    shutil.copy(package, booted.root / "debs" / which)
        yield booted
    finally:
        booted.stop()


@pytest.fixture
def bare(base: Path, packages: Path, tmp_path: Path) -> Iterator[System]:
    """A booted one with alice, who has a plan; the packages are in it, and not installed."""
    for system in boot(base, packages, tmp_path):
        system.add_user("alice")
        yield system


@pytest.fixture(scope="module")
def installed(
    base: Path, packages: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    for system in boot(base, packages, tmp_path_factory.mktemp("booted")):
        system.add_user("alice")
        system.add_user("bob")
        system.install()
        system.opt_in("alice")
        yield system


@pytest.fixture
def system(installed: System) -> Iterator[System]:
    """A booted one with the packages, and two users: alice has opted in, bob has not."""
    yield installed
    installed.restore()
