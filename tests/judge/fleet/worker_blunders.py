"""Blunders that take several workers to be seen: a part of broken_loops.py."""

import argparse
import os
import time

from loop_server import Connection, Loop

SHARED_BUFFER = bytearray(65536)

# How many of them there are


class OneIsForTheSignals(Loop):
    """One of the workers waits for signals, and serves nobody."""

    @staticmethod
    def count(options: argparse.Namespace) -> int:
        return options.workers - 1


class OneIsEnough(Loop):
    """Takes the option, and has one worker whatever it says."""

    @staticmethod
    def count(options: argparse.Namespace) -> int:
        return 1


class LastWorkerNeverRuns(Loop):
    """Starts one thread too few: those whom the kernel gives to the last worker are not served."""

    def run(self) -> None:
        self.asleep = self.shared.loops.pop()
        super().run()


# The limit, which is theirs together


class LimitForEachWorker(Loop):
    """Has the limit for each of them."""

    def has_room(self) -> bool:
        return len(self.connections) < self.options.max_connections


class LateOnesKeepOtherPlaces(Connection):
    """Each worker but the first forgets to count down a client whose time is up."""

    def time_out(self) -> None:
        self.loop.shared.connected += self.loop is not self.loop.shared.loops[0]
        super().time_out()


# What else they share, or should


class OneBufferForAllWorkers(Connection):
    """All of them receive into one buffer."""

    def read(self) -> memoryview:
        received = self.socket.recv_into(SHARED_BUFFER)
        time.sleep(0.0001)  # while it looks at it, another may receive
        return memoryview(SHARED_BUFFER)[:received]


class OneWorkerHasTheClock(Loop):
    """The first alone looks at the time."""

    def see_to_the_time(self) -> None:
        if self is self.shared.loops[0]:
            super().see_to_the_time()


# The end


class StopsOneWorker(Loop):
    """The first alone learns of a stop."""

    def wake_others(self, word: bytes) -> None:
        if word == b"\0":
            super().wake_others(word)


class DeafWhenDone(Loop):
    """Hears a second signal only as long as the first worker has clients of its own."""

    def count_signal(self, *_: object) -> None:
        self.shared.signals += 1
        if self.shared.signals > 1 and self.connections:
            os._exit(0)
