"""What is measured: the stages, the peers and nginx, each started afresh on a core of its own."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
from argparse import ArgumentTypeError
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / name)
                for name in ("protocol", "costs", "network")]

from harness.proc import Process, wait_until  # noqa: E402
from harness.server import Server  # noqa: E402
from harness.target import DEFAULT_BUILD, REPOSITORY, Target, free_port  # noqa: E402

SERVER_CORE, CLIENT_CORE = "1", "0"
LADDER = ("part1-blocking", "part2-threads", "part3-nonblocking", "part4-poll")  # up to them
STAGES = PART5, PART6 = "part5-epoll", "part6-uring"
PART1, PART2, PART3, PART4 = LADDER
PEERS = ("peer-epoll", "peer-ring", "peer-libuv", "peer-asio", "peer-asio-coroutines")
ROOM = ("--max-connections", "19000")  # for ten thousand idle ones, and more
OPTIONS = {
    "part1-blocking": (),  # one at a time is no limit, it is what it does
    **dict.fromkeys(LADDER[1:], ROOM),
    **dict.fromkeys(STAGES, ("--workers", "1", *ROOM)),
    "fingerd": ("--addr", "127.0.0.1", "--log", "none", "--max-per-ip", "1000"),
}
START_SECONDS = 10.0


def on_core(core: str) -> tuple[str, ...]:
    """The words in front of a command that keep it on one core."""
    return "taskset", "--cpu-list", core


@dataclass(frozen=True)
class Contender:
    """A server that can be started, again and again."""

    name: str
    program: str  # a name of LADDER, STAGES or PEERS, or a finger daemon
    options: tuple[str, ...] = ()
    cores: str = SERVER_CORE

    @classmethod
    def of_words(cls, words: str) -> Contender:
        """`part6-uring --spin 1ms`"""
        program, *options = words.split()
        if program not in (*LADDER, *STAGES, *PEERS):
            known = ", ".join((*LADDER, *STAGES, *PEERS))
            raise ArgumentTypeError(f"{program} is none of {known}")
        return cls(words, program, tuple(options))

    def path(self, build: Path) -> Path:
        """Where a build puts the program."""
        if self.program.startswith("fingerd"):
            return build / "finger" / self.program
        directory = build / (self.program if self.program in OPTIONS else "tests/bench")
        return directory / self.program

    def start(self, build: Path, before: tuple[str, ...] | None = None) -> Server:
        """The server, ready, with words in front of its command line: those that keep it on its
        core, unless there are others."""
        before = on_core(self.cores) if before is None else before
        target = Target(self.name, STAGES[0], (*before, str(self.path(build))))
        options = (*OPTIONS.get(self.program, ()), *self.options)
        server = Server(target, options, patience=60)
        server.wait_until_ready()
        return server

    @contextmanager
    def running(self, build: Path, before: tuple[str, ...] | None = None) -> Iterator[Server]:
        """The same, until the context ends."""
        server = self.start(build, before)
        try:
            yield server
        finally:
            server.close_clients()
            server.kill()


ALL_STAGES = tuple(Contender(name, name) for name in (*LADDER, *STAGES))
# A ring by hand in its best form: a receive for each message, and a send that says nothing.
RING_BY_HAND = Contender.of_words("peer-ring --pair")
ECHO = (*(Contender(name, name) for name in (*STAGES, *PEERS)), RING_BY_HAND)
SPINNING = Contender.of_words("part6-uring --spin 1ms")
FLOOR = Contender("floor", PEERS[0])  # the cheapest that receives and sends, and does nothing else
ANSWERS_UNREAD = Contender.of_words("peer-ring --http")  # nobody can do less for a request
HTTP = tuple(Contender.of_words(f"{name} --protocol http") for name in STAGES)
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"  # where not every user's PATH leads


def built(contenders: Iterable[Contender], build: Path) -> list[Contender]:
    """Those that the build has; of each other one line says that it is left out."""
    found = []
    for contender in contenders:
        if contender.path(build).is_file():
            found.append(contender)
        else:
            print(f"{contender.name} is left out: it is not built", file=sys.stderr)
    return found


NGINX_CONFIGURATION = """
daemon off;
worker_processes 1;
error_log stderr crit;
pid {directory}/pid;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {directory};
  proxy_temp_path {directory};
  fastcgi_temp_path {directory};
  uwsgi_temp_path {directory};
  scgi_temp_path {directory};
  default_type text/plain;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ return 200 "hello\\n"; }}
  }}
}}
"""


class Nginx:
    """nginx with one worker, which answers every request with the bytes that our server sends. To
    be started as a Contender is."""

    name = "nginx"
    address: tuple[str, int]
    process: Process  # the worker: it does all the work

    @contextmanager
    def running(self, build: Path) -> Iterator[Nginx]:
        """Ready, until the context ends."""
        self.address = ("127.0.0.1", free_port())
        with tempfile.TemporaryDirectory(prefix="nginx-") as directory:
            file = Path(directory) / "nginx.conf"
            file.write_text(
                NGINX_CONFIGURATION.format(directory=directory, port=self.address[1])
            )
            words = [*on_core(SERVER_CORE), NGINX, "-c", str(file), "-e", "stderr"]
            with subprocess.Popen(words, stdin=subprocess.DEVNULL) as master:
                children = Path(f"/proc/{master.pid}/task/{master.pid}/children")
                try:
                    assert wait_until(self._accepts, START_SECONDS), "nginx does not listen"
                    # The master listens; it may not have had the time yet to start the worker.
                    assert wait_until(lambda: bool(children.read_text()), START_SECONDS)
                    self.process = Process(int(children.read_text()))
                    yield self
                finally:
                    master.terminate()  # it passes it on: a fast shutdown

    def _accepts(self) -> bool:
        try:
            socket.create_connection(self.address, timeout=1).close()
        except OSError:
            return False
        return True
