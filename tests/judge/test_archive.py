"""judge.pyz, the judge without a checkout."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness.target import REPOSITORY
from run_judge import SUBJECTS, environment, judge

pytestmark = pytest.mark.timeout(400)

MAKE = REPOSITORY / "tools" / "judge-archive" / "make"


def run(*words: str, at: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command in an environment in which we've remembered and unpacked nothing yet."""
    return subprocess.run(words, cwd=at, capture_output=True, text=True, timeout=300,
                          env=environment(at / "state") | {"XDG_CACHE_HOME": str(at / "cache")})


@pytest.mark.parametrize(("bug", "status"), [("none", 0), ("drops-half-closed", 1)])
def test_the_archive_judges_as_the_script_does(bug: str, status: int, tmp_path: Path) -> None:
    made = run(str(MAKE), "judge.pyz", at=tmp_path)
    assert made.returncode == 0, made.stderr
    here = tmp_path / "empty"
    here.mkdir()
    words = (f"{sys.executable} {SUBJECTS}/broken_servers.py {bug} --port {{port}}",
             "--level", "closing", "-k", "1-bytes-of-it", "--report", "judge.xml")
    ran = run(sys.executable, str(tmp_path / "judge.pyz"), *words, at=here)
    assert ran.returncode == status, ran.stdout + ran.stderr
    said = judge(*words[:-2], at=tmp_path).said
    assert ran.stdout.splitlines()[-1] == said.splitlines()[-1]
    assert ("the rule, explained in book/03-closing.md" in ran.stdout) == bool(status), ran.stdout
    (case,) = ElementTree.parse(here / "judge.xml").getroot().iter("testcase")
    assert case.get("classname") == "closing" and "1-bytes-of-it" in case.get("name")
    assert len(case.findall("failure")) == status


def test_the_archive_has_the_same_bytes_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    for name in ("one", "two"):
        assert run(str(MAKE), name, at=tmp_path).returncode == 0
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_the_archive_says_in_a_line_which_packages_are_missing(tmp_path: Path) -> None:
    assert run(str(MAKE), "judge.pyz", at=tmp_path).returncode == 0
    # With -S, Python has no site-packages.
    ran = run(sys.executable, "-S", "judge.pyz", "true {port}", at=tmp_path)
    assert ran.returncode == 3 and ran.stderr.count("\n") == 1, ran.stderr
    assert ran.stderr.startswith("judge: missing: pytest, hypothesis; "), ran.stderr


def test_the_archive_needs_no_home(tmp_path: Path) -> None:
    assert run(str(MAKE), "judge.pyz", at=tmp_path).returncode == 0
    (tmp_path / "scratch").mkdir()
    nowhere = {"HOME": "/dev/null", "TMPDIR": str(tmp_path / "scratch")}
    known = {name: value for name, value in environment(tmp_path).items() if "XDG" not in name}
    for words, complaints in (((), 2), (("--report", "x.html"), 2)):
        ran = subprocess.run([sys.executable, "judge.pyz", "true {port}", *words], cwd=tmp_path,
                             env=known | nowhere, capture_output=True, text=True)
        assert "unpacked for this once" in ran.stderr and "0 of" not in ran.stdout
        assert ran.stderr.count("\n") == complaints, ran.stderr  # no complaint about remembering
    assert not any((tmp_path / "scratch").iterdir())


def test_the_help_of_the_archive_calls_it_by_its_name(tmp_path: Path) -> None:
    assert run(str(MAKE), "judge.pyz", at=tmp_path).returncode == 0
    ran = run(sys.executable, "judge.pyz", "--help", at=tmp_path)
    assert ran.stdout.startswith(f"usage: python3 {tmp_path}/judge.pyz ['CMD"), ran.stderr
    assert "./judge" not in ran.stdout and "apt-get" not in ran.stdout
