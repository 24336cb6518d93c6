"""A machine with users of its own, for a daemon that runs as root."""

import fcntl
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.needed import need_namespaces, need_root
from kit.namespace import NOBODY, after

OWN_MOUNTS = ("--mount", "--propagation", "private")
GROUP = "finger"
GROUP_ID = 2_000_000_000
FIRST_UID = 2_000_000_001


@dataclass(frozen=True)
class Person:
    """A user with an account."""

    login: str
    uid: int
    home: Path

    @property
    def plan(self) -> Path:
        return self.home / ".plan"


def make_private(file: Path, uid: int, contents: bytes) -> None:
    """Writes a file that only this user may read."""
    file.write_bytes(contents)
    file.chmod(0o600)
    os.chown(file, uid, uid)


class Machine:
    """Accounts, a group and homes in a directory. A command line after `under` starts in a mount
    namespace and sees that directory as /etc and /home."""

    def __init__(self) -> None:
        need_root()
        need_namespaces(*OWN_MOUNTS)
        self._temporary = tempfile.TemporaryDirectory(prefix="finger-")
        self._top = Path(self._temporary.name)
        self._etc = self._top / "etc"
        self.homes = self._top / "home"
        self.another_disk = self._top / "another-disk"
        for directory in (self._top, self._etc, self.homes, self.another_disk):
            directory.mkdir(exist_ok=True)
            directory.chmod(0o755)
        self._etc.joinpath("nsswitch.conf").write_text("passwd: files systemd\ngroup: files\n")
        self._accounts: dict[str, str] = {}
        self._members: list[str] = []
        self.system_account("root", 0)
        self.system_account("nobody", NOBODY)
        self.write_group()

    def ask_first(self, module: str) -> None:
        """Asks that module of nsswitch.conf for accounts and groups, before files."""
        lines = f"passwd: {module} files\ngroup: {module} files\n"
        self._etc.joinpath("nsswitch.conf").write_text(lines)

    @property
    def under(self) -> tuple[str, ...]:
        files = ("passwd", "group", "nsswitch.conf")
        binds = [f'mount --bind "$1/etc/{name}" /etc/{name}' for name in files]
        return after(
            "; ".join([*binds, 'mount --rbind "$1/home" /home']), str(self._top), unshare=OWN_MOUNTS
        )

    def system_account(self, login: str, uid: int) -> None:
        """Adds an account without a home."""
        self._accounts[login] = f"{login}:x:{uid}:{uid}::/nonexistent:/usr/sbin/nologin"
        self._write_accounts()

    def add(
        self, login: str, plan: bytes | None = None, uid: int | None = None, gid: int | None = None
    ) -> Person:
        """Adds a user with a home that no other user may enter, and a plan that no other
        may read."""
        number = FIRST_UID + len(self._accounts) if uid is None else uid
        person = Person(login, number, self.homes / login)
        group = number if gid is None else gid
        line = f"{login}:x:{number}:{group}:{login.title()},,:/home/{login}:/bin/sh"
        self._accounts[login] = line
        self._write_accounts()
        person.home.mkdir(mode=0o700)
        if plan is not None:
            make_private(person.plan, number, plan)
        os.chown(person.home, number, group)
        return person

    def move_home(self, login: str, to: Path, seen_as: str | None = None) -> None:
        """Moves the home there, and writes the new path into the account, or `seen_as` instead."""
        (self.homes / login).rename(to)
        seen = seen_as or str(to)
        self._accounts[login] = self._accounts[login].replace(f"/home/{login}", seen)
        self._write_accounts()

    def move_homes(self, *people: Person) -> Path:
        """Moves the homes of all these people into one directory, /home/dept, which isn't a mount
        yet."""
        department = self.homes / "dept"
        department.mkdir()
        for person in people:
            self.move_home(person.login, department / person.login, f"/home/dept/{person.login}")
        return department

    @contextmanager
    def without_accounts(self, *logins: str) -> Iterator[None]:
        """Hides these accounts from the system meanwhile, as if a directory service were down."""
        kept = self._accounts
        self._accounts = {login: line for login, line in kept.items() if login not in logins}
        self._write_accounts()
        try:
            yield
        finally:
            self._accounts = kept
            self._write_accounts()

    def add_crowd(self, count: int) -> str:
        """Adds accounts with the group as primary group and without homes. Returns the
        first login."""
        for number in range(count):
            login = f"crowd{number:05}"
            self._accounts[login] = f"{login}:x:{3_000_000_000 + number}:{GROUP_ID}::/none:/bin/sh"
        self._write_accounts()
        return "crowd00000"

    def write_plan(self, login: str, contents: bytes) -> None:
        """Writes a plan that everybody may read, for a user who has none."""
        plan = self.homes / login / ".plan"
        plan.write_bytes(contents)
        plan.chmod(0o644)

    def opt_in(self, *people: Person) -> None:
        """Makes these people members of the group, and removes all others."""
        self._members = [person.login for person in people]
        self.write_group()

    def write_group(self, name: str = GROUP) -> None:
        """Writes the group under its name. With a different name, the group is gone."""
        lines = ["root:x:0:", f"nogroup:x:{NOBODY}:"]
        lines.append(f"{name}:x:{GROUP_ID}:{','.join(self._members)}")
        self._etc.joinpath("group").write_text("\n".join(lines) + "\n")

    @contextmanager
    def silent_group_database(self) -> Iterator[None]:
        """Lets questions about groups wait, until the end or for `lease-break-time`, which is
        45 s."""
        # SIGIO comes when a process waits. fcntl(2), "Leases". Not SIG_IGN, because a server would
        # inherit that.
        signal.signal(signal.SIGIO, lambda *_: None)
        with open(self._etc / "group", "r+b") as file:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
            yield

    def secret(self, uid: int, contents: bytes) -> Path:
        """Makes a file outside of the homes that only this user may read."""
        file = self._top / f"secret-{uid}"
        make_private(file, uid, contents)
        return file

    def close(self) -> None:
        """Removes everything."""
        self._temporary.cleanup()

    def _write_accounts(self) -> None:
        self._etc.joinpath("passwd").write_text("\n".join(self._accounts.values()) + "\n")
