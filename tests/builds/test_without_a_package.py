"""If a package is missing, plain CMake says which parts are left out and what to install, and
builds the rest."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from test_alone import PARTS, PROGRAMS, ROOT, configure, targets

SYSTEMS_LIBRARIES = {"dl"}  # linked as -lNAME, but not targets of ours


@dataclass(frozen=True)
class Package:
    """A missing package, and the message about it. `module` is its name in pkg-config; otherwise
    `option` hides it from CMake."""

    says: str
    without: frozenset[str] = frozenset()
    option: str = ""
    module: str = ""
    needed: bool = False  # by all parts


def hidden(name: str) -> str:
    return f"-DCMAKE_DISABLE_FIND_PACKAGE_{name}=ON"


RING = frozenset({"part6-uring", "finger"})
PACKAGES = {
    "libseccomp": Package("fingerd is left out: no libseccomp (Debian: apt-get install "
                          "libseccomp-dev)", frozenset({"finger"}), module="libseccomp"),
    "liburing": Package("part6-uring is left out: no liburing (Debian: apt-get install "
                        "liburing-dev)", RING, module="liburing"),
    "pkg-config": Package("fingerd is left out: no pkg-config to find liburing (Debian: apt-get "
                          "install pkg-config liburing-dev); so are the steps of finger", RING,
                          hidden("PkgConfig")),
    "Boost": Package("part5-epoll is left out: no Boost headers (Debian: apt-get install "
                     "libboost-dev)", frozenset({"part5-epoll", "part6-uring"}), hidden("Boost")),
    "GTest": Package("the unit tests are left out: no GoogleTest (Debian: apt-get install "
                     "libgmock-dev)", option=hidden("GTest")),
    "cram": Package("the transcripts of the steps are left out of the tests: no cram (Debian: "
                    "apt-get install python3-cram)", option="-DCRAM="),
    "fmt": Package("{fmt} is missing (Debian: apt-get install libfmt-dev)", option=hidden("fmt"),
                   needed=True),
    "CLI11": Package("CLI11 is missing (Debian: apt-get install libcli11-dev)",
                     option=hidden("CLI11"), needed=True),
}


def pkg_config_without(module: str, directory: Path) -> None:
    """Makes a directory of all packages that pkg-config knows, except for this one."""
    known = subprocess.run(["pkg-config", "--variable", "pc_path", "pkg-config"], text=True,
                           capture_output=True, check=True).stdout.strip().split(":")
    directory.mkdir()
    for description in (file for path in known for file in Path(path).glob("*.pc")):
        link = directory / description.name
        if description.stem != module and not link.exists():
            link.symlink_to(description)


def configure_without(
    package: Package, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> subprocess.CompletedProcess[str]:
    if package.module:
        pkg_config_without(package.module, directory / "known")
        monkeypatch.setenv("PKG_CONFIG_LIBDIR", str(directory / "known"))
    options = [package.option] if package.option else []
    return configure(ROOT, directory / "build", "-DBUILD_TESTING=ON", *options)


@pytest.mark.parametrize("name", PACKAGES)
def test_without_a_package_the_rest_can_be_built(
        name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = PACKAGES[name]
    run = configure_without(package, tmp_path, monkeypatch)
    assert package.says in " ".join(run.stdout.split())
    assert (run.returncode != 0) == package.needed, run.stdout
    if package.needed:
        return
    there = targets(tmp_path / "build")
    assert {part for part in PARTS if PROGRAMS.get(part, [part])[0] not in there} == package.without
    assert "finger" in there, "the client needs no ring"
    linked = re.findall(r" -l([\w+-]+)", (tmp_path / "build" / "build.ninja").read_text())
    assert set(linked) <= SYSTEMS_LIBRARIES, "these are linked, and not built"
