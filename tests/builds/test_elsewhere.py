"""A different project uses part 6's loop: installed, fetched, or as a part of the whole."""

from pathlib import Path

import pytest

from harness.needed import need_ring
from test_alone import ROOT, call, configure, copy_of, need_libraries, targets

ELSEWHERE = ROOT / "part6-uring/uring/examples/elsewhere"
# A server of this project needs these, but the loop doesn't.
WITHOUT = tuple(f"-DCMAKE_DISABLE_FIND_PACKAGE_{name}=ON" for name in ("CLI11", "Boost", "GTest"))


@pytest.fixture(scope="module", autouse=True)
def _possible() -> None:
    need_libraries("uring")


def nap_in(build: Path) -> None:
    run = call("cmake", "--build", build)
    assert run.returncode == 0, run.stdout
    run = call(build / "nap")
    need_ring()
    assert run.stdout == "slept\n"


def elsewhere(directory: Path) -> Path:
    """Copies the other project to a place with nothing of ours above it."""
    directory.mkdir()
    for source in ELSEWHERE.iterdir():
        (directory / source.name).write_text(source.read_text())
    return directory


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Builds from a copy that is gone afterwards, so nothing can refer to it."""
    at = tmp_path_factory.mktemp("install")
    uring = copy_of("part6-uring", at / "copy") / "uring"
    run = configure(uring, at / "build", *WITHOUT)
    assert run.returncode == 0, run.stdout
    run = call("cmake", "--build", at / "build")
    assert run.returncode == 0, run.stdout
    run = call("cmake", "--install", at / "build", "--prefix", at / "usr")
    assert run.returncode == 0, run.stdout
    (at / "copy").rename(at / "gone")
    return at / "usr"


@pytest.mark.long  # builds the loop once more
def test_an_installed_loop_is_found(installed: Path, tmp_path: Path) -> None:
    run = configure(elsewhere(tmp_path / "elsewhere"), tmp_path / "build", *WITHOUT,
                    f"-DCMAKE_PREFIX_PATH={installed}",
                    "-DFETCHCONTENT_TRY_FIND_PACKAGE_MODE=ALWAYS")
    assert run.returncode == 0, run.stdout
    cache = (tmp_path / "build/CMakeCache.txt").read_text()
    assert f"uring_loop_DIR:PATH={installed}" in cache
    nap_in(tmp_path / "build")


@pytest.mark.long
def test_a_fetched_loop_is_built(tmp_path: Path) -> None:
    copy = copy_of("part6-uring", tmp_path / "copy").parent
    run = configure(elsewhere(tmp_path / "elsewhere"), tmp_path / "build", *WITHOUT,
                    f"-DFETCHCONTENT_SOURCE_DIR_URING_LOOP={copy}",
                    "-DFETCHCONTENT_TRY_FIND_PACKAGE_MODE=NEVER")
    assert run.returncode == 0, run.stdout
    nap_in(tmp_path / "build")
    assert not list((tmp_path / "build").rglob("*echo-server*")), "the examples are not wanted"


def test_the_whole_project_gives_another_one_the_loop_alone(tmp_path: Path) -> None:
    (tmp_path / "CMakeLists.txt").write_text(f"""cmake_minimum_required(VERSION 3.25)
project(another LANGUAGES CXX)
add_subdirectory({ROOT} six-servers EXCLUDE_FROM_ALL)
add_library(user INTERFACE)
target_link_libraries(user INTERFACE uring_loop::uring_loop)
""")
    run = configure(tmp_path, tmp_path / "build")
    assert run.returncode == 0, run.stdout
    found = targets(tmp_path / "build")
    assert "uring_loop" in found
    assert not found & {"part1-blocking", "common_server"}, "a server has options"
