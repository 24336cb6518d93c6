"""The servers to measure: the stages and the peers, each freshly started on a core of its own."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / name)
                for name in ("protocol", "costs", "network")]

from harness.server import Server  # noqa: E402
from harness.target import DEFAULT_BUILD, REPOSITORY, Target  # noqa: E402

SERVER_CORE, CLIENT_CORE = "1", "0"
LADDER = ("part1-blocking", "part2-threads", "part3-nonblocking", "part4-poll")  # before STAGES
STAGES = PART5, PART6 = "part5-epoll", "part6-uring"
PART1, PART2, PART3, PART4 = LADDER
PEERS = ("peer-epoll", "peer-ring", "peer-libuv", "peer-asio", "peer-asio-coroutines")
ROOM = ("--max-connections", "19000")  # for ten thousand idle clients, and more
OPTIONS = {
    "part1-blocking": (),  # one client at a time, so it needs no limit
    **dict.fromkeys(LADDER[1:], ROOM),
    **dict.fromkeys(STAGES, ("--workers", "1", *ROOM)),
}


def on_core(core: str) -> tuple[str, ...]:
    """Words in front of a command, to keep it on one core."""
    return "taskset", "--cpu-list", core


@dataclass(frozen=True)
class Contender:
    """A server that can be started, again and again."""

    name: str
    program: str  # of LADDER or STAGES, one that is built in tests/bench, or a path
    options: tuple[str, ...] = ()
    cores: str = SERVER_CORE

    @classmethod
    def of_words(cls, words: str) -> Contender:
        """Parses a peer or a stage and its options, such as `peer-ring --pair`."""
        program, *options = words.split()
        if program not in (*LADDER, *STAGES, *PEERS):
            known = ", ".join((*LADDER, *STAGES, *PEERS))
            raise ArgumentTypeError(f"{program} is none of {known}")
        return cls(words, program, tuple(options))

    def path(self, build: Path) -> Path:
        """The program's path, of itself or in a build."""
        if "/" in self.program:
            return Path(self.program)
        directory = build / (self.program if self.program in OPTIONS else "tests/bench")
        return directory / self.program

    def start(self, build: Path, before: tuple[str, ...] | None = None) -> Server:
        """Starts the server and waits until it's ready. `before` are words in front of the command,
        by default to keep it on its core."""
        before = on_core(self.cores) if before is None else before
        target = Target(self.name, STAGES[0], (*before, str(self.path(build))))
        options = (*OPTIONS.get(self.program, ()), *self.options)
        server = Server(target, options, patience=60)
        server.wait_until_ready()
        return server

    @contextmanager
    def running(self, build: Path, before: tuple[str, ...] | None = None) -> Iterator[Server]:
        """Like start(), but ends the server with the context."""
        server = self.start(build, before)
        try:
            yield server
        finally:
            server.close_clients()
            server.kill()


ALL_STAGES = tuple(Contender(name, name) for name in (*LADDER, *STAGES))
# A hand-written ring in its best form, with a receive for each message, and sends that post no
# completion.
RING_BY_HAND = Contender.of_words("peer-ring --pair")
OWN_BUFFERS = Contender.of_words("peer-ring --own-buffers")
ECHO = (*(Contender(name, name) for name in (*STAGES, *PEERS)), RING_BY_HAND)
PLAIN = PEERS[0]
FLOOR = Contender("floor", PLAIN)  # the cheapest that receives and sends, and does nothing else


def built(contenders: Iterable[Contender], build: Path) -> list[Contender]:
    """The contenders that the build has; prints a line for each one left out."""
    found = []
    for contender in contenders:
        if contender.path(build).is_file():
            found.append(contender)
        else:
            print(f"{contender.name} is left out: it is not built", file=sys.stderr)
    return found
