"""Asks the kernel how many bytes it holds for a socket of another process: sock_diag(7).
/proc/net/tcp has the same numbers, but lists every connection of the machine, even finished ones.
"""

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from harness.limits import backlog_max

NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_DUMP = 0x1, 0x300
ESTABLISHED, LISTEN = 1, 10
ANY_STATE = 0xFFFFFFFF
NO_COOKIE = b"\xff" * 8
HEADER = struct.Struct("=IHHII")  # struct nlmsghdr
# From struct inet_diag_msg: state, port, queues, inode.
MESSAGE = struct.Struct("=xBxx 2s 46x 4xII 4xI")


@dataclass(frozen=True)
class Queues:
    """The kernel's information about one socket."""

    state: int
    unread: int  # of a listener: the connections that wait to be accepted
    unacknowledged: int  # of a listener: the most that may wait, its backlog
    inode: int  # the number that /proc shows for its owner's descriptor

    @property
    def is_established(self) -> bool:
        """True if neither side has ended its stream or reset the connection."""
        return self.state == ESTABLISHED

    @property
    def is_in_the_backlog(self) -> bool:
        """True if the connection exists without a descriptor."""
        return self.is_established and self.inode == 0


def queues(owner: tuple[str, int], peer: tuple[str, int], family: int) -> Queues | None:
    """Returns the queues at the owner's end of its connection with `peer`, or None if there's no
    such connection any more. Raises OSError if the kernel doesn't tell."""
    for _, found in _ask(_request(owner, peer, family, ANY_STATE)):
        return found
    return None


def unread_bytes(owner: tuple[str, int], peer: tuple[str, int], family: int) -> int | None:
    """Returns how many bytes the owner has received from `peer` and not read yet, or None if
    there's no such connection any more, or the kernel doesn't tell."""
    try:
        found = queues(owner, peer, family)
    except OSError:
        return None
    return None if found is None else found.unread


def listeners(port: int) -> list[Queues]:
    """Returns every socket of this machine that listens on the port. Raises OSError if the kernel
    doesn't tell."""
    return [listener for at, listener in all_listeners() if at == port]


def full_backlog(port: int) -> str | None:
    """Explains why a connection to this port didn't even begin, if its listener's backlog
    is full."""
    try:
        for listener in listeners(port):
            waiting, backlog = listener.unread, listener.unacknowledged
            if waiting >= backlog:
                advice = (f"; SOMAXCONN ({socket.SOMAXCONN}) is what a server should ask for"
                          if backlog < backlog_max() else "")
                return (
                    f"the server's backlog is full: {waiting} connections wait to be accepted, and "
                    f"it called listen(2) with a backlog of {backlog}, so the kernel drops the "
                    f"next{advice}"
                )
    except OSError:
        pass  # the kernel doesn't say
    return None


def all_listeners() -> Iterator[tuple[int, Queues]]:
    """Yields every listening socket of this machine, with its port. Raises OSError if the kernel
    doesn't tell."""
    for family, anywhere in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        nobody = (anywhere, 0)
        yield from _ask(_request(nobody, nobody, family, 1 << LISTEN, NLM_F_DUMP))


def _ask(request: bytes) -> Iterator[tuple[int, Queues]]:
    """Yields the port and the queues of each socket that the kernel names."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as diag:
        diag.settimeout(1)
        diag.send(request)
        while True:
            answer = memoryview(diag.recv(65536))
            while answer:
                length, kind, flags, *_ = HEADER.unpack_from(answer)
                if kind in (NLMSG_ERROR, NLMSG_DONE):
                    return
                state, port, *rest = MESSAGE.unpack_from(answer, HEADER.size)
                yield int.from_bytes(port, "big"), Queues(state, *rest)
                if not flags:  # we asked about one socket, so no further message comes
                    return
                answer = answer[(length + 3) & ~3 :]


def _request(
    owner: tuple[str, int], peer: tuple[str, int], family: int, states: int, flags: int = 0
) -> bytes:
    body = struct.pack("=BBBBI", family, socket.IPPROTO_TCP, 0, 0, states)
    body += struct.pack(">HH", owner[1], peer[1])
    body += socket.inet_pton(family, owner[0]).ljust(16, b"\0")
    body += socket.inet_pton(family, peer[0]).ljust(16, b"\0")
    body += struct.pack("=I", 0) + NO_COOKIE
    size = HEADER.size + len(body)
    return HEADER.pack(size, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | flags, 1, 0) + body
