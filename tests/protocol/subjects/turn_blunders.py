"""Blunders about accepting, about time, and about what is left of a client: a part of
broken_loops.py."""

import socket
import time

from loop_protocols import Protocol
from loop_server import Connection, Loop

CLOSE_WAIT = 8  # the peer has ended its stream: include/net/tcp_states.h

# Accepting


class LivesOnWithoutAccept(Loop):
    """When it cannot accept any more it goes on without."""

    def accept(self) -> None:
        try:
            super().accept()
        except SystemExit:
            self.watch_listener(False)


class EveryAcceptSucceeds(Loop):
    """Takes any error of accept for the end."""

    def accept(self) -> None:
        left = len(self.connections)
        super().accept()
        if len(self.connections) == left:
            raise SystemExit("cannot accept")


class CountOnlyRises(Loop):
    """Counts those that come, and not those that leave."""

    came = 0

    def accept(self) -> None:
        self.came += 1
        super().accept()

    def watch_listener(self, watch: bool) -> None:
        super().watch_listener(watch and self.came < self.options.max_connections)


class SaysNothingOfLimits(Loop):
    """Takes the descriptors that it gets, and does not tell how few those are."""

    def __init__(self, *words) -> None:
        self.begun = False
        super().__init__(*words)
        self.begun = True

    def log(self, line: str) -> None:
        if self.begun:
            super().log(line)


# Time


class LooksAtTheClockFirst(Loop):
    """Sees to the time before it sees to what has come in time."""

    def __init__(self, *words) -> None:
        super().__init__(*words)
        self.select, self.selector.select = self.selector.select, self.select_late

    def select_late(self, wait: float | None) -> list:
        """What is ready, when those that are late have been closed."""
        ready = self.select(wait)
        self.see_to_the_time()
        return ready


class WallClock(Loop):
    """Counts the seconds of a clock that can be set."""

    @staticmethod
    def prepare() -> None:
        time.monotonic = time.time


# What is left of a client


class SessionByNumber(Connection):
    """Finds what a client has begun by its descriptor's number, which the next one gets."""

    begun: dict[int, Protocol] = {}

    def new_protocol(self) -> Protocol:
        return self.begun.setdefault(self.socket.fileno(), super().new_protocol())


class AsksWhoHasLeft(Connection):
    """Wants to know who it was whose connection it closes: one that was reset has no peer."""

    def close(self) -> None:
        self.peer = str(self.socket.getpeername())
        super().close()


class LeavesOnHangUp(Connection):
    """A client that has made it wait is closed when it hangs up, whatever is there to be read."""

    waited = False

    def advance(self, ready: int) -> None:
        self.waited = self.waited or bool(self.output)
        state = self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        if self.waited and state == CLOSE_WAIT:
            self.close()
        else:
            super().advance(ready)


class ReadsALittle(Connection):
    """Has a small buffer for what comes, and closes without having looked for more."""

    receive_bytes = 1000

    def linger(self) -> None:
        self.close()
