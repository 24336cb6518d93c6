"""What the commands say, in a line, on a machine or in a directory where they cannot work."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from harness.needed import need_namespaces, need_program
from project import ROOT

TOOLS = ["awk", "basename", "bash", "cat", "dirname", "env", "flock", "ln", "mkdir", "mktemp",
         "mount", "paste", "rm", "sed", "sort", "tr", "uname"]
AS_NOBODY = ["unshare", "--user"]
AS_ROOT = ["unshare", "--user", "--map-root-user", "--mount"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The commands in a project of one stage, on a machine that has no compiler."""
    directory = tmp_path / "my servers"
    shutil.copytree(ROOT / "tools", directory / "tools")
    for name in ("serve", "read"):
        shutil.copy(ROOT / name, directory)
    (directory / "part1-blocking").mkdir()
    (directory / "part1-blocking" / "main.cc").touch()
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(need_program(tool))
    return directory


def add(checkout: Path, *programs: str, status: int = 0, says: str = "") -> None:
    """These programs are on the machine, and do nothing but say this."""
    for program in programs:
        path = checkout.parent / "bin" / program
        path.write_text(f"#!/bin/bash\necho '{says}' >&2\nexit {status}\n")
        path.chmod(0o755)


def add_everything(checkout: Path) -> None:
    """Whatever ./serve part1 needs is there."""
    add(checkout, "g++", "cmake", "ninja", "ncat", "xxd", "ss", "ps", "strace", "curl")


def last_line(checkout: Path, *words: str | Path, within: list[str] | None = None) -> str:
    """What the command says last before it fails."""
    within = within or []
    if within:
        need_namespaces(*within[1:])
    run = subprocess.run([shutil.which("unshare"), *within[1:], *words] if within else words,
                         cwd=checkout, env={**os.environ, "PATH": str(checkout.parent / "bin")},
                         capture_output=True, text=True, timeout=30)
    assert run.returncode == 1, run.stderr
    return run.stderr.splitlines()[-1]


def test_without_apt_get_the_packages_are_named(checkout: Path) -> None:
    add(checkout, "brew")
    assert "missing: g++ cmake ninja-build" in last_line(checkout, "./serve", "part1")


def test_without_root_and_sudo_the_command_for_root_is_named(checkout: Path) -> None:
    add(checkout, "apt-get")
    said = last_line(checkout, "./serve", "part1", within=AS_NOBODY)
    assert "no sudo here. As root: apt-get install g++ cmake ninja-build" in said


def test_without_root_there_is_no_other_debian(checkout: Path) -> None:
    said = last_line(checkout, "tools/distribution.sh", "sid", "true", within=AS_NOBODY)
    assert "needs root, to make a system of its own: try it with sudo" in said


def test_where_sudo_refuses_the_command_for_root_is_named(checkout: Path) -> None:
    add(checkout, "apt-get")
    add(checkout, "sudo", status=1, says="you are not in the sudoers file")
    said = last_line(checkout, "./serve", "part1", within=AS_NOBODY)
    assert "the reason is above. As root" in said and "apt-get install g++ cmake" in said


def test_without_network_what_to_do_follows_the_words_of_apt_get(checkout: Path) -> None:
    add(checkout, "apt-get", status=100, says="E: Unable to fetch some archives")
    said = last_line(checkout, "./serve", "part1", within=AS_ROOT)
    assert "If the network is the reason: connect once, and start again" in said


def test_without_network_there_is_no_site_but_the_chapters(checkout: Path) -> None:
    add(checkout, "node", "ctags")
    add(checkout, "npm", status=1, says="npm error network")
    (checkout / "book").mkdir()
    said = last_line(checkout, "./read")
    assert "connect once" in said and "The chapters in book/ can be read as they are" in said


@pytest.mark.parametrize("command", [["./serve", "part1"], ["./read"]])
def test_a_checkout_that_cannot_be_written_to_is_to_be_copied(
        checkout: Path, command: list[str]) -> None:
    add_everything(checkout)
    add(checkout, "node", "npm", "ctags")
    read_only = 'mount --bind "$PWD" "$PWD" && mount -o remount,bind,ro "$PWD" && cd "$PWD"'
    said = last_line(checkout, "bash", "-c", f'{read_only} && exec {" ".join(command)}',
                     within=AS_ROOT)
    assert f"cannot write to {checkout}. Copy it to a directory of yours" in said


def test_a_build_that_was_moved_along_is_to_be_removed(checkout: Path) -> None:
    add_everything(checkout)
    cache = checkout / "build/default/CMakeCache.txt"
    cache.parent.mkdir(parents=True)
    cache.write_text("CMAKE_HOME_DIRECTORY:INTERNAL=/where/it/was\n")
    said = last_line(checkout, "./serve", "part1")
    assert "build/ was made in /where/it/was" in said
    assert said.endswith(f"rm -rf '{checkout}/build'")


def test_an_editor_opens_the_container_as_readme_does() -> None:
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    assert (ROOT / ".devcontainer" / container["build"]["dockerfile"]).resolve().is_file()
    assert " ".join(container["runArgs"]) in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("what", ["release", "architecture"])
def test_what_is_checked_for_each_push_is_what_all_means(what: str) -> None:
    workflow = (ROOT / ".github/workflows/ci.yml").read_text()
    on_push = re.search(rf"{what}: \[(.*)\]", workflow)
    longer = (ROOT / "tools" / "check-longer.sh").read_text()
    by_all = re.search(rf"for {what} in ([^;]*); do", longer)
    assert on_push and by_all and on_push[1].split(", ") == by_all[1].split()


@pytest.mark.parametrize(("part", "program"), [
    ("debian apt g++ there", "mmdebstrap"), ("compile all", "git"), ("pack README.md", "mkdir"),
    ("boot", "node"), ("cut_up", "split"), ("cut_up", "sha256sum"),
])
def test_a_part_of_the_page_s_machine_ends_where_a_program_fails(
        tmp_path: Path, part: str, program: str) -> None:
    (tmp_path / "system" / "boot").mkdir(parents=True)
    (tmp_path / "state").write_text("saved\n")
    failing = tmp_path / "bin" / program
    failing.parent.mkdir()
    failing.write_text("#!/bin/sh\nexit 3\n")
    failing.chmod(0o755)
    need_program("apt-get", "git", "zstd")
    run = subprocess.run([ROOT / "tools" / "machine" / "parts", *part.split()], cwd=tmp_path,
                         env={**os.environ, "PATH": f"{failing.parent}:{os.environ['PATH']}",
                              "MACHINE_DIRECTORY": str(tmp_path)}, capture_output=True, text=True)
    assert run.returncode == 3, run.stderr
    script = (ROOT / "tools" / "machine" / "parts").read_text().splitlines()
    line = int(re.findall(r"tools/machine/parts, line (\d+): status 3", run.stderr)[0])
    assert program in script[line - 1]
