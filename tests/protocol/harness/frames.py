"""The wire format in one place: a 4-byte unsigned little-endian length, then that many bytes.

echo_server.py and broken_servers.py repeat it: they are read, and copied, alone.
"""

from __future__ import annotations

from collections.abc import Iterable

HEADER_BYTES = 4
MAX_MESSAGE_DEFAULT = 65536


def header(payload_bytes: int) -> bytes:
    """The four bytes that announce a payload of `payload_bytes`, which need not follow."""
    return payload_bytes.to_bytes(HEADER_BYTES, "little")


def payload_bytes(header_bytes: bytes) -> int:
    """The length of the payload that these four bytes announce."""
    return int.from_bytes(header_bytes, "little")


def frame(payload: bytes) -> bytes:
    """One message as it travels."""
    return header(len(payload)) + payload


def frames(payloads: Iterable[bytes]) -> bytes:
    """Several messages, back to back, as TCP may well deliver them."""
    return b"".join(frame(payload) for payload in payloads)


def distinct_payloads(count: int, payload_bytes: int) -> list[bytes]:
    """`count` payloads of one size that all differ, so that a mix-up of order or offset shows."""
    return [
        (b"%010d." % number * (payload_bytes // 11 + 1))[:payload_bytes] for number in range(count)
    ]
