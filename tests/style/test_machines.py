"""The one line that a command prints on a machine, or in a directory, where it cannot work."""

import contextlib
import os
import pty
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from harness.needed import need_namespaces, need_program
from project import ROOT

TOOLS = ["awk", "basename", "bash", "cat", "dirname", "env", "flock", "ln", "mkdir", "mktemp",
         "mount", "paste", "readlink", "rm", "sed", "sh", "sort", "tr", "uname"]
# Words that a bash of 2007 doesn't know.
NEWER = re.compile(r"declare -A|mapfile|readarray|;;?&|&>>|\[-1\]|\{\w+\}[<>]|\$\{\w+(,,|\^\^)|@\(")
# What apt-get says when it's asked how much it would install.
COSTS = """2 upgraded, 84 newly installed, 0 to remove and 3 not upgraded.
After this operation, 345 MB of additional disk space will be used."""
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
    (directory / "part1-blocking" / "server.cc").touch()
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(need_program(tool))
    return directory


def add(checkout: Path, *programs: str, status: int = 0, says: str = "") -> None:
    """Adds programs that only print this."""
    for program in programs:
        path = checkout.parent / "bin" / program
        path.write_text(f"#!/bin/bash\necho '{says}' >&2\nexit {status}\n")
        path.chmod(0o755)


def add_everything(checkout: Path) -> None:
    """Adds all programs that ./serve part1 needs."""
    add(checkout, "g++", "cmake", "ninja", "ncat", "xxd", "ss", "ps", "strace", "curl")


def last_line(checkout: Path, *words: str | Path, within: list[str] | None = None) -> str:
    """The last line that the command prints before it fails."""
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


def test_the_container_installs_by_the_tools_that_it_copies(checkout: Path) -> None:
    place = re.search(r"^COPY tools/ /(\S+)/$", (ROOT / "Containerfile").read_text(), re.M)[1]
    shutil.copytree(ROOT / "tools", checkout / place)
    assert "missing: g++ cmake" in last_line(checkout, f"./{place}/install-packages")


def test_without_root_and_sudo_the_command_for_root_is_named(checkout: Path) -> None:
    add(checkout, "apt-get")
    said = last_line(checkout, "./serve", "part1", within=AS_NOBODY)
    assert "no sudo here. As root: apt-get install g++ cmake ninja-build" in said


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


def test_on_a_mac_the_help_is_there_and_a_container_is_named(checkout: Path) -> None:
    """Without /proc, and whatever is installed."""
    need_namespaces(*AS_ROOT[1:])
    (checkout.parent / "bin" / "uname").unlink()
    (checkout.parent / "bin" / "uname").write_text("#!/bin/sh\necho Darwin\n")
    (checkout.parent / "bin" / "uname").chmod(0o755)
    add(checkout, "apt-get")
    without = 'mount -t tmpfs none /proc && exec "$@"'
    said = last_line(checkout, "bash", "-c", without, "sh", "./serve", "part1", within=AS_ROOT)
    assert said.startswith("serve: needs Linux, and this is Darwin. A container will do")
    helped = subprocess.run(
        [shutil.which("unshare"), *AS_ROOT[1:], "bash", "-c", without, "sh", "./serve", "--help"],
        cwd=checkout, env={"PATH": str(checkout.parent / "bin")}, capture_output=True, text=True)
    assert helped.returncode == 0 and "usage: ./serve" in helped.stdout, helped.stderr


@pytest.mark.parametrize("command", ["serve", "check", "judge", "read", "measure"])
def test_a_bash_of_2007_gets_as_far_as_the_question_which_system_this_is(command: str) -> None:
    """It is a Mac's. Commands are read one by one, so what follows may be newer."""
    script, library = (ROOT / command).read_text(), (ROOT / "tools/lib.sh").read_text()
    first, second = "/tools/lib.sh", "if [[ $(uname -s) != Linux ]]"
    early = script[:script.index(first)] + library[:library.index(second)]
    assert "usage() {" in early and not NEWER.findall(early)


def asked(checkout: Path, answer: str, *options: str, **environment: str) -> str:
    """What ./serve part1 says at a terminal where a person answers so, and two packages are
    missing."""
    add_everything(checkout)
    for program in ("g++", "cmake"):
        (checkout.parent / "bin" / program).unlink()
    add(checkout, "apt-get")
    (checkout.parent / "bin" / "apt-get").write_text(
        f"#!/bin/bash\n[[ $* != *--assume-no* ]] || {{ echo '{COSTS}' && exit 1; }}\n"
        "echo apt-get was called >&2\nexit 100\n")
    need_namespaces(*AS_ROOT[1:])
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    with subprocess.Popen(
            [shutil.which("unshare"), *AS_ROOT[1:], "./serve", "part1", *options], cwd=checkout,
            env={"PATH": str(checkout.parent / "bin"), "TERM": "dumb", **environment},
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as serve:
        os.close(theirs)
        said = b""
        with contextlib.suppress(OSError):  # EIO: nobody writes to the terminal any more
            while more := os.read(ours, 4096):
                said += more
    os.close(ours)
    assert serve.returncode == 1, said
    return said.decode()


def test_a_person_is_asked_once_before_anything_is_installed(checkout: Path) -> None:
    said = asked(checkout, "n")
    assert "missing: g++ cmake" in said
    assert "install them with apt-get (84 packages, 345 MB)? [Y/n]" in said
    assert "nothing was installed. As root: apt-get install g++ cmake" in said
    assert "apt-get was called" not in said


@pytest.mark.parametrize(("answer", "options", "environment", "questions"), [
    ("", [], {}, 1), ("y", [], {}, 1), ("n", ["--yes"], {}, 0), ("n", [], {"CI": "true"}, 0),
], ids=["enter", "yes", "option", "ci"])
def test_with_a_yes_it_is_installed(
        checkout: Path, answer: str, options: list[str], environment: dict[str, str],
        questions: int) -> None:
    said = asked(checkout, answer, *options, **environment)
    assert "apt-get was called" in said and said.count("[Y/n]") == questions
