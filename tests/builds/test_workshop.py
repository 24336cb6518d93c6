"""The copy of the project in which bugs are built, where the project was moved."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "zoo"))

import workshop  # noqa: E402

PROJECT = {
    "CMakeLists.txt": """cmake_minimum_required(VERSION 3.25)
project(small LANGUAGES CXX)
add_executable(server main.cc)
""",
    "CMakePresets.json": json.dumps({"version": 6, "configurePresets": [{
        "name": "default", "generator": "Ninja", "binaryDir": "${sourceDir}/build/default"}]}),
    "main.cc": "int main() { return 12; }\n",
}


def answer_of(tree: Path) -> int:
    workshop.build("default", ["server"], tests=False)
    return subprocess.run([tree / "build/default/server"], check=False).returncode


def test_a_project_that_was_moved_is_built_anew(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree, moved = tmp_path / "project", tmp_path / "moved"
    tree.mkdir()
    for name, text in PROJECT.items():
        (tree / name).write_text(text)
    monkeypatch.setattr(workshop, "TREE", tree)
    assert answer_of(tree) == 12
    tree.rename(moved)
    monkeypatch.setattr(workshop, "TREE", moved)
    (moved / "main.cc").write_text("int main() { return 13; }\n")
    assert answer_of(moved) == 13
