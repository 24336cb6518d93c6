"""What the project's own build has compiled, the build of a bug does not compile again."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "zoo"))

import finished  # noqa: E402
import workshop  # noqa: E402

PROJECT = {
    "CMakeLists.txt": """cmake_minimum_required(VERSION 3.25)
project(small LANGUAGES CXX)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
add_library(parts STATIC parts/one.cc parts/two.cc)
target_include_directories(parts PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
add_executable(server main.cc)
target_link_libraries(server parts)
""",
    "CMakePresets.json": json.dumps({"version": 6, "configurePresets": [{
        "name": "default", "generator": "Ninja", "binaryDir": "${sourceDir}/build/default"}]}),
    "parts/number.h": "#pragma once\ninline int number() { return 1; }\n",
    "parts/one.cc": '#include "parts/number.h"\nint one() { return number(); }\n',
    "parts/two.cc": "int two() { return 2; }\n",
    "main.cc": "int one();\nint two();\nint main() { return one() * 10 + two(); }\n",
}
# Is called in place of the compiler, and notes what is compiled.
NOTES = """#!/bin/sh
for word in "$@"; do case $word in *.cc) echo "${word##*/}" >>%s ;; esac; done
exec "$@"
"""


class Project:
    """A small project that was built, and the workshop's copy of it."""

    def __init__(self, root: Path) -> None:
        self.root, self.tree, self._notes = root, root / "build/zoo/tree", root / "build/compiled"
        (root / "build").mkdir(parents=True)
        (root / "build/compiler").write_text(NOTES % self._notes)
        (root / "build/compiler").chmod(0o755)
        for name, text in PROJECT.items():
            for top in (self.root, self.tree):
                (top / name).parent.mkdir(parents=True, exist_ok=True)
                (top / name).write_text(text)
        self.build(f"-DCMAKE_CXX_COMPILER_LAUNCHER={root / 'build/compiler'}")

    def build(self, *options: str) -> None:
        subprocess.run(["cmake", "--preset", "default", "-S", self.root, *options], check=True,
                       capture_output=True, cwd=self.root)
        subprocess.run(["cmake", "--build", self.root / "build/default"], check=True,
                       capture_output=True)
        self.compiled()

    def compiled(self) -> list[str]:
        """What was compiled since the last look."""
        names = sorted(self._notes.read_text().split()) if self._notes.exists() else []
        self._notes.unlink(missing_ok=True)
        return names


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(tmp_path / "project")
    move_workshop(made, monkeypatch)
    return made


def move_workshop(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workshop, "ROOT", project.root)
    monkeypatch.setattr(finished, "ROOT", project.root)
    monkeypatch.setattr(workshop, "TREE", project.tree)


def answer_of_the_copy(project: Project) -> int:
    workshop.build("default", ["server"], tests=False)
    return subprocess.run([project.tree / "build/default/server"], check=False).returncode


@pytest.mark.parametrize(("file", "change", "compiled", "answer"), [
    ("parts/two.cc", ("return 2", "return 3"), ["two.cc"], 13),
    ("parts/number.h", ("return 1", "return 4"), ["one.cc"], 42),
])
def test_only_what_a_patch_changes_is_compiled(
        project: Project, file: str, change: tuple[str, str], compiled: list[str],
        answer: int) -> None:
    (project.tree / file).write_text(PROJECT[file].replace(*change))
    assert answer_of_the_copy(project) == answer
    assert project.compiled() == compiled
    (project.tree / file).write_text(PROJECT[file])
    assert answer_of_the_copy(project) == 12
    assert project.compiled() == []


def test_what_changed_since_the_last_build_is_compiled(project: Project) -> None:
    for top in (project.root, project.tree):
        (top / "parts/two.cc").write_text("int two() { return 7; }\n")
    assert answer_of_the_copy(project) == 17
    assert project.compiled() == ["two.cc"]


def test_what_is_compiled_with_other_options_is_compiled_again(project: Project) -> None:
    options = "target_compile_definitions(parts PRIVATE OTHER)\n"
    (project.tree / "CMakeLists.txt").write_text(PROJECT["CMakeLists.txt"] + options)
    assert answer_of_the_copy(project) == 12
    assert project.compiled() == ["one.cc", "two.cc"]


def test_where_warnings_are_errors_nothing_is_compiled_otherwise(project: Project) -> None:
    project.build("-DCMAKE_COMPILE_WARNING_AS_ERROR=ON")
    assert answer_of_the_copy(project) == 12
    assert project.compiled() == []


def test_a_project_that_was_moved_is_built_anew(
        project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answer_of_the_copy(project) == 12
    moved = project.root.with_name("moved")
    project.root.rename(moved)
    project.root, project.tree = moved, moved / "build/zoo/tree"
    move_workshop(project, monkeypatch)
    shutil.rmtree(moved / "build/default")
    (project.tree / "parts/two.cc").write_text("int two() { return 3; }\n")
    assert answer_of_the_copy(project) == 13
