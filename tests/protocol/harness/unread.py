"""Standard errors of each kind that nobody reads; a server mustn't wait for them."""

import fcntl
import os
import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from harness.needed import need_root

# Words in front of a command line that run it as a different user, who doesn't own our open files.
AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all")


def _hold(held: ExitStack, *descriptors: int) -> int:
    """Closes these after the test. Returns the last, which is the end for writing."""
    for each in descriptors:
        held.callback(os.close, each)
    return descriptors[-1]


def _terminal(held: ExitStack, _: Path) -> int:
    return _hold(held, *os.openpty())


def _pipe(held: ExitStack, _: Path) -> int:
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    return _hold(held, reading, writing)


def _fifo(held: ExitStack, directory: Path) -> int:
    """Makes a FIFO with a name, which only this account may use."""
    path = directory / "log"
    os.mkfifo(path, 0o600)
    reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(reading, fcntl.F_SETPIPE_SZ, 4096)
    return _hold(held, reading, os.open(path, os.O_WRONLY))


def _socket(held: ExitStack, _: Path) -> int:
    reading, writing = socket.socketpair()
    return _hold(held, reading.detach(), writing.detach())


def _full_disk(held: ExitStack, _: Path) -> int:
    return _hold(held, os.open("/dev/full", os.O_WRONLY))


UNREAD: dict[str, Callable[[ExitStack, Path], int]] = {
    "terminal": _terminal,
    "terminal-of-another": _terminal,
    "pipe": _pipe,
    "fifo-of-another": _fifo,
    "socket": _socket,
    "full-disk": _full_disk,
}


def under_of(kind: str) -> tuple[str, ...]:
    """Returns the words in front of a server's command line for this kind of standard error."""
    if not kind.endswith("of-another"):
        return ()
    need_root()
    return AS_NOBODY
