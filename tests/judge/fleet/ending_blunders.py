"""Blunders that show only with some endings, sizes or addresses: a part of broken_loops.py."""

import os
import resource
import socket
import time

from loop_connection import WRITE
from loop_options import NEVER
from loop_protocols import HEADER_BYTES, Echo, Refused
from loop_server import Connection, Loop

TABLE_DESCRIPTORS = 4096
LARGE = 32768

# How a connection ends


class LeaksOnTooLong(Connection):
    """Opens a file when it ends a stream before the client does, as after a message that is too
    long, and keeps the file open."""

    def linger(self) -> None:
        os.open(os.devnull, os.O_RDONLY)
        super().linger()


class LeaksAfterLingering(Connection):
    """Opens a file when a client's end of stream doesn't come in time, and keeps it open."""

    def expire(self) -> None:
        if self.lingering:
            os.open(os.devnull, os.O_RDONLY)
        super().expire()


class WatchesForRoomToTheEnd(Connection):
    """Also waits for room to send when only the client's end of stream is missing."""

    def interest(self) -> int:
        return super().interest() | (WRITE if self.lingering else 0)


class DropsAnswersToOneTooLong(Connection):
    """Forgets the answers that the kernel didn't take when the next message is too long."""

    def receive(self) -> None:
        super().receive()
        if self.ending:
            self.output.clear()


class ForgetsMuchAtTheEnd(Connection):
    """Drops all answers beyond the first 16 KiB at a client's end of stream."""

    def at_end_of_stream(self) -> None:
        super().at_end_of_stream()
        del self.output[16384:]


class KeepsABufferForALength(Connection):
    """Keeps the buffer of a client that has left inside a length."""

    kept: list[bytearray] = []

    def close(self) -> None:
        if 0 < len(self.protocol.pending) <= HEADER_BYTES:
            self.kept.append(bytearray(b"\1") * 65536)
        super().close()


class KeepsWhoHadLeft(Loop):
    """Neither serves nor closes a client that has left before it was accepted."""

    left: list[socket.socket] = []

    def accept(self) -> None:
        super().accept()
        for connection in [one for one in self.connections if one.was_reset()]:
            self.forget(connection)
            self.left.append(connection.socket)


class DrainsAllOrNobody(Connection):
    """Closes no connection in a stop before it can close all of them."""

    def close(self) -> None:
        if not self.loop.draining or not any(one.output for one in self.loop.connections):
            super().close()


class TakesNoTimeForEver(Loop):
    """Takes --drain-timeout 0 for no limit, because --read-timeout 0 means that."""

    def take_wakes(self) -> None:
        super().take_wakes()
        self.options.drain_timeout = self.options.drain_timeout or NEVER


class HundredthsOfASecond(Connection):
    """Counts time in hundredths of a second, so that a millisecond becomes 0, which means
    no limit."""

    def renew_deadline(self) -> None:
        super().renew_deadline()
        if self.loop.options.read_timeout < 0.01:
            self.deadline = NEVER


class WaitsInMilliseconds(Loop):
    """Hands a time of any length to epoll_wait(2), which takes 31 bits of milliseconds."""

    def turn(self, until: float) -> None:
        end = time.monotonic() + self.options.drain_timeout if self.draining else until
        if end != NEVER and (end - time.monotonic()) * 1000 >= 1 << 31:
            raise OverflowError("the time is too long")
        super().turn(until)


class OldTimersFire(Loop):
    """Keeps a time for each descriptor even after its client has left, so the next client inherits
    it."""

    def __init__(self, *words) -> None:
        self.times: dict[int, float] = {}
        super().__init__(*words)

    def forget(self, connection: Connection) -> None:
        self.times[connection.socket.fileno()] = connection.deadline
        super().forget(connection)

    def see_to_the_time(self) -> None:
        for connection in self.connections:
            at = self.times.pop(connection.socket.fileno(), connection.deadline)
            connection.deadline = min(connection.deadline, max(at, time.monotonic()))
        super().see_to_the_time()


# Which connection it is


