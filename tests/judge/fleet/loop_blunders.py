"""Blunders that go wrong for most clients, most of the time: a part of broken_loops.py.

They are there so that each black-box test has failed once: tests/judge/fleet/found_by.md says which
of them makes which test fail.
"""

import os
import resource
import signal
import socket
import struct
import sys
import time

from loop_options import Options
from loop_server import NEVER, Connection, Loop

# Connections


class NoNoDelay(Connection):
    """Leaves Nagle's algorithm on."""

    def __init__(self, loop: Loop, client: socket.socket, peer: str) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
        super().__init__(loop, client, peer)


class LeaksDescriptors(Connection):
    """Keeps a duplicate of each connection's descriptor."""

    def close(self) -> None:
        os.dup(self.socket.fileno())
        super().close()


class LeaksMemory(Connection):
    """Remembers its clients and what they said."""

    remembered: list[bytes] = []

    def send(self) -> None:
        self.remembered.append(bytes(max(1000, len(self.output))))
        super().send()


class HoldsBuffers(Connection):
    """Has buffers for everybody, from the beginning."""

    def __init__(self, loop: Loop, client: socket.socket, peer: str) -> None:
        super().__init__(loop, client, peer)
        self.buffers = b"\1" * (1 << 20)


class NoTimeWait(Connection):
    """Gets rid of TIME_WAIT, as somebody has recommended, and of what has not been sent."""

    def close(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        super().close()


class WaitsForThePeer(Connection):
    """Waits for the client's end before it ends its own stream."""

    def linger(self) -> None:
        self.lingering = True
        self.deadline = time.monotonic() + 5


class LingersForEver(Connection):
    """Gives a client all the time to say goodbye."""

    def linger(self) -> None:
        super().linger()
        self.deadline = NEVER

    def go_on(self) -> None:
        if not self.lingering:
            super().go_on()


class GivesUpItsPlace(Connection):
    """Counts a connection that is being closed as gone."""

    def linger(self) -> None:
        super().linger()
        self.loop.options.max_connections += 1
        self.loop.resume_accepting()


class ForgetsTheRest(Connection):
    """Loses what the kernel does not take at once."""

    def send(self) -> None:
        super().send()
        self.output.clear()


class OneMistakeIsTheLast(Connection):
    """Ends the process when a client is gone."""

    def broke_off(self, error: OSError) -> None:
        os._exit(1)


class EndIsAMistake(Connection):
    """Ends the process when a client leaves inside a message."""

    def at_end_of_stream(self) -> None:
        if self.protocol.pending:
            os._exit(1)
        super().at_end_of_stream()


class WaitsForTheRest(Connection):
    """Does not believe in an end inside a message."""

    def at_end_of_stream(self) -> None:
        if not self.protocol.is_inside_message():
            super().at_end_of_stream()


class WantsAWord(Connection):
    """Ends the process when a client leaves without a word: that cannot be."""

    spoken = False

    def at_end_of_stream(self) -> None:
        if not self.spoken:
            os._exit(1)
        super().at_end_of_stream()

    def receive(self) -> None:
        self.spoken = self.spoken or bool(self.socket.recv(1, socket.MSG_PEEK))
        super().receive()


class TiresAfterTen(Connection):
    """Serves each client for so many turns."""

    turns = 0

    def send(self) -> None:
        self.turns += 1
        super().send()
        self.ending = self.ending or self.turns > 10


class ReadsUntilDry(Connection):
    """Reads as long as there is something to read."""

    def receive(self) -> None:
        while not self.peer_ended and not self.ending:
            super().receive()


# Several of them


class OneAtATime(Loop):
    """Accepts when nobody is there."""

    def accept(self) -> None:
        if not self.connections:
            super().accept()


class NeverAgain(Loop):
    """At the limit, or out of descriptors, it stops to accept, for good."""

    def resume_accepting(self) -> None:
        self.accept_again = NEVER


class HundredClients(Loop):
    """Has an array of a hundred."""

    def accept(self) -> None:
        super().accept()
        if len(self.connections) > 100:
            max(self.connections, key=id).close()


class NoRest(Loop):
    """Asks again and again."""

    def next_deadline(self) -> float:
        return 0.0


class NoRestWithoutDescriptors(Loop):
    """Tries to accept again at once, and says so each time."""

    def accept(self) -> None:
        super().accept()
        if self.accept_again != NEVER:
            self.resume_accepting()

    def report_shortage(self, line: str) -> None:
        self.log(line)


class DiesWithoutDescriptors(Loop):
    """Takes a failing accept for the end; has no limit raised either."""

    def report_shortage(self, line: str) -> None:
        os._exit(1)


# Time


class NoTime(Connection):
    """Has no clock."""

    def renew_deadline(self) -> None:
        pass


class ZeroIsNow(Connection):
    """Takes 0 for no time at all, and a minute for a second."""

    def renew_deadline(self) -> None:
        super().renew_deadline()
        self.deadline = min(self.deadline, time.monotonic() + 0.2)


class CountsFromTheFirstByteHeld(Connection):
    """Gives a slow reader its time once, however it reads."""

    def renew_deadline(self) -> None:
        if not self.output:
            super().renew_deadline()

    def expire(self) -> None:
        if self.lingering:
            self.close()
        else:
            self.time_out()


class AnswersLate(Connection):
    """Tells a client of HTTP that its time is over, as if that were an answer to something."""

    def time_out(self) -> None:
        self.socket.send(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        super().time_out()


# The process


class SoftLimitStays(Loop):
    """Does not ask for more descriptors than a shell gives."""

    def prepare_process(self) -> None:
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        super().prepare_process()
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


class RoomForAllAtOnce(Loop):
    """Has a hundred bytes for each connection that there may be."""

    def prepare_process(self) -> None:
        super().prepare_process()
        self.room = b"\1" * (100 * self.options.max_connections)


class DiesOfItsLog(Loop):
    """Writes more to a file than may be in it."""

    def prepare_process(self) -> None:
        super().prepare_process()
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)


class StoppedByItsLog(Loop):
    """Writes to a terminal that stops whatever does so from the background."""

    def prepare_process(self) -> None:
        super().prepare_process()
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)


class KeepsWhatHeldAnswers(Connection):
    """Lays the buffer of answers aside when they have left, for the next one who may need it."""

    laid_aside: list[bytearray] = []

    def send(self) -> None:
        if len(self.output) > 50_000:
            self.laid_aside.append(bytearray(self.output[:50_000]))
        super().send()


class FullAndStillWatching(Loop):
    """Looks at new connections for whom it has no place."""

    def watch_listener(self, watch: bool) -> None:
        super().watch_listener(not self.draining)

    def accept(self) -> None:
        if self.has_room():
            super().accept()


class HelpIsAnError(Loop):
    """Sends its help to where errors go."""

    @staticmethod
    def prepare() -> None:
        Options.print_help = lambda self, file=None: sys.stderr.write(self.format_help())


class ItsExampleIsRefused(Loop):
    """Explains an option by a value that it does not take."""

    @staticmethod
    def prepare() -> None:
        Options.format_help = lambda self: "  --read-timeout TIME  how long, as 10sec\n"
