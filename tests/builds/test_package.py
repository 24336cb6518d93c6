"""The Debian package: what is in it, and that it installs, upgrades and leaves without a trace."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.needed import need_program, need_root
from test_alone import ROOT

TOOLS = ("git", "dpkg-buildpackage", "dh", "lintian")
CONTENTS = {
    "six-servers-fingerd": {"/usr/sbin/fingerd", "/usr/share/man/man8/fingerd.8.gz",
                            "/lib/systemd/system/fingerd.service",
                            "/lib/systemd/system/fingerd.socket",
                            "/usr/lib/sysusers.d/fingerd.conf"},
    "six-servers-finger": {"/usr/bin/finger", "/usr/share/man/man1/finger.1.gz"},
}  # fmt: skip


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory with what dpkg-buildpackage makes of what is committed."""
    need_program(*TOOLS)
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
    yield directory
    shutil.rmtree(source)


@pytest.mark.long
@pytest.mark.parametrize("package", CONTENTS)
def test_each_package_has_its_files(packages: Path, package: str) -> None:
    (file,) = packages.glob(f"{package}_*.deb")
    words = ["dpkg-deb", "--fsys-tarfile", file]
    listed = subprocess.run(["tar", "-t"], check=True, capture_output=True, text=True,
                            input=None, stdin=subprocess.Popen(words, stdout=-1).stdout).stdout
    found = {line[1:] for line in listed.splitlines() if not line.endswith("/")}
    for_readers_and_lintian = {path for path in found if path.startswith(
        (f"/usr/share/doc/{package}/", f"/usr/share/lintian/overrides/{package}"))}
    assert found - for_readers_and_lintian == CONTENTS[package]


@pytest.mark.long
def test_lintian_has_nothing_to_say(packages: Path) -> None:
    (changes,) = packages.glob("*.changes")
    words = ["lintian", "--allow-root", "--pedantic", "--display-info", changes]
    run = subprocess.run(words, capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (0, ""), run.stdout + run.stderr


@pytest.mark.long
def test_it_is_installed_asked_upgraded_under_load_and_purged() -> None:
    """In a Debian of its own, under a real systemd; what it prints tells where it fails."""
    trial = ROOT / "finger" / "deploy" / "try-package"
    need_root("boot a system of its own")
    need_program(*TOOLS, "mmdebstrap", "findmnt")
    hierarchies = subprocess.run(["findmnt", "-n", "-t", "cgroup2"], capture_output=True).stdout
    if not hierarchies:
        pytest.skip("no cgroup2, which systemd needs")
    run = subprocess.run([trial], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
