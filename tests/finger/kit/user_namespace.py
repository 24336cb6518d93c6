"""A user namespace in which some of the machine's users do not exist."""

import subprocess
import sys

import pytest

from kit.namespace import need_root

# The maps are written by a process that is still outside: inside nobody may map what is not his.
SCRIPT = """
import ctypes, os, sys
first, count, *words = sys.argv[1:]
inside, outside = os.pipe(), os.pipe()
if (helper := os.fork()) == 0:
    os.close(inside[1])
    if not os.read(inside[0], 1):
        os._exit(1)  # there is no namespace to map: who asked for it says why
    for kind in ("uid", "gid"):
        with open(f"/proc/{os.getppid()}/{kind}_map", "w") as maps:
            maps.write(f"0 {first} {count}\\n")
    os._exit(0)
CLONE_NEWUSER = 0x10000000
if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) != 0:
    sys.exit(os.strerror(ctypes.get_errno()))
os.write(inside[1], b"x")
if os.waitpid(helper, 0)[1] != 0:
    sys.exit("the maps cannot be written")
os.execvp(words[0], words)
"""


def with_users(count: int, first: int = 0) -> tuple[str, ...]:
    """Words in front of a command line: so many users exist, from this one on, which is root."""
    need_root()
    words = (sys.executable, "-c", SCRIPT, str(first), str(count))
    trial = subprocess.run([*words, "true"], capture_output=True, text=True)
    if trial.returncode != 0:
        pytest.skip(f"no user namespace is permitted here: {trial.stderr.strip()}")
    return words
