"""Each part can be built alone, from a copy that holds only the part and the directories that it
links."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Directories to copy along with a part. A stage needs only common.
NEEDS = {"finger": ["common", "part6-uring"]}
LIBRARIES = {
    "part5-epoll": "libboost-dev", "part6-uring": "libboost-dev liburing-dev pkg-config",
    "finger": "liburing-dev libseccomp-dev pkg-config", "uring": "liburing-dev pkg-config"}
PARTS = [*sorted(main.parent.name for main in ROOT.glob("part[0-9]*/server.cc")), "finger"]
PROGRAMS = {"part6-uring": ["part6-uring", "echo-client"], "finger": ["fingerd", "finger"]}
CHEAP = ["part1-blocking"]  # ./check --all builds the others
WITHOUT = ("-DCMAKE_DISABLE_FIND_PACKAGE_Boost=ON", "-DCMAKE_DISABLE_FIND_PACKAGE_PkgConfig=ON")
FAST = ("-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O0")
# A source must include all that it needs.
AS_WRITTEN = ("-DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON",)
BUILD_SECONDS = 600


def call(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs a command, with ccache if that's installed."""
    launcher = {"CMAKE_CXX_COMPILER_LAUNCHER": "ccache"} if shutil.which("ccache") else {}
    return subprocess.run(words, env=os.environ | launcher, text=True, timeout=BUILD_SECONDS,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def configure(source: Path, build: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return call("cmake", "-S", source, "-B", build, "-G", "Ninja", *FAST, *AS_WRITTEN, *options)


def targets(build: Path) -> set[str]:
    """Returns the names of all targets in the build."""
    listed = call("ninja", "-C", build, "-t", "targets", "all").stdout
    return {line.partition(":")[0] for line in listed.splitlines()}


def copy_of(part: str, directory: Path) -> Path:
    """Copies the part to this directory, with the directories that it needs."""
    for name in [part, *NEEDS.get(part, ["common"])]:
        shutil.copytree(ROOT / name, directory / name)
    return directory / part


def need_libraries(of: str) -> None:
    """Skips the test if a library is missing. We ask the machine, because the build itself may be
    broken."""
    ask = f"""program=x; source '{ROOT}/tools/lib.sh'
    for package in {LIBRARIES.get(of, "")}; do is_there "$package" || echo "$package"; done"""
    if missing := call("bash", "-c", ask).stdout.split():
        pytest.skip(f"not installed (Debian: apt-get install {' '.join(missing)})")


@pytest.mark.parametrize("part", PARTS)
def test_a_part_can_be_configured_alone(part: str, tmp_path: Path) -> None:
    need_libraries(part)
    build = tmp_path / "build"
    run = configure(copy_of(part, tmp_path / "copy"), build)
    assert run.returncode == 0, run.stdout
    assert targets(build).issuperset(PROGRAMS.get(part, [part]))


@pytest.mark.parametrize("part", [
    part if part in CHEAP else pytest.param(part, marks=pytest.mark.long) for part in PARTS])
def test_a_part_can_be_built_alone(part: str, tmp_path: Path) -> None:
    need_libraries(part)
    build = tmp_path / "build"
    run = configure(copy_of(part, tmp_path / "copy"), build)
    assert run.returncode == 0, run.stdout
    programs = PROGRAMS.get(part, [part])
    run = call("cmake", "--build", build, "--target", *programs)
    assert run.returncode == 0, run.stdout
    for program in programs:
        assert call(build / program, "--version").returncode == 0


@pytest.mark.parametrize(("part", "library"), [
    ("part5-epoll", "Boost headers (Debian: apt-get install libboost-dev)"),
    ("part6-uring",
     "pkg-config to find liburing (Debian: apt-get install pkg-config liburing-dev)")])
def test_a_part_alone_names_the_library_that_is_missing(
        part: str, library: str, tmp_path: Path) -> None:
    run = configure(ROOT / part, tmp_path, *WITHOUT)
    assert run.returncode != 0
    assert f"{part} needs {library}" in " ".join(run.stdout.split())
