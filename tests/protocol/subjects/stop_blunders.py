"""Blunders about signals, the stop and the log: a part of broken_loops.py."""

import os
import signal
import time

from loop_server import Connection, Loop

# Stopping


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


class StopsDead(Loop):
    """A signal is the end."""

    def take_signals(self) -> None:
        os._exit(0)


class StopsWithOne(Loop):
    """Ends in order, and with the wrong status."""

    def run(self) -> None:
        super().run()
        os._exit(1)


class StopsWhenAllLeave(Loop):
    """Waits for every client, and for new ones; hears no second signal."""

    def take_signals(self) -> None:
        self.wake_up.recv(100)
        self.options.drain_timeout = 60
        self.draining = True


class IgnoresTheTimeToDrain(Loop):
    """Does not look at --drain-timeout."""

    def take_signals(self) -> None:
        super().take_signals()
        self.options.drain_timeout = 0.2


class DiesOfAnySignal(Loop):
    """Handles no signal but those that it knows."""

    def run(self) -> None:
        for number in (signal.SIGPIPE, signal.SIGCONT, signal.SIGWINCH, signal.SIGCHLD):
            signal.signal(number, lambda *_: os._exit(1))
        super().run()


# The log


class Silent(Loop):
    """Has no log."""

    def log(self, line: str) -> None:
        pass


class Twice(Loop):
    """Says everything twice, with the line ends of a terminal."""

    def log(self, line: str) -> None:
        super().log(line)
        super().log(line + "\r\x1b[0m")


class Chatty(Connection):
    """Has a line for everybody, on both streams."""

    def close(self) -> None:
        super().close()
        self.loop.log(f"{self.peer}: goodbye")
        print("goodbye", flush=True)


class WaitsForItsLog(Loop):
    """Writes a line until it is written."""

    def log(self, line: str) -> None:
        try:
            os.write(2, line.encode() + b"\n")
        except OSError:
            pass
