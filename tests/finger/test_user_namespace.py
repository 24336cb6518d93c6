"""In a user namespace, such as a container without root, not every uid exists."""

import subprocess
import sys

import pytest

import rules
from harness.needed import need_root
from kit.machine import GROUP_ID, Machine
from kit.reference import NO_PLAN
from kit.server import FingerServer, Start

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.AS_OWNER)]

MEMBER = 5000


# A process that is still outside writes the maps, because inside, a user may map no ids but his
# own.
SCRIPT = """
import ctypes, os, sys
count, *words = sys.argv[1:]
inside, outside = os.pipe(), os.pipe()
if (helper := os.fork()) == 0:
    os.close(inside[1])
    if not os.read(inside[0], 1):
        os._exit(1)  # there is no namespace to map: who asked for it says why
    for kind in ("uid", "gid"):
        with open(f"/proc/{os.getppid()}/{kind}_map", "w") as maps:
            maps.write(f"0 0 {count}\\n")
    os._exit(0)
CLONE_NEWUSER = 0x10000000
if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) != 0:
    sys.exit(os.strerror(ctypes.get_errno()))
os.write(inside[1], b"x")
if os.waitpid(helper, 0)[1] != 0:
    sys.exit("the maps cannot be written")
os.execvp(words[0], words)
"""


def with_users(count: int) -> tuple[str, ...]:
    """Returns words in front of a command line, under which this many users exist, from root on."""
    need_root()
    words = (sys.executable, "-c", SCRIPT, str(count))
    trial = subprocess.run([*words, "true"], capture_output=True, text=True)
    if trial.returncode != 0:
        pytest.skip(f"no user namespace is permitted here: {trial.stderr.strip()}")
    return words


@pytest.fixture
def start_inside(start_as_root: Start) -> Start:
    """Starts servers on that machine with only the first 65,536 users."""

    def start_one(*options: str, **how: object) -> FingerServer:
        return start_as_root(*options, under=with_users(1 << 16), **how)

    return start_one


def test_a_user_who_exists_there_is_served_as_usual(machine: Machine, start_inside: Start) -> None:
    machine.opt_in(machine.add("dora", b"in here\n", uid=MEMBER))
    server = start_inside()
    assert server.stderr_text() == "serving 1 user\n"
    server.expect(b"dora", b"in here\r\n")


def test_the_plan_of_a_user_or_a_group_that_does_not_exist_there_is_not_served(
    machine: Machine, start_inside: Start
) -> None:
    machine.add("dora", b"in here\n", uid=MEMBER, gid=GROUP_ID)
    server = start_inside("--log", "none")
    lines = server.stderr_text().splitlines()
    assert [line.split()[0] for line in lines] == ["alice", "bob", "dora", "serving"], lines
    for login in (b"alice", b"dora"):
        server.expect(login, NO_PLAN)


@pytest.mark.rule(rules.CANNOT_RUN)
def test_the_daemon_does_not_start_if_only_root_exists(start_as_root: Start) -> None:
    server = start_as_root(ready=False, under=with_users(1))
    assert server.wait_exit() == 1
    assert "cannot give up root: " in server.stderr_text()
