"""The tools and rights that a test needs. If one is missing we skip the test with a reason, which
names the package in Debian."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.ring import why_no_ring

CAP_SYS_PTRACE = 19  # capabilities(7)

# The packages that don't have their program's name.
PACKAGES = {
    "addr2line": "binutils", "cc": "gcc", "dh": "debhelper", "dpkg-buildpackage": "dpkg-dev",
    "findmnt": "util-linux", "go": "golang-go", "ip": "iproute2", "javac": "default-jdk-headless",
    "man": "man-db", "node": "nodejs npm", "pdftotext": "poppler-utils", "perf": "linux-perf",
    "readelf": "binutils", "systemd-analyze": "systemd", "systemd-sysusers": "systemd",
    "unshare": "util-linux",
}  # fmt: skip


def path_of(name: str) -> str | None:
    """Returns the path of a program, or None. We look further than PATH, which doesn't have the
    daemons for every user."""
    return shutil.which(name, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin")


def need_program(*names: str) -> str:
    """Returns the path of the first program, if all of them are installed."""
    for name in names:
        if path_of(name) is None:
            package = PACKAGES.get(name, name)
            pytest.skip(f"no {name} here (Debian: apt-get install {package})")
    return str(path_of(names[0]))


def need_built(path: Path) -> Path:
    """Returns the same path, if the program is built. Some programs need a library, or a target of
    their own."""
    if not path.is_file():
        pytest.skip(f"{path} is not built")
    return path


def need_ring() -> None:
    """Skips the test if io_uring can't be used."""
    if why := why_no_ring():
        pytest.skip(why)


def need_root(to: str = "become somebody else, or make what this test needs") -> None:
    """Skips the test unless root runs it."""
    if os.geteuid() != 0:
        pytest.skip(f"only root can {to}")


def may_trace() -> bool:
    """Returns true if we may look into every process. A container's root usually may not."""
    status = Path("/proc/self/status").read_text()
    effective = re.search(r"^CapEff:\s*(\w+)", status, re.MULTILINE)
    return effective is not None and bool(int(effective[1], 16) >> CAP_SYS_PTRACE & 1)


def need_namespaces(*kinds: str) -> None:
    """Skips the test if we can't make namespaces of these kinds."""
    words = [need_program("unshare"), *kinds, "true"]
    trial = subprocess.run(words, capture_output=True, text=True)
    if trial.returncode != 0:
        pytest.skip(f"no namespace is permitted here: {trial.stderr.strip()}")
