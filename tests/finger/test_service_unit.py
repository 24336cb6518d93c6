"""deploy/fingerd.service: everything works within the limits that systemd would set. systemd itself
doesn't run in these tests. Instead, setpriv, unshare, mount and strace do what the units say, and
kit/manager.py passes the socket. tests/builds/test_systemd.py boots the real one.
"""

import re
import signal
import subprocess
from pathlib import Path

import pytest

import rules
from client_program import program  # noqa: F401
from conftest import ALICE
from harness.needed import need_namespaces, need_program
from harness.proc import wait_until
from harness.strace import TO_END_UNDER_STRACE, need_ptrace
from harness.subject import REPOSITORY
from kit.machine import Machine
from kit.manager import Manager
from kit.server import FingerServer, Start

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.AS_OWNER)]

UNIT = (REPOSITORY / "finger" / "deploy" / "fingerd.service.in").read_text()
CALL = re.compile(r"^\d+ +(\w+)\(", re.MULTILINE)


def setting(name: str) -> list[str]:
    """Returns every word of the unit's setting."""
    return " ".join(re.findall(rf"^{name}=(.*)$", UNIT, re.MULTILINE)).split()


def confined() -> tuple[str, ...]:
    """Returns words in front of the daemon: its capabilities, no new ones, read-only homes."""
    assert setting("NoNewPrivileges") == ["yes"] and setting("ProtectHome") == ["read-only"]
    kept = [f"+{name.removeprefix('CAP_').lower()}" for name in setting("CapabilityBoundingSet")]
    read_only = 'mount -o remount,bind,ro /home; exec "$@"'
    return ("sh", "-ec", read_only, "sh", "setpriv", "--no-new-privs",
            f"--bounding-set={','.join(['-all', *kept])}")  # fmt: skip


@pytest.fixture
def start_confined(manager: Manager, start_as_root: Start) -> Start:
    """Starts the daemon in a network that has only the socket; `within` comes before the daemon."""
    need_namespaces("--net")
    assert setting("PrivateNetwork") == ["yes"]

    def start(*within: str) -> FingerServer:
        words = (*confined(), *manager.under, *within)
        return start_as_root(before=("unshare", "--net"), under=words)

    return start


def ask(server: FingerServer, program: Path, user: str) -> bytes:
    """Sends a query from outside."""
    words = [str(program), "-p", str(server.address[1]), f"{user}@127.0.0.1"]
    return subprocess.run(words, capture_output=True, timeout=server.patience).stdout


def exercise(server: FingerServer, machine: Machine, program: Path) -> None:
    """Sends queries, a reload and a stop."""
    assert ask(server, program, "alice") == ALICE
    assert ask(server, program, "carol") == b"Error: No such user\n"
    machine.opt_in(machine.add("dora", b"mine\n"))
    server.send_signal(signal.SIGHUP)
    for user, answer in (("dora", b"mine\n"), ("alice", b"Error: No such user\n")):
        # The old worker and the new one share the listener until the old one gets the parent's
        # order.
        shows = wait_until(lambda: ask(server, program, user) == answer, server.patience)
        assert shows, f"the reload does not show: {user}"


def test_with_the_units_capabilities_and_mounts_all_works(
    machine: Machine, start_confined: Start, program: Path
) -> None:
    exercise(start_confined(), machine, program)


def test_with_the_units_capabilities_a_private_home_that_is_a_link_is_served(
    machine: Machine, start_confined: Start, program: Path
) -> None:
    home, there = machine.homes / "alice", machine.another_disk / "alice"
    home.rename(there)
    there.chmod(0o700)
    home.symlink_to(there)
    assert ask(start_confined(), program, "alice") == ALICE


def test_the_units_filter_permits_every_system_call_that_is_made(
    machine: Machine, start_confined: Start, program: Path, tmp_path: Path
) -> None:
    need_ptrace()
    need_program("systemd-analyze")
    trace = tmp_path / "trace"
    server = start_confined(*TO_END_UNDER_STRACE, "strace", "-D", "-f", "-qq", "-o", str(trace))
    exercise(server, machine, program)
    server.stop()
    made = set(CALL.findall(trace.read_text()))
    assert {"accept4", "io_uring_enter", "setresuid"} <= made, "the trace is not that of fingerd"
    assert made - permitted(setting("SystemCallFilter")) == set()


def permitted(words: list[str]) -> set[str]:
    """Returns the system calls that a filter permits, with groups resolved; ~ removes calls."""
    found: set[str] = set()
    for word in words:
        if word.startswith("~"):
            found -= permitted([word[1:]])
            continue
        if not word.startswith("@"):
            found.add(word)
            continue
        words = ["systemd-analyze", "syscall-filter", word]
        told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        lines = (line.strip() for line in told.splitlines()[1:])
        found |= permitted([line for line in lines if line and not line.startswith("#")])
    return found
