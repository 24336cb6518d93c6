"""Blunders at the start, about addresses and options: a part of broken_loops.py."""

import socket
import sys

import loop_options
from loop_server import NEVER, Loop

# Listening


class LoopbackAlways(Loop):
    """Does not look at --host."""

    def listen(self) -> socket.socket:
        self.options.host = "127.0.0.1"
        return super().listen()


class AllAddressesAlways(Loop):
    """Offers itself to the whole network."""

    def listen(self) -> socket.socket:
        if ":" not in self.options.host:
            self.options.host = "0.0.0.0"
        return super().listen()


class AnotherPort(Loop):
    """Takes another port where the one asked for is taken."""

    def listen(self) -> socket.socket:
        try:
            return super().listen()
        except OSError:
            self.options.host, self.options.port = "127.0.0.1", 0
            return super().listen()


class PortKeptBusy(Loop):
    """Binds without SO_REUSEADDR: connections in TIME_WAIT hold the port."""

    def listen(self) -> socket.socket:
        listener = socket.socket(socket.AF_INET6 if ":" in self.options.host else socket.AF_INET)
        listener.bind((self.options.host, self.options.port))
        listener.listen(socket.SOMAXCONN)
        listener.setblocking(False)
        return listener


class ReadyTooEarly(Loop):
    """Says that it listens, and names the port that it was given, before it does."""

    def run(self) -> None:
        print(f"listening on 127.0.0.1:{self.options.port}", flush=True)
        super().run()


# The command line


class Lenient(Loop):
    """What Python's int and float take, it takes."""

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
    """Complains at length, with status 1, and has no words for help."""

    @staticmethod
    def prepare() -> None:
        if {"--help", "--version"} & set(sys.argv):
            sys.exit("no help")
        for word in sys.argv[2:]:
            if "=" in word or word[0] == "0" and len(word) > 1 or word.endswith("m"):
                sys.exit(1)
        loop_options.Options.error = lambda self, _: (print("1\n2", file=sys.stderr), sys.exit(1))
