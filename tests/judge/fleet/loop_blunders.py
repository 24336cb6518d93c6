"""Blunders that go wrong for most clients, most of the time: a part of broken_loops.py.

They're here so that each black-box test has failed once: tests/judge/fleet/found_by.md says which
blunder makes which test fail.
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
    """Remembers its clients and their messages."""

    remembered: list[bytes] = []

    def send(self) -> None:
        self.remembered.append(bytes(max(1000, len(self.output))))
        super().send()


class HoldsBuffers(Connection):
    """Gives every client its buffers as soon as the client connects."""

    def __init__(self, loop: Loop, client: socket.socket, peer: str) -> None:
        super().__init__(loop, client, peer)
        self.buffers = b"\1" * (1 << 20)


class NoTimeWait(Connection):
    """Avoids TIME_WAIT, as somebody recommended, and throws away unsent answers thereby."""

    def close(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        super().close()


class WaitsForThePeer(Connection):
    """Waits for the client's end of stream before it ends its own."""

    def linger(self) -> None:
        self.lingering = True
        self.deadline = time.monotonic() + 5


class LingersForEver(Connection):
    """Gives a client all the time in the world to say goodbye."""

    def linger(self) -> None:
        super().linger()
        self.deadline = NEVER

    def go_on(self) -> None:
        if not self.lingering:
            super().go_on()


class GivesUpItsPlace(Connection):
    """Counts a connection that it is closing as gone."""

    def linger(self) -> None:
        super().linger()
        self.loop.options.max_connections += 1
        self.loop.resume_accepting()


class ForgetsTheRest(Connection):
    """Loses the bytes that the kernel doesn't take immediately."""

    def send(self) -> None:
        super().send()
        self.output.clear()


class OneMistakeIsTheLast(Connection):
    """Ends the process when a connection breaks off."""

    def broke_off(self, error: OSError) -> None:
        os._exit(1)


class EndIsAMistake(Connection):
    """Ends the process when a client leaves inside a message."""

    def at_end_of_stream(self) -> None:
        if self.protocol.pending:
            os._exit(1)
        super().at_end_of_stream()


class WaitsForTheRest(Connection):
    """Ignores an end of stream inside a message."""

    def at_end_of_stream(self) -> None:
        if not self.protocol.is_inside_message():
            super().at_end_of_stream()


class WantsAWord(Connection):
    """Ends the process when a client leaves without a word, as if that couldn't happen."""

    spoken = False

    def at_end_of_stream(self) -> None:
        if not self.spoken:
            os._exit(1)
        super().at_end_of_stream()

    def receive(self) -> None:
        self.spoken = self.spoken or bool(self.socket.recv(1, socket.MSG_PEEK))
        super().receive()


class TiresAfterTen(Connection):
    """Gets tired of a client after ten turns, so the client's eleventh turn is its last."""

    turns = 0

    def send(self) -> None:
        self.turns += 1
        super().send()
        self.ending = self.ending or self.turns > 10


class ReadsUntilDry(Connection):
    """Reads from a client as long as there's something to read."""

    def receive(self) -> None:
        while not self.peer_ended and not self.ending:
            super().receive()


# Several of them


class OneAtATime(Loop):
    """Accepts only when nobody is connected."""

    def accept(self) -> None:
        if not self.connections:
            super().accept()


class NeverAgain(Loop):
    """Stops accepting permanently when it has no place or no descriptor left."""

    def resume_accepting(self) -> None:
        self.accept_again = NEVER


class HundredClients(Loop):
    """Has an array of a hundred clients."""

    def accept(self) -> None:
        super().accept()
        if len(self.connections) > 100:
            max(self.connections, key=id).close()


class NoRest(Loop):
    """Asks for events again and again, without waiting."""

    def next_deadline(self) -> float:
        return 0.0


class NoRestWithoutDescriptors(Loop):
    """Tries to accept again immediately, and logs each failure."""

    def accept(self) -> None:
        super().accept()
        if self.accept_again != NEVER:
            self.resume_accepting()

    def report_shortage(self, line: str) -> None:
        self.log(line)


class DiesWithoutDescriptors(Loop):
    """Ends when accept(2) reports a shortage."""

    def report_shortage(self, line: str) -> None:
        os._exit(1)


# Time


class NoTime(Connection):
    """Has no clock."""

    def renew_deadline(self) -> None:
        pass


class ZeroIsNow(Connection):
    """Gives each client 0.2 s at most, even when 0 asks for no limit."""

    def renew_deadline(self) -> None:
        super().renew_deadline()
        self.deadline = min(self.deadline, time.monotonic() + 0.2)


class CountsFromTheFirstByteHeld(Connection):
    """Gives a slow reader its time once, however steadily the client reads."""

    def renew_deadline(self) -> None:
        if not self.output:
            super().renew_deadline()

    def expire(self) -> None:
        if self.lingering:
            self.close()
        else:
            self.time_out()


class AnswersLate(Connection):
    """Answers 408 to an HTTP client whose time is up, even if the client has asked for nothing."""

    def time_out(self) -> None:
        self.socket.send(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        super().time_out()


# The process


class SoftLimitStays(Loop):
    """Doesn't ask for more descriptors than a shell gives."""

    def prepare_process(self) -> None:
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        super().prepare_process()
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


class RoomForAllAtOnce(Loop):
    """Reserves a hundred bytes for each connection that there may be."""

    def prepare_process(self) -> None:
        super().prepare_process()
        self.room = b"\1" * (100 * self.options.max_connections)


class DiesOfItsLog(Loop):
    """Dies of SIGXFSZ when its log reaches the limit of a file's size."""

    def prepare_process(self) -> None:
        super().prepare_process()
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)


class StoppedByItsLog(Loop):
    """Lets SIGTTOU stop it when it logs to a terminal from the background."""

    def prepare_process(self) -> None:
        super().prepare_process()
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)


class KeepsWhatHeldAnswers(Connection):
    """Keeps the buffers of sent answers for the next client that may need one."""

    laid_aside: list[bytearray] = []

    def send(self) -> None:
        if len(self.output) > 50_000:
            self.laid_aside.append(bytearray(self.output[:50_000]))
        super().send()


class FullAndStillWatching(Loop):
    """Watches for new connections even when it has no place for them."""

    def watch_listener(self, watch: bool) -> None:
        super().watch_listener(not self.draining)

    def accept(self) -> None:
        if self.has_room():
            super().accept()


class HelpIsAnError(Loop):
    """Writes its help to stderr."""

    @staticmethod
    def prepare() -> None:
        Options.print_help = lambda self, file=None: sys.stderr.write(self.format_help())


class ItsExampleIsRefused(Loop):
    """Shows an example value in its help that the option refuses."""

    @staticmethod
    def prepare() -> None:
        Options.format_help = lambda self: "  --read-timeout TIME  how long, such as 10sec\n"
