"""A Debian that its own systemd boots, in namespaces, with no network but a loopback."""

import os
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

from harness.load import Load
from harness.needed import need_program, need_root
from harness.proc import in_network_of, wait_until, workers_of

# We keep these from run to run. Remove the directory to have them made again.
BASES = Path(os.environ.get("BASES", "/var/tmp/six-servers-bases"))
# Needed by the packages and the tests. libfmt9 is Debian 12's, but works on Debian 13, too.
PACKAGES = "systemd,systemd-sysv,passwd,iproute2,libfmt9,libseccomp2,liburing2"
BOOT = """
set -e
echo $$ > "$4/cgroup.procs"
exec setpriv --pdeathsig KILL \\
  unshare --mount --pid --fork --kill-child --net --uts --ipc --cgroup sh -ec '
  mount -t tmpfs tmpfs "$2"
  cd "$2"
  mkdir changed work root
  mount -t overlay -o "lowerdir=$1,upperdir=changed,workdir=work" overlay root
  mkdir root/debs
  mount --bind "$3" root/debs
  mount --rbind /dev root/dev
  exec chroot root env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \\
    /lib/systemd/systemd --unit=sockets.target --show-status=no systemd.unified_cgroup_hierarchy
' sh "$@"
"""
PLAN = "Building a telescope.\n"
ANSWER = PLAN.replace("\n", "\r\n")
LOCAL = "127.0.0.1"
PATIENCE = 60.0


def make_base(release: str) -> Path:
    """Returns a directory with a bare Debian of that release, which can boot."""
    need_root("boot a system of its own")
    need_program("mmdebstrap", "findmnt", "setpriv", "unshare")
    base = BASES / release
    if not base.exists():
        BASES.mkdir(exist_ok=True)
        mirror = "deb http://deb.debian.org/debian"
        unfinished = tempfile.mkdtemp(dir=BASES)
        words = ["mmdebstrap", "--variant=apt", "--mode=root", f"--include={PACKAGES}", release,
                 unfinished, *{f"{mirror} {release} main", f"{mirror} bookworm main"}]  # fmt: skip
        made = subprocess.run(words, capture_output=True, text=True)
        assert made.returncode == 0, made.stderr[-3000:]
        Path(unfinished).rename(base)
    return base


class System:
    """A booted Debian, of which nothing stays. `root` is its root directory, seen from here. alice
    has a plan. The packages are in /debs, but aren't installed."""

    def __init__(self, base: Path, packages: Path, directory: Path) -> None:
        hierarchies = subprocess.run(["findmnt", "-n", "-t", "cgroup2", "-o", "TARGET"],
                                     capture_output=True, text=True).stdout.split()
        if not hierarchies:
            pytest.skip("no cgroup2, which systemd needs")
        self.cgroup = Path(tempfile.mkdtemp(prefix="six-servers-", dir=hierarchies[0]))
        words = ["sh", "-c", BOOT, "sh", base, directory, packages, self.cgroup]
        self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL)
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        assert wait_until(lambda: bool(children.read_text()), PATIENCE), "nothing boots"
        self.init = int(children.read_text())
        self.root = Path(f"/proc/{self.init}/root")
        booted = wait_until(lambda: self.run("systemctl", "is-system-running", check=False) in
                            ("running", "degraded"), PATIENCE)  # fmt: skip
        assert booted, "it does not boot"
        self.run("ip", "link", "set", "lo", "up")
        self.add_user("alice")

    def stop(self) -> None:
        os.kill(self.init, signal.SIGKILL)
        self._process.wait()
        events = self.cgroup / "cgroup.events"
        assert wait_until(lambda: "populated 0" in events.read_text(), PATIENCE)
        subprocess.run(["find", self.cgroup, "-depth", "-type", "d", "-delete"], check=True)

    def run(self, *words: str, check: bool = True) -> str:
        """Returns a command's output in the system."""
        inside = ["nsenter", "-t", str(self.init), "--all", "--root", "env", "--chdir=/", *words]
        done = subprocess.run(inside, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)  # fmt: skip
        assert not check or done.returncode == 0, f"{' '.join(words)}: {done.stdout}"
        return done.stdout.strip()

    def show(self, name: str, unit: str = "fingerd.service") -> str:
        return self.run("systemctl", "show", "--value", "-p", name, unit)

    def journal(self, *words: str) -> str:
        return self.run("journalctl", "--no-pager", *words)

    def tells(self, what: str, *words: str) -> bool:
        """Returns true if the journal has this text, after a while."""
        return wait_until(lambda: what in self.journal(*words), PATIENCE)

    def install(self, packages: str = "/debs/six-servers-*[dr]_*.deb") -> None:
        """Installs with apt, which fails if a dependency is missing, without the debug symbols."""
        self.run("sh", "-ec", 'DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes '
                 f"--allow-downgrades {packages}")  # fmt: skip

    def add_user(self, name: str, home: str = "") -> None:
        """Adds a user with a plan. The plan and the home are closed to all others."""
        self.run("useradd", "--create-home", "--home-dir", home or f"/home/{name}", name)
        self.run("sh", "-ec", f'cd ~{name}; printf "$1" > .plan; chmod 600 .plan; chmod 700 .; '
                 f'chown {name}: .plan', "sh", PLAN)  # fmt: skip

    def opt_in(self, *names: str) -> None:
        """Makes these users, and no others, members of the group."""
        self.run("gpasswd", "--members", ",".join(names), "finger")

    def configure(self, text: str, unit: str = "fingerd.service") -> None:
        """Writes an administrator's text for `systemctl edit UNIT`, and applies it."""
        file = self.root / f"etc/systemd/system/{unit}.d/override.conf"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        self.run("systemctl", "daemon-reload")
        self.run("systemctl", "stop", "fingerd.service")
        self.run("systemctl", "restart", "fingerd.socket")

    def processes(self) -> tuple[int, int]:
        """Returns the ids of the main process and of its worker, as seen from here."""
        pids = (self.cgroup / "system.slice/fingerd.service/cgroup.procs").read_text().split()
        (main,) = [int(pid) for pid in pids if workers_of(int(pid))]
        (worker,) = workers_of(main)
        return main, worker

    def connect(
        self, at: str = LOCAL, source: str = "", patience: float = PATIENCE, port: int = 79
    ) -> socket.socket:
        bound = (source, 0) if source else None
        with in_network_of(self.init):
            return socket.create_connection((at, port), patience, bound)

    def ask(self, user: str, *place: str, **how: Any) -> str:
        with self.connect(*place, **how) as client, client.makefile("rb") as answer:
            client.sendall(user.encode() + b"\r\n")
            return answer.read().decode()

    def serves(self, *users: str) -> bool:
        """Returns true if a query for each user gets the plan."""
        return [self.ask(user) for user in users] == [ANSWER] * len(users)

    def load(self) -> Load:
        """Clients that ask for alice, again and again."""

        def ask() -> None:
            got = self.ask("alice")
            assert got == ANSWER, got

        return Load(ask, PATIENCE)
