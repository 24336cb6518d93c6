"""Debian's packages: what is in them, that they install, upgrade under load and leave no trace."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from booted import System
from harness.needed import need_program
from test_alone import ROOT

pytestmark = pytest.mark.long

CONTENTS = {
    "six-servers-fingerd": {"usr/sbin/fingerd", "usr/share/man/man8/fingerd.8.gz",
                            "lib/systemd/system/fingerd.service",
                            "lib/systemd/system/fingerd.socket",
                            "usr/lib/sysusers.d/fingerd.conf"},
    "six-servers-finger": {"usr/bin/finger", "usr/share/man/man1/finger.1.gz"},
}  # fmt: skip
FINGERD_8 = ROOT / "finger" / "server" / "fingerd.8.scd"
OF_THE_SOURCE = re.compile(r"(\.\./)?(book|steps)/")  # README says that these lead nowhere
PASSING = {"var/log", "var/cache", "var/lib/dpkg", "var/lib/apt", "var/lib/systemd", "root", "tmp",
           "run", "proc", "sys", "dev", "debs", "etc/.pwd.lock"}  # fmt: skip
BACKUPS = re.compile(r"etc/(passwd|group|shadow|gshadow|subuid|subgid)-")


@pytest.mark.parametrize("package", CONTENTS)
def test_each_package_has_its_files(packages: Path, package: str, tmp_path: Path) -> None:
    (file,) = packages.glob(f"{package}_*.deb")
    subprocess.run(["dpkg-deb", "--extract", file, tmp_path], check=True)
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    for_readers_and_lintian = {path for path in found if path.startswith(
        (f"usr/share/doc/{package}/", f"usr/share/lintian/overrides/{package}"))}
    assert found - for_readers_and_lintian == CONTENTS[package]


def test_links_lead_to_what_is_in_the_package(packages: Path, tmp_path: Path) -> None:
    (file,) = packages.glob("six-servers-fingerd_*.deb")
    subprocess.run(["dpkg-deb", "--extract", file, tmp_path], check=True)
    pages = [*tmp_path.rglob("*.md")]
    assert {page.name for page in pages} == {"README.md", "SECURITY.md", "contract.md"}
    links = [(page, link) for page in pages
             for link in re.findall(r"\]\(([\w./-]+)[)#]", page.read_text())]
    nowhere = [link for page, link in links if not (page.parent / link).exists()]
    assert [link for link in nowhere if not OF_THE_SOURCE.match(link)] == []
    named = re.search(r"_(/usr/share/doc/\S+)_", FINGERD_8.read_text())
    assert named and (tmp_path / named[1].lstrip("/")).exists()


def test_lintian_has_nothing_to_say(packages: Path) -> None:
    need_program("lintian")
    (changes,) = packages.glob("*.changes")
    words = ["lintian", "--allow-root", "--pedantic", "--display-info", changes]
    run = subprocess.run(words, capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (0, ""), run.stdout + run.stderr


def test_installed_it_serves_who_opts_in(bare: System) -> None:
    bare.install()
    states = [bare.show("ActiveState", unit) for unit in ("fingerd.socket", "fingerd.service")]
    assert states == ["active", "inactive"]
    bare.run("systemctl", "try-reload-or-restart", "fingerd")  # not yet, and no error
    assert "No such user" in bare.ask("alice")
    bare.run("usermod", "--append", "--groups", "finger", "alice")
    bare.run("systemctl", "try-reload-or-restart", "fingerd")
    assert bare.serves("alice")


def test_an_upgrade_and_the_way_back_lose_no_query(bare: System) -> None:
    bare.install()
    bare.opt_in("alice")
    with bare.load() as load:
        for which in ("later", "now"):
            main = bare.show("MainPID")
            bare.install(which)
            load.wait_for_answers(20)
            assert bare.show("MainPID") not in ("0", main)
            version = bare.run("dpkg-query", "-Wf", "${Version}", "six-servers-fingerd")
            assert version.endswith("+later") == (which == "later")
    assert load.lost == []


def test_purged_it_leaves_no_trace(bare: System) -> None:
    before = files(bare.root)
    bare.install()
    bare.opt_in("alice")
    assert bare.serves("alice")
    purge(bare)
    after = files(bare.root)
    assert {path for path in {*before, *after} if before.get(path) != after.get(path)} == set()


def test_purge_leaves_what_was_there_before(bare: System) -> None:
    """The account that README tells those without systemd to make, and a group with members."""
    bare.run("groupadd", "--system", "finger")
    bare.run("useradd", "--system", "--no-create-home", "fingerd")
    bare.run("usermod", "--append", "--groups", "finger", "alice")
    before = files(bare.root)
    for _ in range(2):
        bare.install()
        assert bare.serves("alice")
        purge(bare)
        assert files(bare.root) == before


def test_purge_leaves_the_group_that_is_somebodys_own(bare: System) -> None:
    bare.install()
    bare.run("useradd", "--gid", "finger", "dave")
    purge(bare)
    assert bare.run("getent", "group", "finger") and not bare.run("getent", "passwd", "fingerd",
                                                                 check=False)  # fmt: skip


def purge(system: System) -> None:
    system.run("apt-get", "purge", "-qq", "--yes", "six-servers-fingerd", "six-servers-finger")


def files(root: Path) -> dict[str, tuple[str, bytes]]:
    """What there is, but for what any installation leaves: path, mode, and what /etc says."""
    found = {}
    for directory, names, others in os.walk(root):
        at = Path(directory).relative_to(root)
        names[:] = [name for name in names if str(at / name) not in PASSING]
        for path in (at / name for name in [*names, *others]):
            if str(path) not in PASSING and not BACKUPS.fullmatch(str(path)):
                file = root / path
                is_read = at == Path("etc") and file.is_file() and not file.is_symlink()
                says = file.read_bytes() if is_read else b""
                found[str(path)] = (oct(file.lstat().st_mode), says)
    return found
