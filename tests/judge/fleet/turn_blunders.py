"""Blunders about the start, the turns of the loop and the stop, and those that only several workers
show: a part of broken_loops.py."""

import argparse
import os
import signal
import socket
import sys
import time

import loop_options
from loop_server import NEVER, Connection, Loop

SHARED_BUFFER = bytearray(65536)


# Listening


class LoopbackAlways(Loop):
    """Ignores --host."""

    def listen(self) -> socket.socket:
        self.options.host = "127.0.0.1"
        return super().listen()


class AllAddressesAlways(Loop):
    """Listens on all addresses."""

    def listen(self) -> socket.socket:
        if ":" not in self.options.host:
            self.options.host = "0.0.0.0"
        return super().listen()


class AnotherPort(Loop):
    """Takes another port if the one asked for is taken."""

    def listen(self) -> socket.socket:
        try:
            return super().listen()
        except OSError:
            self.options.host, self.options.port = "127.0.0.1", 0
            return super().listen()


class PortKeptBusy(Loop):
    """Binds without SO_REUSEADDR, so that connections in TIME_WAIT hold the port."""

    def listen(self) -> socket.socket:
        listener = socket.socket(socket.AF_INET6 if ":" in self.options.host else socket.AF_INET)
        listener.bind((self.options.host, self.options.port))
        listener.listen(socket.SOMAXCONN)
        listener.setblocking(False)
        return listener


class ReadyTooEarly(Loop):
    """Prints its ready line before it listens, and with port 0."""

    @staticmethod
    def prepare() -> None:
        print("listening on 127.0.0.1:0", flush=True)


# The command line


class Lenient(Loop):
    """Takes any number that Python's int and float take."""

    @staticmethod
    def prepare() -> None:
        def number(_least: int, _most: int) -> type:
            return int

        def duration(text: str) -> float:
            return float(text.strip("msh ") or 0) or NEVER

        loop_options.number = number
        loop_options.duration = duration
        loop_options.address = str


class Choosy(Loop):
    """Complains at length, with status 1, and has no help."""

    @staticmethod
    def prepare() -> None:
        if {"--help", "--version"} & set(sys.argv):
            sys.exit("no help")
        for word in sys.argv[2:]:
            if "=" in word or word[0] == "0" and len(word) > 1 or word.endswith("m"):
                sys.exit(1)
        loop_options.Options.error = lambda self, _: (print("1\n2", file=sys.stderr), sys.exit(1))


# Accepting


class SaysNothingOfLimits(Loop):
    """Doesn't say how few descriptors it got."""

    def __init__(self, *words) -> None:
        self.begun = False
        super().__init__(*words)
        self.begun = True

    def log(self, line: str) -> None:
        if self.begun:
            super().log(line)


class AsksForAnAddress(Connection):
    """Asks for its peer's address, which a client that has reset does not have any more."""

    def __init__(self, loop: Loop, client: socket.socket, peer: str) -> None:
        client.getpeername()
        super().__init__(loop, client, peer)


class WaitsForWhoLeaves(Loop):
    """Tries again to accept when a client leaves, and as long as there is one, at no other time."""

    def accept(self) -> None:
        super().accept()
        if self.connections:
            self.accept_again = NEVER


# Stopping


class LooksNowAndThen(Loop):
    """Sees after a while that it should stop."""

    def begin_drain(self) -> None:
        time.sleep(1.5)
        super().begin_drain()


class StopsForAHangUp(Loop):
    """Takes the end of its terminal for a stop."""

    def run(self) -> None:
        signal.signal(signal.SIGHUP, self.count_signal)
        super().run()


class SleepsForEach(Connection):
    """Gives each client a moment to say goodbye, one after the other."""

    def begin_drain(self) -> None:
        time.sleep(0.02)
        super().begin_drain()


class WaitsForTheGone(Connection):
    """Waits for clients that are gone to take their answers."""

    def broke_off(self, error: OSError) -> None:
        if not self.output and not self.loop.draining:
            super().broke_off(error)


class StopsWhenAllLeave(Loop):
    """Waits in a stop for every client, even for new ones, and ignores a second signal."""

    def count_signal(self, *_: object) -> None:
        pass

    def take_wakes(self) -> None:
        self.wake_up.recv(100)
        self.options.drain_timeout = 60
        self.draining = True


class CountsToTwo(Loop):
    """Counts two signals as two, however close together they are."""

    def count_signal(self, *_: object) -> None:
        if self.shared.asked_at != NEVER:
            os._exit(0)
        self.shared.asked_at = time.monotonic()


class DiesOfAnySignal(Loop):
    """Dies of any signal that it doesn't expect."""

    def run(self) -> None:
        for number in (signal.SIGPIPE, signal.SIGCONT, signal.SIGWINCH, signal.SIGCHLD):
            signal.signal(number, lambda *_: os._exit(1))
        super().run()


# The log


class Silent(Loop):
    """Has no log."""

    def log(self, line: str) -> None:
        pass


class Chatty(Connection):
    """Says goodbye to every client, on both streams."""

    def close(self) -> None:
        super().close()
        self.loop.log(f"{self.peer}: goodbye")
        print("goodbye", flush=True)


# The number of workers


class OneIsForTheSignals(Loop):
    """Lets one of the workers wait for signals and serve nobody."""

    @staticmethod
    def count(options: argparse.Namespace) -> int:
        return options.workers - 1


class OneIsEnough(Loop):
    """Takes the option, and has one worker whatever it says."""

    @staticmethod
    def count(options: argparse.Namespace) -> int:
        return 1


class LastWorkerNeverRuns(Loop):
    """Starts one thread too few, so that nobody serves the clients that the kernel gives to the
    last worker."""

    def run(self) -> None:
        self.asleep = self.shared.loops.pop()
        super().run()


# The limit that all workers share


class LimitForEachWorker(Loop):
    """Applies the limit to each worker."""

    def has_room(self) -> bool:
        return len(self.connections) < self.options.max_connections


class LateOnesKeepOtherPlaces(Connection):
    """Forgets to count down a client whose time is up, in each worker but the first."""

    def time_out(self) -> None:
        self.loop.shared.connected += self.loop is not self.loop.shared.loops[0]
        super().time_out()


# Other things that they share, or should


class OneBufferForAllWorkers(Connection):
    """Receives into one buffer in all workers."""

    def read(self) -> memoryview:
        received = self.socket.recv_into(SHARED_BUFFER)
        time.sleep(0.0001)  # meanwhile, another worker may receive
        return memoryview(SHARED_BUFFER)[:received]


class OneWorkerHasTheClock(Loop):
    """Looks at the time in the first worker only."""

    def see_to_the_time(self) -> None:
        if self is self.shared.loops[0]:
            super().see_to_the_time()


# The end of all workers


class StopsOneWorker(Loop):
    """Tells only the first worker of a stop."""

    def wake_others(self, word: bytes) -> None:
        if word == b"\0":
            super().wake_others(word)


class DeafWhenDone(Loop):
    """Hears a second signal only while the first worker has clients of its own."""

    def count_signal(self, *words: object) -> None:
        if self.connections or self.shared.asked_at == NEVER:
            super().count_signal(*words)


class EndsBeforeItSaysWhy(Loop):
    """Lets a worker that fails end all workers immediately, if there's no time to drain."""

    def fail(self, line: str) -> None:
        if not self.options.drain_timeout:
            os._exit(1)
        super().fail(line)
