"""The wire format in one place: a 4-byte unsigned little-endian length, then that many bytes.

echo_server.py and broken_servers.py repeat it, because people read and copy those files alone.
"""

import functools
import random
from collections.abc import Iterable

HEADER_BYTES = 4
MAX_MESSAGE_DEFAULT = 65536
EVERY_LENGTH_BELOW = 1100  # those above are drawn at random, most of them small
DRAWN_LENGTHS = 150


def header(payload_bytes: int) -> bytes:
    """Returns the four bytes that announce a payload of `payload_bytes`, which needn't follow."""
    return payload_bytes.to_bytes(HEADER_BYTES, "little")


def payload_bytes(header_bytes: bytes) -> int:
    """Returns the length of the payload that these four bytes announce."""
    return int.from_bytes(header_bytes, "little")


def frame(payload: bytes) -> bytes:
    """Returns one message as it's sent."""
    return header(len(payload)) + payload


def frames(payloads: Iterable[bytes]) -> bytes:
    """Returns several messages, back to back, as TCP may well deliver them."""
    return b"".join(frame(payload) for payload in payloads)


def distinct_payloads(count: int, payload_bytes: int) -> list[bytes]:
    """Makes `count` payloads of one size that all differ, so that a wrong order or offset shows."""
    return [
        (b"%010d." % number * (payload_bytes // 11 + 1))[:payload_bytes] for number in range(count)
    ]


@functools.cache
def long_stream() -> bytes:
    """Returns 16 MB of messages, more than all buffers on the way hold. We make them only when a
    test needs them, because a larger worker of pytest forks more slowly."""
    return frames(distinct_payloads(1000, 16_000))


def drawn_length(chance: random.Random) -> int:
    """Draws a length that is as likely between 10 and 100 as between 1,000 and 10,000."""
    return min(int(2 ** chance.uniform(0, 16)), MAX_MESSAGE_DEFAULT)


def large_lengths() -> list[int]:
    """Returns lengths around the sizes of buffers, and some of all the others."""
    chance = random.Random(3)
    lengths = {MAX_MESSAGE_DEFAULT}
    for size in (1 << bits for bits in range(11, 17)):
        lengths |= set(range(size - 2 * HEADER_BYTES, min(size, MAX_MESSAGE_DEFAULT - 1) + 2))
    lengths |= {drawn_length(chance) for _ in range(DRAWN_LENGTHS)}
    return sorted(lengths)


def patterned(length: int) -> bytes:
    """Makes a payload whose bytes show its length and their own positions."""
    mark = b"%d." % length
    return (mark * (length // len(mark) + 1))[:length]
