"""Runs loop_server.py with one defect. Those in this file are subtle, so the server still keeps the
contract for most clients, most of the time.

python3 broken_loops.py BUG --port PORT, where BUG is one of the names in BUGS, or `none` for the
healthy server.
"""

import argparse
import importlib
import os
import re
import select
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "protocol" / "subjects"))

from loop_options import parse_options  # noqa: E402
from loop_protocols import Echo, Http, Protocol  # noqa: E402
from loop_server import NEVER, READ, Connection, Loop, serve  # noqa: E402

Part = type[Loop] | type[Connection] | type[Protocol]

# Answers that the kernel did not take


class ForgetsAtTheEnd(Connection):
    """Drops its answers when the client has finished sending, as if the client had lost interest
    in them, too."""

    def at_end_of_stream(self) -> None:
        super().at_end_of_stream()
        self.output.clear()


class LooksAtTheEnd(Connection):
    """Waits for input from a client that has finished sending, though this client's socket stays
    readable forever. A pause should make that cheap."""

    def interest(self) -> int:
        return super().interest() | (READ if self.output else 0)

    def receive(self) -> None:
        if self.peer_ended:
            time.sleep(0.0003)
        else:
            super().receive()


class OneHeap(Connection):
    """Keeps the answers that the kernel didn't take in one buffer for all clients."""

    heap = bytearray()

    def send(self) -> None:
        if not self.output and self.heap:
            self.output, self.heap[:] = self.heap[:], b""
        super().send()
        if len(self.output) > 1000:
            self.heap += self.output[-1000:]
            del self.output[-1000:]


# Time


class Sluggish(Loop):
    """Looks at its clock once a second."""

    last_look = 0.0

    def next_deadline(self) -> float:
        return self.last_look + 1

    def see_to_the_time(self) -> None:
        if time.monotonic() >= self.last_look + 1:
            self.last_look = time.monotonic()
            super().see_to_the_time()


class WaitsForReaders(Connection):
    """Times out clients that owe it a message, and not those that don't read their answers."""

    def time_out(self) -> None:
        if not self.output:
            super().time_out()


class CountsFromTheBeginning(Connection):
    """Gives a connection a time limit, and not each of its messages."""

    def renew_deadline(self) -> None:
        if self.deadline == NEVER:
            super().renew_deadline()


class PatientWithReaders(Connection):
    """Doubles a client's time while answers wait."""

    def renew_deadline(self) -> None:
        super().renew_deadline()
        if self.output:
            self.deadline += self.loop.options.read_timeout


class ResetsLateReaders(Connection):
    """Closes a slow client's connection with its input unread, so that the kernel resets it."""

    def time_out(self) -> None:
        self.close()


# Around the process


class NoLogNoServer(Loop):
    """Ends when it can't write a line to its log."""

    def log(self, line: str) -> None:
        try:
            os.write(2, line.encode() + b"\n")
        except OSError:
            os._exit(1)


class LogsToAClient(Loop):
    """Gives descriptor 2 to its first client if stderr is closed, and so logs to that client."""

    def prepare_standard_error(self) -> None:
        self.settings = os.open(os.devnull, os.O_RDONLY)

    def run(self) -> None:
        os.close(self.settings)  # read, and no longer needed
        super().run()


class Talkative(Loop):
    """Logs a line before anything has happened."""

    def prepare_standard_error(self) -> None:
        super().prepare_standard_error()
        self.log("loop_server 1.0 starting")


class SaysItAgain(Loop):
    """Sets a client's entry in epoll after each message, though the entry hasn't changed."""

    epoll: select.epoll | None = None
    also = 0

    def watch(self, connection: Connection) -> None:
        super().watch(connection)
        if self.epoll is None:
            self.epoll = select.epoll.fromfd(self.selector.fileno())
        known = self.selector.get_map().get(connection.socket)
        if known is not None:
            events = select.EPOLLIN if known.events == READ else select.EPOLLOUT
            self.epoll.modify(known.fd, events | self.also)


class _LeavesTheUrgent(Connection):
    """Receives only if there's something to receive: a receive would take an urgent byte
    away, too."""

    def receive(self) -> None:
        with suppress(BlockingIOError):
            self.socket.recv(1, socket.MSG_PEEK)
            super().receive()


class HearsTheUrgent(SaysItAgain):
    """Asks epoll for urgent bytes as well, and then does nothing about them."""

    also = select.EPOLLPRI
    connection_type = _LeavesTheUrgent


class AcceptsAllThatWait(Loop):
    """Accepts until nobody is left, and only then looks at the clients that it had before."""

    def accept(self) -> None:
        before = -1
        while before < len(self.connections) and self.has_room():
            before = len(self.connections)
            super().accept()


class ShortBacklog(Loop):
    """Asks for a backlog as short as in an example that the author has read."""

    backlog = 128


# HTTP


