"""A release: one version everywhere, and the same bytes from the same commit."""

import re
import subprocess
from pathlib import Path

import pytest

from harness.needed import need_built, need_program, need_root, path_of
from test_alone import ROOT

VERSION = (ROOT / "common" / "cmake" / "version.txt").read_text().strip()
TOLD = {
    "debian/changelog": r"\A\S+ \((\S+)\)",
    "CHANGELOG.md": r"^## .*, (\S+)$",
    "CITATION.cff": r"^version: (\S+)$",
}
MADE = {f"six-servers-{VERSION}{what}" for what in (".tar.gz", "-site.tar.gz", ".pdf", ".epub")}
MADE |= {"judge.pyz"}


@pytest.mark.parametrize("file", TOLD)
def test_every_text_tells_the_version_of_the_programs(file: str) -> None:
    found = re.findall(TOLD[file], (ROOT / file).read_text(), re.MULTILINE)
    assert found[:1] == [VERSION]


@pytest.mark.parametrize("program", ["part1-blocking/part1-blocking", "finger/fingerd"])
def test_a_program_tells_its_version(program: str) -> None:
    path = need_built(ROOT / "build" / "default" / program)
    told = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    assert told == f"{path.name} {VERSION}\n"


def clone(directory: Path) -> Path:
    if not (ROOT / ".git").exists():
        pytest.skip("needs a checkout of git")
    subprocess.run([need_program("git"), "clone", "-q", ROOT, directory], check=True)
    return directory


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_two_releases_of_one_commit_are_the_same(tmp_path: Path) -> None:
    if path_of("dh") is None:
        need_root("install the packages that this needs")
    copy = clone(tmp_path / "copy")
    sums = []
    for time in ("first", "second"):
        subprocess.run([copy / "tools" / "release", VERSION, tmp_path / time], check=True)
        sums.append((tmp_path / time / "SHA256SUMS").read_text())
    assert sums[0] == sums[1]
    names = {line.split()[1] for line in sums[0].splitlines()}
    assert names > MADE
    assert {name.split("_")[0] for name in names - MADE} == {"six-servers-finger",
                                                           "six-servers-fingerd"}
