"""Defects that one connection, one spelling, one length or one moment doesn't show: a part of
broken_loops.py.

With each of them, the server is right for a client that asks once, in the usual words.
"""

import socket

import loop_options
from loop_protocols import Echo, Http
from loop_server import NEVER, Connection, Loop

# One connection does not show it


class NoDelayForTheFirst(Connection):
    """Switches Nagle's algorithm off for a client that connects when nobody else is, and leaves it
    on for others."""

    def __init__(self, loop: Loop, client: socket.socket, peer: str) -> None:
        if loop.connections:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
        super().__init__(loop, client, peer)


class LingersForTheFirst(Connection):
    """Reads on after its own end of stream for its first client only."""

    served = 0

    def linger(self) -> None:
        LingersForTheFirst.served += 1
        if self.served > 1:
            self.close()
        else:
            super().linger()


class LaterOnesAtTheEnd(Connection):
    """Forgets the answers of a client that has finished sending, unless it's the first one."""

    served = 0

    def __init__(self, loop: Loop, client: socket.socket, peer: str) -> None:
        super().__init__(loop, client, peer)
        LaterOnesAtTheEnd.served += 1
        self.number = self.served

    def send(self) -> None:
        if self.number > 1 and self.has_finished():
            self.output.clear()
        super().send()

    def has_finished(self) -> bool:
        """Whether the next read finds the end of the stream."""
        try:
            return not self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False


class PoolTakesBackTwice(Connection):
    """Takes a buffer from a pool for the beginning of a message, and gives it back twice after a
    reset."""

    pool: list[bytearray] = []

    def receive(self) -> None:
        if not self.protocol.pending and self.pool:
            self.protocol.pending = self.pool.pop()
        super().receive()

    def broke_off(self, error: OSError) -> None:
        if self.protocol.pending:
            self.protocol.pending.clear()
            self.pool.extend([self.protocol.pending] * 2)
        super().broke_off(error)


# One length does not show it


class FullBufferLosesItsLast(Connection):
    """Has room for one byte less than it reads."""

    def read(self) -> bytes:
        return super().read()[: self.receive_bytes - 1]


class OneLengthAstray(Echo):
    """Answers a message of 77 bytes with the answer to the one before it."""

    kept: bytes | None = None

    def answer(self, message: bytes, output: bytearray) -> None:
        if len(message) == 4 + 77:
            OneLengthAstray.kept, message = message, self.kept or message
        super().answer(message, output)


class OneLengthCutShort(Echo):
    """Spoils the last byte of a message of 1,021 bytes."""

    def answer(self, message: bytes, output: bytearray) -> None:
        super().answer(message, output)
        if len(message) == 4 + 1021:
            output[-1] ^= 1


# One spelling does not show it


class ConnectionInOneSpelling(Http):
    """Knows the header by its usual spelling, and passes over any other."""

    spelling = b"Connection"

    def parse_head(self, head: bytes) -> None:
        lines = head.split(b"\r\n")
        other = [line for line in lines[1:] if line.lower().startswith(self.spelling.lower() + b":")
                 and not line.startswith(self.spelling)]
        super().parse_head(b"\r\n".join(line for line in lines if line not in other))


# Numbers that need more than 32 bits


class HttpBodiesWrap(Http):
    """Keeps the length of a body in 32 bits."""

    def parse_head(self, head: bytes) -> None:
        super().parse_head(head)
        self.body_left &= 0xFFFFFFFF


class NumbersWrap(Loop):
    """Keeps its numbers in 32 bits, and doesn't check whether they fit."""

    @staticmethod
    def prepare() -> None:
        strict_number, strict_duration = loop_options.number, loop_options.duration

        def number(least: int, most: int):
            parse = strict_number(0, 1 << 40)

            def wrapped(text: str) -> int:
                return parse(text) & (0xFFFF if most == 65535 else 0xFFFFFFFF) or least

            return wrapped

        def duration(text: str) -> float:
            seconds = strict_duration(text)
            return seconds if seconds == NEVER else int(seconds * 1000) % (1 << 32) / 1000

        loop_options.number, loop_options.duration = number, duration


# Clocks


class WholeReceivesAreProgress(Connection):
    """Doesn't restart the clock after a message that came in pieces."""

    def receive(self) -> None:
        before, begun = self.deadline, self.protocol.is_inside_message()
        super().receive()
        if begun and not self.ending and not self.peer_ended:
            self.deadline = before


class LengthsAreProgress(Connection):
    """A message that has begun has its time from then on."""

    def receive(self) -> None:
        had_begun = self.protocol.is_inside_message()
        super().receive()
        if self.protocol.is_inside_message() and not had_begun:
            self.renew_deadline()


class ComparesWithTheFirst(Connection):
    """Notes once how much a client has not acknowledged, and whoever has taken some of it stays."""

    def renew_deadline(self) -> None:
        noted = getattr(self, "unacknowledged", 0)
        super().renew_deadline()
        self.unacknowledged = max(self.unacknowledged, noted)


class ReadClockRunsOn(Connection):
    """Counts from the last byte taken while answers wait, and then returns to the clock that the
    last message had started."""

    receiving = False
    read_deadline = NEVER

    def receive(self) -> None:
        self.receiving = True
        try:
            super().receive()
        finally:
            self.receiving = False

    def renew_deadline(self) -> None:
        super().renew_deadline()
        if self.receiving or self.read_deadline == NEVER:
            self.read_deadline = self.deadline

    def send(self) -> None:
        super().send()
        if not self.output and not self.receiving and not self.ending:
            self.deadline = self.read_deadline


# A stop


class WaitsForTheReset(Connection):
    """Waits in a stop until a client that is gone has acknowledged its answers."""

    def was_reset(self) -> bool:
        return False


class DrainsAsByDefault(Loop):
    """Takes --drain-timeout only if it's shorter than the default."""

    def take_wakes(self) -> None:
        super().take_wakes()
        self.options.drain_timeout = min(self.options.drain_timeout, 5.0)
