"""Starts a server's process, in a known state."""

import contextlib
import ctypes
import functools
import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from harness import limits
from harness.inherited import heed_all_signals
from harness.needed import may_trace

LIBC = ctypes.CDLL(None)  # loaded here, so that no child has to load it again
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
MARK = "UNDER_TEST"  # in the environment of a server, and of all processes that it starts
OF_THE_USER = "JUDGED_ENVIRONMENT"  # variables that ./judge hides from the tests, as JSON
PR_SET_PDEATHSIG, PR_SET_PTRACER, ANYBODY = 1, 0x59616D61, -1
YAMA = Path("/proc/sys/kernel/yama/ptrace_scope")
# The shell's input ends when the harness does, for whatever reason.
END_THOSE_LEFT = """
read -r _
for _ in 1 2 3; do
  pids=$(grep -lsz "^$0\\." /proc/[0-9]*/environ | cut -d/ -f3)
  [ -z "$pids" ] || kill -9 $pids
done
"""

# Replaces execve(2) in the child, for users that start some program in a different way.
become: Callable[[Sequence[str], Mapping[str, str]], None] | None = None


def environment() -> dict[str, str]:
    """Returns the user's environment, without the variables that would flush a ready line although
    a Python server forgot to."""
    known = dict(os.environ)
    if OF_THE_USER in known:
        theirs = json.loads(known.pop(OF_THE_USER))
        known = {name: value for name, value in known.items()
                 if not name.startswith(("PYTEST_", "PYTHON"))} | theirs
    return {name: value for name, value in known.items() if name != "PYTHONUNBUFFERED"}


def start(
    words: Sequence[str], environment: Mapping[str, str], descriptor_limit: int | None,
    niceness: int, stdout: IO[bytes], stderr: IO[bytes] | int,
) -> subprocess.Popen[bytes]:
    """Starts a server's process with ordinary limits, in a session of its own. The server ends with
    us. We use fork(2) only if the child itself has something to do, which is rare, because copying
    the page tables of a large Python takes ten times as long as starting a server.
    """
    heed_all_signals()
    begin = functools.partial(
        subprocess.Popen, words, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
        start_new_session=True, env=environment)
    if (become or descriptor_limit or niceness or is_to_let_strace_attach()
            or not limits.can_be_a_servers()):
        return begin(preexec_fn=lambda: prepare(words, environment, descriptor_limit, niceness))
    watch_over_servers_of(os.getpid())
    with limits.of_a_server():
        return begin()


def is_to_let_strace_attach() -> bool:
    """Returns true if only processes that permit it can be traced. ptrace(2)"""
    with contextlib.suppress(FileNotFoundError):
        return YAMA.read_text().strip() == "1" and not may_trace()
    return False


@functools.cache
def watch_over_servers_of(pid: int) -> subprocess.Popen[bytes]:
    """Starts a shell that kills the servers with our mark when this process is gone."""
    return subprocess.Popen(
        ["sh", "-c", END_THOSE_LEFT, f"{MARK}={pid}"],
        stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)


def prepare(
    words: Sequence[str], environment: Mapping[str, str], descriptor_limit: int | None,
    niceness: int,
) -> None:
    """Runs in the child: it dies with the harness, and lets strace attach."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    LIBC.prctl(PR_SET_PTRACER, ctypes.c_long(ANYBODY), 0, 0, 0)
    limits.set_server_limit(descriptor_limit)
    os.nice(niceness)
    if become:
        become(words, environment)
