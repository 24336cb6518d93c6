"""Finger daemons of other people, which an inetd starts anew for each exchange.

Debian has `fingerd` (in.fingerd, which starts finger(1)) and `efingerd`, and `openbsd-inetd` for
both; the two daemons cannot be installed together. Nothing here is a service of the machine: inetd
gets a configuration of its own, a free port of 127.0.0.1, and runs as nobody.

- Without plans a daemon answers about the users of the machine, as nobody may see them.
- With plans, the processes are in a mount namespace of their own with an /etc/passwd for these
  users: finger(1) prints some lines about the login (`Login: …`, `Never logged in.`, `No mail.`)
  and the plan.
"""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from harness.needed import need_program
from harness.proc import wait_until
from harness.subject import free_port

NOBODY = 65534
START_SECONDS = 10.0

# As nobody, whoever starts it; as root, inetd would want to become each service's user itself.
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
# A first namespace to mount in, and a second to be nobody in again.
WITH_PASSWD = 'mount --bind "$1" /etc/passwd && shift && exec "$@"'
NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", WITH_PASSWD, "sh")
NOBODY_AGAIN = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")


class Inetd:
    """inetd with one service: a finger daemon, on a free port of 127.0.0.1."""

    def __init__(self, *command: str, plans: Mapping[str, bytes] | None = None) -> None:
        """`command` is the daemon's, as in.fingerd -u. With `plans` these are all users."""
        self._directory = tempfile.TemporaryDirectory(prefix="inetd-")
        place = Path(self._directory.name)
        place.chmod(0o755)
        self.port = free_port()
        path = need_program(command[0], "inetd")
        service = f"127.0.0.1:{self.port} stream tcp nowait nobody"
        (place / "inetd.conf").write_text(f"{service} {path} {shlex.join(command)}\n")
        words = [need_program("inetd"), "-i", str(place / "inetd.conf")]
        if plans is not None:
            words = [*NAMESPACE, str(make_accounts(place, plans)), *NOBODY_AGAIN, *words]
        if os.geteuid() == 0:
            words = [*AS_NOBODY, *words]
        self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, cwd="/")
        if not wait_until(self._accepts, START_SECONDS) or self._process.poll() is not None:
            self.kill()
            raise RuntimeError(f"inetd does not listen: {shlex.join(words)}")

    def __enter__(self) -> Inetd:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.wait()
        self._directory.cleanup()

    def _accepts(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return self._process.poll() is not None  # then there is nothing to wait for
        return True


def make_accounts(place: Path, plans: Mapping[str, bytes]) -> Path:
    """Homes with these plans, and the passwd(5) that leads to them."""
    lines = [f"nobody:x:{NOBODY}:{NOBODY}::/nonexistent:/bin/sh"]
    for uid, (name, plan) in enumerate(plans.items(), 1000):
        home = place / "homes" / name
        home.mkdir(parents=True)
        (home / ".plan").write_bytes(plan)
        lines.append(f"{name}:x:{uid}:{uid}:{name.title()}:{home}:/bin/sh")
    passwd = place / "passwd"
    passwd.write_text("".join(f"{line}\n" for line in lines))
    return passwd