class LimitsLines(Http):
    """Limits the length of each line, and lets the head grow."""

    def check_head_size(self, size: int) -> None:
        super().check_head_size(max(map(len, bytes(self.pending[:size]).split(b"\n"))))


class LimitsWhatIsIncomplete(Http):
    """Counts everything that it has received as the head, even the next request."""

    def check_head_size(self, size: int) -> None:
        super().check_head_size(len(self.pending))


class TakesAnyExtra(Http):
    """Waits for the end of a line between chunks, however long the line grows."""

    def check_extra_bytes(self, line_bytes: int) -> None:
        pass


class AnswersAreSmall(Connection):
    """Reads on while answers wait, because they're only a few bytes each."""

    def interest(self) -> int:
        reads = READ if not self.peer_ended and not self.ending else 0
        return super().interest() | reads


class BytesAreProgress(Http):
    """Takes every byte of a body as a reason to wait longer."""

    def take(self, data: bytes, output: bytearray) -> int:
        return super().take(data, output) + bool(self.body_left or self.in_chunks)


class HeadsOnly(Http):
    """Counts a request without its body as complete when it logs the end of a stream."""

    def is_inside_message(self) -> bool:
        return self.in_head and bool(self.pending)


class AccessLog(Connection):
    """Logs a line for each connection that spoke HTTP."""

    def linger(self) -> None:
        self.loop.log(f"{self.peer}: served")
        super().linger()


class RawLog(Connection):
    """Logs a client's bytes as they are."""

    def at_end_of_stream(self) -> None:
        text = bytes(self.protocol.pending).decode("latin-1")
        self.loop.log(f"{self.peer} said {text}")
        super().at_end_of_stream()


class DrainsInTheMiddle(Connection):
    """Drops the input that it hasn't read yet when it's told to stop."""

    receive_bytes = 1000

    def begin_drain(self) -> None:
        self.peer_ended = True


class _CollectsGarbageLate(Echo):
    """No bug: in a language with a garbage collector, a buffer stays for a while after its last
    use."""

    garbage: list[bytes] = []
    buffers_max = 192  # 12 MiB

    def answer(self, message: bytes, output: bytearray) -> None:
        super().answer(message, output)
        self.garbage.append(message.ljust(65536))  # the buffer that received the message
        if len(self.garbage) > self.buffers_max:
            self.garbage.clear()


class _CollectsGarbageRarely(_CollectsGarbageLate):
    buffers_max = 512  # 32 MiB, as a language may keep when memory isn't short


class _OpensItsOwnLater(Loop):
    """No bug: a runtime opens its own descriptors when it first needs them, as Go's opens an epoll
    and a pipe for its first timer. This one does so when the second client comes, and again in a
    stop.
    """

    accepted = 0
    own: tuple[object, ...] = ()

    def accept(self) -> None:
        super().accept()
        self.accepted += 1
        if self.accepted == 2:
            self.open_its_own()

    def begin_drain(self) -> None:
        super().begin_drain()
        self.open_its_own()

    def open_its_own(self) -> None:
        """Opens one more epoll and pipe at each call, and never closes them."""
        self.own = (*self.own, select.epoll(), *os.pipe())


class _SaysNothingOfEnds(Loop):
    """No bug below the level `logs`: logs no line when a stream ends inside a message."""

    def log(self, line: str) -> None:
        if "inside a message" not in line:
            super().log(line)


HARMLESS: dict[str, Part] = {"none": Loop, "collects-garbage-late": _CollectsGarbageLate,
                             "collects-garbage-rarely": _CollectsGarbageRarely,
                             "opens-its-own-later": _OpensItsOwnLater,
                             "says-nothing-of-ends": _SaysNothingOfEnds}
MODULES = (__name__, "rare_bugs", "turn_blunders", "loop_blunders", "ending_blunders",
           "protocol_blunders", "http_blunders", "place_blunders")
# OneTooMany is called one-too-many. The name of a class that is no bug by itself begins with an
# underscore.
BUGS: dict[str, Part] = {
    re.sub(r"\B(?=[A-Z])", "-", part.__name__).lower(): part
    for module in map(importlib.import_module, MODULES)
    for part in vars(module).values()
    if isinstance(part, type) and part.__module__ == module.__name__
    and not part.__name__.startswith("_")
}


def loop_with(part: Part) -> type[Loop]:
    """The loop that has this part, and correct parts otherwise."""
    if issubclass(part, Loop):
        return part
    if issubclass(part, Connection):
        return type("Broken", (Loop,), {"connection_type": part})

    class Broken(Connection):
        def new_protocol(self) -> Protocol:
            right = super().new_protocol()
            return part(right.max_message) if issubclass(part, type(right)) else right

    return loop_with(Broken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bug", choices=BUGS | HARMLESS)
    part = (BUGS | HARMLESS)[parser.parse_args(sys.argv[1:2]).bug]
    if hasattr(part, "prepare"):
        part.prepare()
    serve(loop_with(part), parse_options(sys.argv[2:]))


if __name__ == "__main__":
    main()
