"""Asks the kernel how much it holds for a socket that somebody else owns: sock_diag(7).

/proc/net/tcp tells the same, but lists every connection of the machine, the finished ones too.
"""

from __future__ import annotations

import socket
import struct

NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLMSG_ERROR = 2
NLM_F_REQUEST = 1
ANY_STATE = 0xFFFFFFFF
NO_COOKIE = b"\xff" * 8
HEADER = struct.Struct("=IHHII")  # struct nlmsghdr
RECEIVE_QUEUE = struct.Struct("=4x48x4xI")  # its place in struct inet_diag_msg


def unread_bytes(owner: tuple[str, int], peer: tuple[str, int], family: int) -> int | None:
    """Bytes received on the connection from `peer` that its owner has not read yet.

    None where there is no such connection any more, or where the kernel does not say.
    """
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as diag:
            diag.settimeout(1)
            diag.send(_request(owner, peer, family))
            answer = diag.recv(4096)
    except OSError:
        return None
    _, kind, *_ = HEADER.unpack_from(answer)
    if kind == NLMSG_ERROR:
        return None
    (receive_queue,) = RECEIVE_QUEUE.unpack_from(answer, HEADER.size)
    return receive_queue


def _request(owner: tuple[str, int], peer: tuple[str, int], family: int) -> bytes:
    body = struct.pack("=BBBBI", family, socket.IPPROTO_TCP, 0, 0, ANY_STATE)
    body += struct.pack(">HH", owner[1], peer[1])
    body += socket.inet_pton(family, owner[0]).ljust(16, b"\0")
    body += socket.inet_pton(family, peer[0]).ljust(16, b"\0")
    body += struct.pack("=I", 0) + NO_COOKIE
    return HEADER.pack(HEADER.size + len(body), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 1, 0) + body