class TableOfDescriptors(Loop):
    """Has a table of a fixed size with a place for each descriptor."""

    def accept(self) -> None:
        super().accept()
        for connection in [c for c in self.connections if c.socket.fileno() >= TABLE_DESCRIPTORS]:
            connection.close()


class NoDelayForTheOld(Connection):
    """Sets TCP_NODELAY for IPv4 only."""

    def __init__(self, loop: Loop, client: socket.socket, peer: str) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, client.family == socket.AF_INET)
        super().__init__(loop, client, peer)


class VerboseAboutTheOld(Connection):
    """Expects two parts in an address when --verbose is on."""

    def __init__(self, loop: Loop, client: socket.socket, peer: str) -> None:
        super().__init__(loop, client, peer)
        if loop.options.verbose:
            _host, _port = client.getpeername()


class ForgetsTheNewAtTheEnd(Connection):
    """Drops the answers of a client over IPv6 when the client has finished sending."""

    def at_end_of_stream(self) -> None:
        super().at_end_of_stream()
        if self.socket.family == socket.AF_INET6:
            self.output.clear()


class StopsForTheNew(Connection):
    """Drops the answers of IPv6 clients in a stop."""

    def begin_drain(self) -> None:
        if self.socket.family == socket.AF_INET6:
            self.output.clear()
        super().begin_drain()


class LimitsInAStop(Connection):
    """Ends a connection in a stop by the limits of every other day, too."""

    def expire(self) -> None:
        if self.lingering or self.peer_ended:
            self.close()
        else:
            super().expire()


class WaitsForMoreInAStop(Connection):
    """Asks a client that is still being answered at a stop for more messages after that."""

    def begin_drain(self) -> None:
        if not self.output:
            super().begin_drain()


class LeavesInputInAStop(Connection):
    """Leaves in the kernel what a client sends in a stop."""

    def drop_input(self) -> None:
        pass


class KeepsTheNewPortBusy(Loop):
    """Binds without SO_REUSEADDR if the address is one of IPv6."""

    def listen(self) -> socket.socket:
        if ":" not in self.options.host:
            return super().listen()
        listener = socket.socket(socket.AF_INET6)
        listener.bind((self.options.host, self.options.port))
        listener.listen(socket.SOMAXCONN)
        listener.setblocking(False)
        return listener


class CannotLogTheNew(Loop):
    """Splits log lines at colons and expects three parts, but an IPv6 address makes more."""

    def log(self, line: str) -> None:
        _address, _port, _words = line.split(":")
        super().log(line)


class AsksForAllDescriptors(Loop):
    """Sets the limit of descriptors to what it needs, however much that is."""

    def prepare_process(self) -> None:
        super().prepare_process()
        needed = self.options.max_connections + self.own_descriptors
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, needed))


# Which message it is


class OneMistakeUndoesTheRest(Echo):
    """Answers no message of a receive that also brings one that is too long."""

    def take(self, data: bytes, output: bytearray) -> int:
        own = bytearray()
        completed = super().take(data, own)
        output += own
        return completed


class KeepsTheLargestMessage(Echo):
    """Grows its buffer for a large message, and never shrinks it."""

    largest = b""

    def answer(self, message: bytes, output: bytearray) -> None:
        self.largest = max(self.largest, bytes(message), key=len)
        super().answer(message, output)


class LargeOnesFirst(Echo):
    """Puts large answers before small ones."""

    def take(self, data: bytes, output: bytearray) -> int:
        own = bytearray()
        completed = super().take(data, own)
        answers = []
        while own:
            end = 4 + int.from_bytes(own[:4], "little")
            answers.append(bytes(own[:end]))
            del own[:end]
        output += b"".join(sorted(answers, key=lambda one: len(one) < LARGE))
        return completed


class ZeroIsNoMessage(Echo):
    """Takes no message at all if the limit is 0, not even the empty one."""

    def take(self, data: bytes, output: bytearray) -> int:
        if self.max_message == 0:
            raise Refused
        return super().take(data, output)


class SignedLimit(Echo):
    """Keeps the limit in a signed 32-bit number."""

    def take(self, data: bytes, output: bytearray) -> int:
        if self.max_message >= 1 << 31:
            raise Refused
        return super().take(data, output)
