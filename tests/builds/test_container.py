"""fingerd in a container with the profile of finger/deploy: which calls are permitted, and that it
serves. We fetch no image, but build the recipe's on a Debian that the test makes itself."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.needed import need_program, need_root
from test_alone import ROOT

CONTAINERFILE = ROOT / "finger" / "deploy" / "recipes" / "Containerfile"
PROFILE = CONTAINERFILE.with_name("seccomp.json")
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
    assert {"io_uring_setup", "io_uring_enter", "io_uring_register"} <= permitted
    assert not permitted & NEVER


@pytest.fixture
def image(tmp_path: Path) -> Iterator[str]:
    """Builds the image with the command from the head of Containerfile, and yields its name."""
    need_program("podman", "mmdebstrap")
    need_root("run a container under the same limits on each machine")
    base, name = f"localhost/base-{os.getpid()}", f"localhost/fingerd-{os.getpid()}"
    system = tmp_path / "base.tar"
    making = ["mmdebstrap", "--quiet", "--variant=apt", "--include=ca-certificates", "bookworm"]
    subprocess.run([*making, system], check=True)
    try:
        subprocess.run(podman_words("import", "--quiet", str(system), base), check=True)
        words = podman_words("build", "--format", "docker", "-t", name, "-f", str(CONTAINERFILE),
                             "--network=host", "--isolation=chroot", f"--build-arg=BASE={base}",
                             str(ROOT))  # fmt: skip
        built = subprocess.run(words, capture_output=True, text=True)
        assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
        words = podman_words("run", *WITHOUT_RIGHTS, name, "--version")
        tried = subprocess.run(words, capture_output=True, text=True)
        if tried.returncode != 0 and ("crun" in tried.stderr or "OCI" in tried.stderr):
            pytest.skip(f"no container can be run here: {tried.stderr.strip()}")
        yield name
    finally:
        subprocess.run(podman_words("rmi", "--force", name, base), capture_output=True)
        subprocess.run(podman_words("image", "prune", "--force"), capture_output=True)


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
