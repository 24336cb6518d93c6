"""fingerd in a container with the profile of finger/deploy: what it may, and what it may not.

No image is fetched. The container's root is a directory with the daemon and the libraries that it
is linked with; only the longest test builds the image, on a Debian that it makes itself.
"""

import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.needed import need_built, need_program, need_root
from test_alone import ROOT

PROGRAM = Path(os.environ.get("BUILD", ROOT / "build" / "default")) / "finger" / "fingerd"
CLIENT = PROGRAM.with_name("finger")
CONTAINERFILE = ROOT / "finger" / "deploy" / "recipes" / "Containerfile"
PROFILE = CONTAINERFILE.with_name("seccomp.json")
PLAN = "hello from inside\n"
NEVER = {"bpf", "finit_module", "init_module", "kexec_load", "mount", "open_by_handle_at",
         "perf_event_open", "pivot_root", "process_vm_readv", "process_vm_writev", "ptrace",
         "reboot", "setns", "unshare", "userfaultfd"}  # fmt: skip
ANSWER_SECONDS = 20
WITHOUT_RIGHTS = ("--rm", "--cgroups=disabled", "--ulimit=nofile=1000:1000",
                  "--ulimit=nproc=1000:1000", "--read-only", "--cap-drop=all",
                  "--security-opt=no-new-privileges")  # fmt: skip

# Where the machine mounts both versions of cgroups, crun takes neither.
ONE_CGROUP = ("mount --make-rprivate / && umount -l /sys/fs/cgroup && "
              'mount -t cgroup2 none /sys/fs/cgroup && exec "$@"')

Run = Callable[..., list[str]]


def podman_words(*words: str) -> list[str]:
    return ["unshare", "-m", "sh", "-c", ONE_CGROUP, "sh", "podman", *words]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The container's root: two programs, their libraries, and somebody with a plan."""
    need_built(PROGRAM)
    need_built(CLIENT)
    directory = tmp_path_factory.mktemp("root")
    for name in ("dev", "etc", "proc", "run", "sys", "tmp", "users/alice", "usr/sbin"):
        (directory / name).mkdir(parents=True)
    words = ["ldd", PROGRAM, CLIENT]
    linked = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    for library in map(Path, re.findall(r"/\S+(?= \()", linked)):
        to = directory / library.relative_to("/")
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, to)
    for program in (PROGRAM, CLIENT):
        shutil.copy(program, directory / "usr/sbin")
    (directory / "users/alice/.plan").write_text(PLAN)
    directory.chmod(0o755)
    return directory


@pytest.fixture(scope="module")
def podman(root: Path) -> Run:
    """The words that run a program with a profile, as the head of Containerfile says."""
    need_program("podman")
    need_root("run a container under the same limits on each machine")

    def words(profile: Path | str, *options: str, program: str = "fingerd") -> list[str]:
        return podman_words("run", *WITHOUT_RIGHTS, "--network=host", "--user=65534:65534",
                            f"--security-opt=seccomp={profile}", "--rootfs", str(root),
                            f"/usr/sbin/{program}", *options)  # fmt: skip

    tried = subprocess.run(words("unconfined", "--version"), capture_output=True, text=True)
    if tried.returncode != 0 and ("crun" in tried.stderr or "OCI" in tried.stderr):
        pytest.skip(f"no container can be run here: {tried.stderr.strip()}")
    tried = subprocess.run(words(PROFILE, "--version"), capture_output=True, text=True)
    assert tried.returncode == 0, tried.stderr
    return words


@pytest.fixture
def address(podman: Run) -> Iterator[tuple[str, int]]:
    """Where the daemon listens."""
    options = ("--addr", "127.0.0.1", "--port", "0", "--users", "/users")
    with subprocess.Popen(podman(PROFILE, *options), stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        line = running.stdout.readline()
        host, _, port = line.removeprefix("listening on ").strip().rpartition(":")
        try:
            assert host == "127.0.0.1", line
            yield host, int(port)
        finally:
            running.terminate()
            assert running.wait(ANSWER_SECONDS) in (0, 143)


def ask(address: tuple[str, int]) -> str:
    with socket.create_connection(address, timeout=ANSWER_SECONDS) as client:
        client.sendall(b"alice\r\n")
        with client.makefile("r", newline="\r\n") as answer:
            return answer.read().replace("\r\n", "\n")


def test_the_profile_permits_the_ring_and_nothing_that_rules_the_machine() -> None:
    profile = json.loads(PROFILE.read_text())
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    permitted = {name for rule in profile["syscalls"] for name in rule["names"]}
    assert {"io_uring_setup", "io_uring_enter", "io_uring_register"} <= permitted
    assert not permitted & NEVER


def test_it_serves_without_any_rights(address: tuple[str, int]) -> None:
    for _ in range(10):
        assert ask(address) == PLAN


def health_check() -> list[str]:
    """The words of the Containerfile's HEALTHCHECK."""
    (words,) = re.findall(r"^HEALTHCHECK .*CMD (\[.*\])$", CONTAINERFILE.read_text(), re.MULTILINE)
    return json.loads(words)


def test_its_health_is_seen_from_inside(podman: Run, address: tuple[str, int]) -> None:
    program, *words = health_check()
    port = words.index("7979")
    words[port] = str(address[1])
    check = podman(PROFILE, *words, program=program)
    asked = subprocess.run(check, capture_output=True, text=True)
    assert (asked.returncode, asked.stdout) == (0, "Error: No such user\n"), asked.stderr
    check[check.index(words[port])] = "1"  # nobody listens there
    assert subprocess.run(check, capture_output=True).returncode == 1


def test_the_profile_is_in_force(podman: Run, tmp_path: Path) -> None:
    """Without the ring in it, there is no ring."""
    profile = json.loads(PROFILE.read_text())
    for rule in profile["syscalls"]:
        rule["names"] = [name for name in rule["names"] if name != "io_uring_setup"]
    narrower = tmp_path / "narrower.json"
    narrower.write_text(json.dumps(profile))
    words = podman(narrower, "--addr", "127.0.0.1", "--port", "0", "--users", "/users")
    ended = subprocess.run(words, capture_output=True, text=True, timeout=3 * ANSWER_SECONDS)
    assert ended.returncode == 1
    assert "io_uring cannot be used" in ended.stderr


@pytest.fixture
def image(podman: Run, tmp_path: Path) -> Iterator[str]:
    """The name of the one that the words at the head of Containerfile build."""
    del podman  # has seen that containers can be run
    need_program("mmdebstrap")
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
