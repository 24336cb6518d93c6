"""What the process of a server begins with."""

import ctypes
import json
import os
import signal
from collections.abc import Mapping, Sequence

from harness import limits

LIBC = ctypes.CDLL(None)  # loaded here, and not once more in each child
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
MARK = "UNDER_TEST"  # in the environment of a server, and of all that it starts
OF_THE_USER = "JUDGED_ENVIRONMENT"  # what ./judge keeps from the tests, as JSON
PR_SET_PDEATHSIG, PR_SET_PTRACER, ANYBODY = 1, 0x59616D61, -1


def environment() -> dict[str, str]:
    """The user's, without what would flush a ready line that a Python server has not flushed."""
    known = dict(os.environ)
    if OF_THE_USER in known:
        theirs = json.loads(known.pop(OF_THE_USER))
        known = {name: value for name, value in known.items()
                 if not name.startswith(("PYTEST_", "PYTHON"))} | theirs
    return {name: value for name, value in known.items() if name != "PYTHONUNBUFFERED"}


def become(words: Sequence[str], environment: Mapping[str, str]) -> None:
    """In the child, in place of execve(2), for those who have a way of their own to start some
    program, and set this."""


def prepare(
    words: Sequence[str], environment: Mapping[str, str], descriptor_limit: int | None,
    niceness: int,
) -> None:
    """In the child: dies with the harness, lets strace attach, starts with ordinary limits.

    Of a ./check in the background, a shell ignores SIGINT, and its children would.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    LIBC.prctl(PR_SET_PTRACER, ctypes.c_long(ANYBODY), 0, 0, 0)
    limits.set_server_limit(descriptor_limit)
    os.nice(niceness)
    become(words, environment)
