"""Blunders that break a rule in only one of the places where the rule holds: one way to close, one
size, one content. A part of broken_loops.py."""

import argparse
import re
import socket
import struct
import time
from contextlib import suppress

import loop_protocols
import loop_server
from loop_protocols import HEADER_BYTES, Echo, Http, Refused
from loop_server import NEVER, Connection, Loop

LARGE = 32768

# Ways to close


class GivesTheLateForEver(Connection):
    """Waits as long as it takes for the end of a client whose time is up."""

    def time_out(self) -> None:
        super().time_out()
        self.deadline = NEVER


class CountsTheLateAsGone(Connection):
    """Gives away a client's place as soon as the client's time is up."""

    def time_out(self) -> None:
        super().time_out()
        self.loop.options.max_connections += 1
        self.loop.resume_accepting()


class WaitsForOneEndAtATime(Connection):
    """Waits for a client's end of stream in a loop of its own, and serves nobody meanwhile."""

    def linger(self) -> None:
        super().linger()
        with suppress(OSError):
            while (left := self.deadline - time.monotonic()) > 0:
                self.socket.settimeout(left)
                if not self.socket.recv(self.receive_bytes):
                    break
        self.close()


class HttpHangsUp(Connection):
    """Closes an HTTP connection without lingering, because its last answer has announced
    the end."""

    def linger(self) -> None:
        super().linger()
        if self.loop.options.protocol == "http":
            self.close()


class StopsWithItsOutputSent(Connection):
    """Closes a connection in a stop if everything from it is read and nothing is left to send."""

    def begin_drain(self) -> None:
        super().begin_drain()
        if not self.output and not self.lingering and not self.was_reset():
            self.receive()
            if self.peer_ended and not self.output:
                self.close()


class StopsForTheFinished(Connection):
    """Drops the answers of a client that has finished sending, when it's told to stop."""

    def begin_drain(self) -> None:
        if self.peer_ended:
            self.output.clear()
        super().begin_drain()


# Leftovers of one client that reach the next


class _Inherits(Connection):
    """Gives a new connection the incomplete message that the last one with its number has left."""

    left: dict[int, bytes] = {}

    def __init__(self, loop: Loop, client: socket.socket, peer: str) -> None:
        super().__init__(loop, client, peer)
        self.protocol.pending += self.left.pop(client.fileno(), b"")

    def leave(self) -> None:
        """Forgets to empty the buffer."""
        self.left[self.socket.fileno()] = bytes(self.protocol.pending)


class InheritsFromTheReset(_Inherits):
    """Does so after a reset."""

    def broke_off(self, error: OSError) -> None:
        if isinstance(error, ConnectionResetError):
            self.leave()
        super().broke_off(error)


class InheritsFromTheLate(_Inherits):
    """Does so after a client whose time was up."""

    def time_out(self) -> None:
        self.leave()
        super().time_out()


class InheritsFromTheTooLong(_Inherits):
    """Does so with the bytes that it threw away after too long a message."""

    def discard(self) -> None:
        with suppress(BlockingIOError):
            self.protocol.pending += self.socket.recv(10, socket.MSG_PEEK)
            self.leave()
        super().discard()


# Sizes


class Corks(Connection):
    """Holds back the last partial packet of an answer larger than one packet."""

    def send(self) -> None:
        if len(self.output) > 1400:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        super().send()


class BeginsLargeAnswers(Echo):
    """Echoes a large message while it still arrives."""

    left = 0

    def take(self, data: bytes, output: bytearray) -> int:
        self.pending += data
        length = int.from_bytes(self.pending[:HEADER_BYTES], "little")
        if not self.left and len(self.pending) >= 20_000 and LARGE < length <= self.max_message:
            self.left = HEADER_BYTES + length
        if not self.left:
            return super().take(b"", output)
        piece = self.pending[: self.left]
        output += piece
        del self.pending[: len(piece)]
        self.left -= len(piece)
        return 0 if self.left else 1 + super().take(b"", output)


class AnswersTheLargeCutShort(Connection):
    """Echoes the part of a message that has come when the stream ends inside it, if the part is
    large."""

    def at_end_of_stream(self) -> None:
        super().at_end_of_stream()
        if len(self.protocol.pending) > LARGE:
            self.output += self.protocol.pending
            self.send()


class PiecesAreProgress(Connection):
    """Takes a hundred bytes as a reason to wait longer."""

    def read(self) -> bytes:
        data = super().read()
        if len(data) > 100:
            self.renew_deadline()
        return data


class LooksAtWholeLengths(Echo):
    """Checks a length only if it arrives in one piece."""

    def take(self, data: bytes, output: bytearray) -> int:
        limit = self.max_message
        if 0 < len(self.pending) < HEADER_BYTES:
            self.max_message = 1 << 32
        try:
            return super().take(data, output)
        finally:
            self.max_message = limit


# Contents


