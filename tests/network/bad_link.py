"""A bad link between two network namespaces. It does what tc-netem(8) does, for kernels that don't
have that. Its ends are two TUN devices called `bad`."""

import fcntl
import heapq
import os
import random
import select
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context

from namespaces import Namespace

TUNSETIFF, IFF_TUN_NO_PI = 0x400454CA, 0x1001  # linux/if_tun.h
# Between two reads from a device that is down, each of which fails immediately.
DOWN_SECONDS = 0.001


@dataclass(frozen=True)
class Badness:
    """The damage to packets. A reordered packet isn't delayed, and so overtakes others. Each
    direction has its own rate."""

    delay_ms: float = 0
    loss_percent: float = 0
    duplicate_percent: float = 0
    reorder_percent: float = 0
    rate_kbit: float = float("inf")  # a second


@dataclass
class Direction:
    """Packets that came in at one end and will go out at the other."""

    source: int
    target: int
    badness: Badness
    # Each packet, with the time when it's due.
    held: list[tuple[float, int, bytes]] = field(default_factory=list)
    count: int = 0  # so that packets that are due at the same time keep their order
    free_at: float = 0
    dice: random.Random = field(default_factory=lambda: random.Random(1))

    def receive(self) -> None:
        bad = self.badness
        while packet := self._read():
            if not self._happens(bad.loss_percent):
                for _ in range(2 if self._happens(bad.duplicate_percent) else 1):
                    self._hold(packet)

    def send_due(self) -> None:
        while self.held and self.held[0][0] <= time.monotonic():
            _, _, packet = heapq.heappop(self.held)
            try:
                os.write(self.target, packet)
            except OSError:
                pass  # a device that is down loses the packet

    def seconds_left(self) -> float:
        """Returns the seconds until the next packet is due."""
        return max(self.held[0][0] - time.monotonic(), 0) if self.held else 1

    def _read(self) -> bytes:
        """Returns a packet, or nothing if there is none."""
        try:
            return os.read(self.source, 65536)
        except BlockingIOError:
            return b""
        except OSError:  # EIO, because the device is down
            time.sleep(DOWN_SECONDS)
            return b""

    def _happens(self, percent: float) -> bool:
        return self.dice.uniform(0, 100) < percent

    def _hold(self, packet: bytes) -> None:
        self.free_at = due = max(self.free_at, time.monotonic()) + (
            len(packet) * 8 / self.badness.rate_kbit / 1000)
        if not self._happens(self.badness.reorder_percent):
            due += self.badness.delay_ms / 1000
        heapq.heappush(self.held, (due, self.count, packet))
        self.count += 1


def open_end(inside: Namespace) -> int:
    """Opens a device in this namespace."""
    with inside.entered():
        end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH22x", b"bad", IFF_TUN_NO_PI))
    return end


def carry(one: int, other: int, badness: Badness) -> None:
    """Carries packets in a process of its own, until that's killed."""
    ways = Direction(one, other, badness), Direction(other, one, badness)
    while True:
        select.select([one, other], [], [], min(way.seconds_left() for way in ways))
        for way in ways:
            way.receive()
            way.send_due()


@contextmanager
def bad_link(one: Namespace, other: Namespace, badness: Badness) -> Iterator[tuple[str, str]]:
    """Yields the addresses of both ends, while the link exists."""
    ends = open_end(one), open_end(other)
    link = get_context("fork").Process(target=carry, args=(*ends, badness), daemon=True)
    link.start()
    for end in ends:
        os.close(end)
    addresses = "10.77.0.1", "10.77.0.2"
    try:
        for namespace, address in zip((one, other), addresses):
            namespace.address("bad", f"{address}/24")
        yield addresses
    finally:
        link.kill()
        link.join()
