"""Limits of the kernel. The harness raises its own limit of descriptors, but servers start with an
ordinary one."""

import array
import contextlib
import fcntl
import functools
import os
import resource
import socket
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

# A login shell's limit. A server that needs more has to ask for it, as the contract says.
SERVER_SOFT_LIMIT = 1024
NEEDED_TO_START = 8  # descriptors; subprocess takes two
UBSAN_NEEDS_DESCRIPTORS = "UBSan itself needs descriptors here: build with -fno-sanitize=vptr"


def raise_descriptor_limit() -> None:
    """Lets this process hold as many sockets as the machine allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def need_descriptors(count: int) -> None:
    """Skips the test, with the number, if a process can't have `count` descriptors."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        pytest.skip(f"needs {count} descriptors in one process, the hard limit here is {hard}")


def backlog_max() -> int:
    """Returns how many new connections may wait in a backlog of SOMAXCONN; see listen(2)."""
    allowed = int(Path("/proc/sys/net/core/somaxconn").read_text())
    return min(socket.SOMAXCONN, allowed)


def need_ipv6() -> None:
    """Skips the test if the machine has no IPv6 loopback."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")


def send_buffer_bytes_max() -> int:
    """Returns the most that a kernel keeps of answers that nobody reads; see tcp(7)."""
    return int(Path("/proc/sys/net/ipv4/tcp_wmem").read_text().split()[2])


@functools.cache
def unread_bytes_max() -> int:
    """Returns how many sent bytes a kernel takes before anybody reads, which is 64 KiB on Linux
    6.1."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as sender,
        listener.accept()[0],
    ):
        sender.setblocking(False)
        sent = sender.send(bytes(1 << 18))
        time.sleep(0.2)  # until the kernel has acknowledged all that it takes
        left = array.array("i", [0])
        fcntl.ioctl(sender.fileno(), termios.TIOCOUTQ, left)
    return sent - left[0]


def set_server_limit(soft_and_hard: int | None) -> None:
    """Sets the limit in the server's process, before it becomes the server."""
    limit = (soft_and_hard, soft_and_hard) if soft_and_hard else _ordinary()
    resource.setrlimit(resource.RLIMIT_NOFILE, limit)


def can_be_a_servers() -> bool:
    """Returns true if this process can live with a server's limit for a moment."""
    return len(os.listdir("/proc/self/fd")) + NEEDED_TO_START < _ordinary()[0]


@contextlib.contextmanager
def of_a_server() -> Iterator[None]:
    """Gives a server's limit to the processes that are started in this context."""
    ours = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, _ordinary())
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, ours)


def _ordinary() -> tuple[int, int]:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft = SERVER_SOFT_LIMIT if hard == resource.RLIM_INFINITY else min(SERVER_SOFT_LIMIT, hard)
    return soft, hard