class LinesEndInALineFeed(Echo):
    """Corrects the ends of lines."""

    def answer(self, message: bytes, output: bytearray) -> None:
        output += message.replace(b"\r\n", b"\n\n")


class QuitIsAWord(Echo):
    """Has a word that ends a connection, left over from a trial by hand."""

    def answer(self, message: bytes, output: bytearray) -> None:
        if message[HEADER_BYTES:] == b"quit":
            raise Refused
        super().answer(message, output)


class DropsFolds(Http):
    """Ignores the further lines of a value that spans several."""

    def parse_head(self, head: bytes) -> None:
        super().parse_head(re.sub(rb"\r\n[ \t]+[^\r]*", b"", head))


class LaterVersionsAreOld(Http):
    """Closes after its answer to HTTP/1.2, without a word about that."""

    request_line = re.compile(Http.request_line.pattern.replace(b"[01]", b"[0-9]"))

    def parse_head(self, head: bytes) -> None:
        super().parse_head(head)
        self.keep = self.keep and not head.split(b"\r\n")[0].endswith(b".2")


class HttpLetsThemWait(Http):
    """Ignores a client's `Expect`."""

    def parse_head(self, head: bytes) -> None:
        super().parse_head(head)
        self.awaited = False


class HttpTellsEverybody(Http):
    """Tells a client to continue that hasn't asked for it."""

    def parse_head(self, head: bytes) -> None:
        super().parse_head(head)
        self.awaited = b"100-continue" in head


class HttpToldIsAnswered(Http):
    """Begins the time anew for a client that was told to continue."""

    def take(self, data: bytes, output: bytearray) -> int:
        before = len(output)
        return super().take(data, output) or int(len(output) > before)


# One side of a rule, or one moment


class GivesPlacesBackTwice(Connection):
    """Gives the place of a client that resets back twice, so the limit creeps up."""

    def broke_off(self, error: OSError) -> None:
        super().broke_off(error)
        if isinstance(error, ConnectionResetError):
            self.loop.give_back_place()


class LateAfterALength(Echo):
    """Sleeps a moment if a length came without its payload."""

    def take(self, data: bytes, output: bytearray) -> int:
        if len(self.pending) == HEADER_BYTES:
            time.sleep(0.05)
        return super().take(data, output)


class LateOnceForEach(Connection):
    """Sleeps when the first large piece of a client comes, as if it grew a buffer."""

    is_large = False

    def read(self) -> bytes:
        data = super().read()
        if len(data) >= 4096 and not self.is_large:
            self.is_large = True
            time.sleep(0.3)
        return data


class SleepsWithoutDescriptors(Loop):
    """Sleeps in the loop until it tries to accept again."""

    @staticmethod
    def prepare() -> None:
        loop_server.ACCEPT_PAUSE_SECONDS = 0

    def report_shortage(self, line: str) -> None:
        super().report_shortage(line)
        time.sleep(0.1)


class NoDelayWearsOff(Connection):
    """Takes TCP_NODELAY away again, at the third receive."""

    received = 0

    def read(self) -> bytes:
        self.received += 1
        if self.received == 3:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
        return super().read()


class LooksEachMillisecond(Loop):
    """Waits a millisecond at most, and looks again."""

    def turn(self, until: float) -> None:
        super().turn(min(until, time.monotonic() + 0.001))


class FirstLoopDoesAll(Loop):
    """Has only the first of several loops accept."""

    def watch_listener(self, watch: bool) -> None:
        super().watch_listener(watch and self.shared.loops[:1] in ([], [self]))

    def listen(self) -> socket.socket:
        return self.shared.loops[0].listener.dup() if self.shared.loops else super().listen()


class SendsUntilAllIsTaken(Connection):
    """Tries again and again to send, until the client has taken the answer."""

    def send(self) -> None:
        while self.output:
            super().send()


class NapsWhenOneLeaves(Loop):
    """Sleeps a moment after each connection."""

    def forget(self, connection: Connection) -> None:
        super().forget(connection)
        time.sleep(0.06)


class BlindAfterItsEnd(Connection):
    """Waits for nothing once it has ended its stream, except for the two seconds to be over."""

    def interest(self) -> int:
        return 0 if self.lingering else super().interest()


class _Lengths(Loop):
    """Reads the lengths of messages in a way of its own."""

    @classmethod
    def prepare(cls) -> None:
        loop_protocols.int = argparse.Namespace(from_bytes=lambda four, _: cls.read(four))


class SignedLengths(_Lengths):
    """Puts a length together from signed bytes."""

    @staticmethod
    def read(four: bytes) -> int:
        a, b, c, d = struct.unpack("4b", four)
        return (a | b << 8 | c << 16 | d << 24) & 0xFFFFFFFF


class LengthsWrap(_Lengths):
    """Adds the header to a length in 32 bits."""

    @staticmethod
    def read(four: bytes) -> int:
        return (int.from_bytes(four, "little") + HEADER_BYTES & 0xFFFFFFFF) - HEADER_BYTES
