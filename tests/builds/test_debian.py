"""The Debian packages: their files, and that they install, upgrade under load and leave
no trace."""

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
# The README says that these links lead nowhere.
OF_THE_SOURCE = re.compile(r"(\.\./)?(book|steps)/")
# The path and mode of each file, and the contents of /etc, without the traces of any installation.
LOOK = r"""
find / -xdev -regextype egrep -regex "/(debs|root|tmp|var/(cache|lib/(apt|dpkg|systemd)|log))" \
  -prune -o ! -regex "/etc/(.*-|\.pwd\.lock)" -printf "%M %p\n"
find /etc -maxdepth 1 -type f ! -name "*-" -exec md5sum {} +
"""
LATER = """
dpkg-deb --raw-extract /debs/six-servers-fingerd_*.deb later
sed -i "s/^Version: .*/&+later/" later/DEBIAN/control
dpkg-deb --build later later.deb
"""
OPERATORS = """
groupadd --system finger
useradd --system --no-create-home fingerd
"""


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


def test_an_upgrade_and_the_way_back_lose_no_query(system: System) -> None:
    system.run("sh", "-ec", LATER)
    with system.load() as load:
        for how in ({"packages": "/later.deb"}, {}):
            main = system.show("MainPID")
            system.install(**how)
            load.wait_for_answers(20)
            assert system.show("MainPID") not in ("0", main)
            version = system.run("dpkg-query", "-Wf", "${Version}", "six-servers-fingerd")
            assert version.endswith("+later") == bool(how)
    assert load.lost == []


@pytest.mark.parametrize("before", ["", OPERATORS], ids=["bare", "with an account"])
def test_purge_leaves_what_was_there_before_and_no_trace(bare: System, before: str) -> None:
    """This is the account that the README tells users without systemd to make, and a group with
    members."""
    bare.run("sh", "-ec", before)
    if before:
        bare.opt_in("alice")
    found = bare.run("sh", "-ec", LOOK).splitlines()
    for _ in range(2):
        bare.install()
        bare.opt_in("alice")
        assert bare.serves("alice")
        bare.run("apt-get", "purge", "-qq", "--yes", "six-servers-fingerd", "six-servers-finger")
        assert set(bare.run("sh", "-ec", LOOK).splitlines()) ^ set(found) == set()


def test_purge_leaves_a_group_of_the_accounts_name(bare: System) -> None:
    """The package's account gets that group, and userdel(8) would remove it with the account."""
    bare.run("groupadd", "--system", "fingerd")
    before = bare.run("getent", "group", "fingerd")
    bare.install()
    bare.run("apt-get", "purge", "-qq", "--yes", "six-servers-fingerd")
    assert bare.run("getent", "group", "fingerd") == before


def test_purge_leaves_the_group_that_is_somebodys_own(system: System) -> None:
    system.run("useradd", "--gid", "finger", "dave")
    system.run("apt-get", "purge", "-qq", "--yes", "six-servers-fingerd", "six-servers-finger")
    assert system.run("getent", "group", "finger")
    assert not system.run("getent", "passwd", "fingerd", check=False)
