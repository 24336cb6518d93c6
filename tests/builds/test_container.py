"""Two containers: fingerd's with the profile of finger/deploy, and the one in which readers without
Linux type README.md's lines. We fetch no image, but build both on a Debian that the test makes
itself."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.needed import need_program, need_root
from test_alone import ROOT

CONTAINERFILE = ROOT / "finger" / "deploy" / "recipes" / "Containerfile"
PROFILE = CONTAINERFILE.with_name("seccomp.json")
READERS_PROFILE = ROOT / "tools" / "seccomp.json"
RING = {"io_uring_setup", "io_uring_enter", "io_uring_register"}
NEVER = {"bpf", "finit_module", "init_module", "kexec_load", "mount", "open_by_handle_at",
         "perf_event_open", "pivot_root", "process_vm_readv", "process_vm_writev", "ptrace",
         "reboot", "setns", "unshare", "userfaultfd"}  # fmt: skip
ANSWER_SECONDS = 20
WITHOUT_RIGHTS = ("--rm", "--cgroups=disabled", "--ulimit=nofile=1000:1000",
                  "--ulimit=nproc=1000:1000", "--read-only", "--cap-drop=all",
                  "--security-opt=no-new-privileges")  # fmt: skip

# If the machine mounts both versions of cgroups, crun works with neither.
ONE_CGROUP = ("mount --make-rprivate / && umount -l /sys/fs/cgroup && "
              'mount -t cgroup2 none /sys/fs/cgroup && exec "$@"')


def podman_words(*words: str) -> list[str]:
    return ["unshare", "-m", "sh", "-c", ONE_CGROUP, "sh", "podman", *words]


def test_the_profile_permits_the_ring_and_nothing_that_rules_the_machine() -> None:
    profile = json.loads(PROFILE.read_text())
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    permitted = {name for rule in profile["syscalls"] for name in rule["names"]}
    assert RING <= permitted
    assert not permitted & NEVER


def test_the_readers_profile_permits_the_ring_beside_podmans_default() -> None:
    """There, calls that need a right of the container have it as a condition."""
    profile = json.loads(READERS_PROFILE.read_text())
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    permitted = {name for rule in profile["syscalls"] for name in rule["names"]
                 if rule["action"] == "SCMP_ACT_ALLOW" and not rule["includes"].get("caps")}
    assert RING <= permitted
    assert not permitted & {"bpf", "finit_module", "open_by_handle_at", "perf_event_open",
                            "userfaultfd"}  # fmt: skip


@pytest.fixture
def base(tmp_path: Path) -> Iterator[str]:
    """The name of an image of a bare Debian."""
    need_program("podman", "mmdebstrap")
    need_root("run a container under the same limits on each machine")
    name, system = f"localhost/base-{os.getpid()}", tmp_path / "base.tar"
    making = ["mmdebstrap", "--quiet", "--variant=apt", "--include=ca-certificates", "bookworm"]
    subprocess.run([*making, system], check=True)
    try:
        subprocess.run(podman_words("import", "--quiet", str(system), name), check=True)
        yield name
    finally:
        subprocess.run(podman_words("rmi", "--force", name), capture_output=True)
        subprocess.run(podman_words("image", "prune", "--force"), capture_output=True)


def build(base: str, name: str, *words: str) -> None:
    """Builds an image with these words of podman build."""
    words = podman_words("build", "--format", "docker", "-t", name, "--network=host",
                         "--isolation=chroot", f"--build-arg=BASE={base}", *words)  # fmt: skip
    built = subprocess.run(words, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]


@pytest.fixture
def image(base: str) -> Iterator[str]:
    """Builds the image with the command from the head of Containerfile, and yields its name."""
    name = f"localhost/fingerd-{os.getpid()}"
    try:
        build(base, name, "-f", str(CONTAINERFILE), str(ROOT))
        words = podman_words("run", *WITHOUT_RIGHTS, name, "--version")
        tried = subprocess.run(words, capture_output=True, text=True)
        if tried.returncode != 0 and ("crun" in tried.stderr or "OCI" in tried.stderr):
            pytest.skip(f"no container can be run here: {tried.stderr.strip()}")
        yield name
    finally:
        subprocess.run(podman_words("rmi", "--force", name), capture_output=True)


@pytest.mark.long
def test_the_image_is_built_and_serves(image: str) -> None:
    container = f"fingerd-{os.getpid()}"
    users = ROOT / "finger" / "users"
    words = podman_words("run", *WITHOUT_RIGHTS, "--network=none", f"--name={container}",
                         f"--security-opt=seccomp={PROFILE}", f"--volume={users}:/users:ro",
                         image)  # fmt: skip
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            assert running.stdout.readline() == "listening on [::]:7979\n"
            asked = subprocess.run(podman_words("healthcheck", "run", container))
            assert asked.returncode == 0
        finally:
            subprocess.run(podman_words("stop", container), capture_output=True)
        assert running.wait(ANSWER_SECONDS) == 0


def line_of_readme(verb: str) -> list[str]:
    """The words of README.md's line `podman VERB …`, after the verb."""
    text = (ROOT / "README.md").read_text().replace("\\\n", " ")
    found = re.search(rf"^\$ podman {verb} ([^#\n]*)", text, re.MULTILINE)
    assert found, f"README.md has no such line: podman {verb}"
    return shlex.split(found[1])


def here(*words: str) -> list[str]:
    """`podman run` with these words. Where crun finds both versions of cgroups, runc takes the
    older one, which can count the processes. The limits are those that a root who may raise none
    can give, and all that the tests take."""
    runtime = ["--runtime=runc"] if Path("/sys/fs/cgroup/unified").is_dir() else []
    return ["podman", *runtime, "run", "--ulimit=nofile=20000:20000", "--ulimit=nproc=20000:20000",
            *words]  # fmt: skip


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_readmes_lines_build_a_container_in_which_the_tests_pass(base: str, tmp_path: Path) -> None:
    """A thousand clients with a thread each, and a look into fingerd's processes. Without README's
    options each of these two fails, or is skipped."""
    if not (ROOT / ".git").exists():
        pytest.skip("needs a checkout of git")
    project, name = tmp_path / "project", f"localhost/readers-{os.getpid()}"
    project.mkdir()
    export = f"{need_program('git')} -C '{ROOT}' archive HEAD | tar -x -C '{project}'"
    subprocess.run(["bash", "-o", "pipefail", "-c", export], check=True)
    words = line_of_readme("build")
    assert words.pop() == "."
    assert words[:2] == ["-t", "six-servers"]
    needless = ("-it", "-p", "127.0.0.1:5173:5173")  # a terminal, and a port of this machine
    options = [word.replace("$PWD", str(project)) for word in line_of_readme("run")
               if word not in needless]
    assert options.pop() == "six-servers"
    options[options.index("--name") + 1] = name.split("/")[1]
    try:
        file = words[words.index("-f") + 1]
        build(base, name, "-f", str(project / file), str(project))
        for command in ("./check part1", "./check finger -k plans"):
            ran = subprocess.run(here(*options, name, "sh", "-c", command), cwd=project, text=True,
                                 capture_output=True)
            if "OCI" in ran.stderr or "crun" in ran.stderr:
                pytest.skip(f"no container can be run here: {ran.stderr.strip()}")
            assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
            assert "trac" not in ran.stdout, "tests are skipped that need the right to trace"
    finally:
        subprocess.run(podman_words("rmi", "--force", name), capture_output=True)
