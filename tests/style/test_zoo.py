"""A patch of the zoo whose context has changed is written again, and no other."""

import shutil
import subprocess
from pathlib import Path

import pytest
from project import ROOT

HEAD = """Title: All is lost.
Symptom: loses
Stage: part1-a
Test: test_x.py::test_y
Says: lost
Chapter: book/02-x.md

"""
SOURCE = """#include <x>

int one() {
  // Waits for a peer.
  int peer = accept();
  receive(peer);
  // Sends.
  send(peer);
  close(peer);
}
"""
REMOVES = ("  receive(peer);\n", "")
ADDS = ("  send(peer);\n", "  shutdown(peer);\n  send(peer);\n")


class Zoo:
    """A project with one stage of two files, and one bug."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.sources = [top / "part1-a" / name for name in ("server.cc", "client.cc")]
        self.patch = top / "book" / "bugs" / "lost.patch"
        shutil.copytree(ROOT / "tests" / "zoo", top / "tests" / "zoo")
        for path, text in (*((source, SOURCE) for source in self.sources), (self.patch, ""),
                           (top / "tests" / "protocol" / "test_x.py", "\ndef test_y():\n"),
                           (top / "tests" / "finger" / "found_by.toml", "")):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def plant(self, right: str, wrong: str) -> None:
        """Writes the bug, which is in both files."""
        broken = self.top / "broken.cc"
        broken.write_text(SOURCE.replace(right, wrong))
        text = HEAD
        for source in self.sources:
            labels = [f"--label={side}/part1-a/{source.name}" for side in "ab"]
            text += subprocess.run(["diff", "-U1", *labels, source, broken],
                                   capture_output=True, text=True).stdout
        self.patch.write_text(text)

    def change(self, *replaced: tuple[str, str]) -> None:
        """Changes both files."""
        text = SOURCE
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new)
        for source in self.sources:
            source.write_text(text)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        program = self.top / "tests" / "zoo" / "run.py"
        return subprocess.run([program, command], capture_output=True, text=True)


@pytest.fixture
def zoo(tmp_path: Path) -> Zoo:
    return Zoo(tmp_path)


@pytest.mark.parametrize(("bug", "change"), [
    (REMOVES, [("// Sends.", "// Sends all of it.")]),
    (REMOVES, [("// Sends.", "// Sends all."), ("int peer = accept", "auto peer = accept")]),
    (REMOVES, [("// Sends.", "// Sends all,\n  // in order.")]),
    (ADDS, [("// Sends.", "// Sends all of it.")])])
def test_a_patch_with_a_different_neighbour_is_written_again(
        zoo: Zoo, bug: tuple[str, str], change: list[tuple[str, str]]) -> None:
    zoo.plant(*bug)
    before = zoo.patch.read_text()
    zoo.change(*change)
    assert zoo.run("apply").returncode == 1
    assert zoo.run("refresh").stdout == "lost: written again\n"
    assert zoo.run("apply").returncode == 0
    after = zoo.patch.read_text()
    assert after.startswith(HEAD)
    for sign in "-+":
        assert [line for line in after.splitlines() if line.startswith(sign)] == [
            line for line in before.splitlines() if line.startswith(sign)]
    wanted = [source.read_text().replace(*bug) for source in zoo.sources]
    subprocess.run(["patch", "-s", "-p1", "-i", zoo.patch], cwd=zoo.top, check=True)
    assert [source.read_text() for source in zoo.sources] == wanted


@pytest.mark.parametrize(("bug", "change"), [
    (REMOVES, [("receive(peer);", "receive(peer, all);")]),
    (REMOVES, [("int peer = accept();", "int peer = wait();"), ("// Sends.", "receive(peer);")]),
    (ADDS, [("// Sends.", "// Sends all of it."), ("  send(", "  send_all(")]),
    (ADDS, [("// Sends.", "// Sends all,\n  // in order.")])])
def test_a_patch_whose_place_is_unknown_stays_as_it_is(
        zoo: Zoo, bug: tuple[str, str], change: list[tuple[str, str]]) -> None:
    zoo.plant(*bug)
    before = zoo.patch.read_text()
    zoo.change(*change)
    assert zoo.run("apply").returncode == 1
    run = zoo.run("refresh")
    assert run.returncode == 1 and "adapt the patch" in run.stdout
    assert zoo.patch.read_text() == before


def test_a_patch_that_only_moved_stays_as_it_is(zoo: Zoo) -> None:
    zoo.plant(*REMOVES)
    before = zoo.patch.read_text()
    zoo.change(("int one", "int none;\n\nint one"))
    assert zoo.run("refresh").stdout == ""
    assert zoo.patch.read_text() == before
