"""An echo server with one event loop and the contract's options, all but --workers.

    python3 loop_server.py --port 5882

It is there for broken_loops.py, where each class spoils one thing about it.
"""

import argparse
import errno
import os
import resource
import select
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable

from loop_connection import READ, Connection
from loop_options import NEVER, parse_options

ACCEPT_PAUSE_SECONDS = 0.1
DRAIN_LOOK_SECONDS = 0.01
LONGEST_WAIT_SECONDS = 3600  # epoll_wait(2) takes milliseconds in 31 bits
# accept(2), "ERRORS": what may be over in a moment, and what was wrong with one client only.
TRANSIENT = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EPERM)
OF_ONE_CLIENT = (errno.EAGAIN, errno.ECONNABORTED, errno.EPROTO, errno.EHOSTUNREACH)


class Loop:
    """The listener, the connections, the signals, and one thread for all of them."""

    connection_type: type[Connection] = Connection
    backlog = socket.SOMAXCONN
    own_descriptors = 16

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.prepare_process()
        self.selector = selectors.EpollSelector()
        self.connections: set[Connection] = set()
        self.draining = False
        self.accept_again = NEVER
        self.silent_until = 0.0
        self.wake_up, self.wakes = socket.socketpair()
        for end in (self.wake_up, self.wakes):
            end.setblocking(False)
        self.listener = self.listen()
        self.selector.register(self.wake_up, READ)
        self.watch_listener(True)

    def prepare_process(self) -> None:
        """What the loops of a process need once."""
        self.prepare_standard_error()
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        if hard < self.options.max_connections + self.own_descriptors:
            self.log(f"only {hard} descriptors: fewer connections than --max-connections")

    def prepare_standard_error(self) -> None:
        """Where descriptor 2 is closed, a connection must not become the log."""
        while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
            pass
        os.close(number)

    def listen(self) -> socket.socket:
        """The socket that takes new connections."""
        host = self.options.host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server(
            (host, self.options.port),
            family=family,
            backlog=self.backlog,
            dualstack_ipv6=host == "::",
        )
        listener.setblocking(False)
        return listener

    def watch_listener(self, watch: bool) -> None:
        """Begins or stops to accept. Nothing happens where that is so already."""
        watched = self.listener in self.selector.get_map()
        if watch and not watched:
            self.selector.register(self.listener, READ)
        elif watched and not watch:
            self.selector.unregister(self.listener)

    def run(self) -> None:
        """Serves, turn after turn, until a signal says otherwise and the drain is over."""
        signal.set_wakeup_fd(self.wakes.fileno())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        host, port = self.listener.getsockname()[:2]
        print(f"listening on {f'[{host}]' if ':' in host else host}:{port}", flush=True)
        while not self.draining:
            self.turn(self.next_deadline())
        end = time.monotonic() + self.options.drain_timeout
        while self.connections and time.monotonic() < end:
            self.turn(time.monotonic() + DRAIN_LOOK_SECONDS)
            for connection in list(self.connections):
                self.guarded(connection, connection.go_on)

    def next_deadline(self) -> float:
        """When something has to be done although nothing happens."""
        deadlines = (connection.deadline for connection in self.connections)
        return min(min(deadlines, default=NEVER), self.accept_again)

    def turn(self, until: float) -> None:
        """Waits for something to happen, at most until then, and sees to it."""
        wait = None
        if until != NEVER:
            wait = min(max(0.0, until - time.monotonic()), LONGEST_WAIT_SECONDS)
        # A pause of the process may have been longer than the wait: what has come meanwhile?
        for key, ready in self.selector.select(wait) or self.selector.select(0):
            if key.fileobj is self.listener:
                self.accept()
            elif key.fileobj is self.wake_up:
                self.take_signals()
            elif key.data in self.connections:
                self.guarded(key.data, lambda at=key.data, what=ready: at.advance(what))
        self.see_to_the_time()

    def see_to_the_time(self) -> None:
        """A connection that is late is closed."""
        now = time.monotonic()
        if self.accept_again <= now:
            self.resume_accepting()
        for connection in [c for c in self.connections if c.deadline <= now]:
            self.guarded(connection, connection.expire)

    def guarded(self, connection: Connection, step: Callable[[], None]) -> None:
        """One step of a connection; what goes wrong is the end of that one alone."""
        try:
            step()
        except BlockingIOError:
            pass
        except OSError as error:
            connection.broke_off(error)
        if connection in self.connections:
            self.watch(connection)

    def watch(self, connection: Connection) -> None:
        """Tells the selector what the connection waits for."""
        wanted = connection.interest()
        known = self.selector.get_map().get(connection.socket)
        if known is None and wanted:
            self.selector.register(connection.socket, wanted, connection)
        elif known is not None and not wanted:
            self.selector.unregister(connection.socket)
        elif known is not None and known.events != wanted:
            self.selector.modify(connection.socket, wanted, connection)

    def accept(self) -> None:
        """One new connection, if there is one."""
        if self.draining:
            return  # since earlier in this turn
        try:
            client, address = self.listener.accept()
        except OSError as error:
            if error.errno in OF_ONE_CLIENT:
                return
            if error.errno not in TRANSIENT:
                sys.exit(f"cannot accept: {error.strerror}")
            self.report_shortage(f"cannot accept: {error.strerror}")
            self.watch_listener(False)
            self.accept_again = time.monotonic() + ACCEPT_PAUSE_SECONDS
            return
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = self.connection_type(self, client, f"{address[0]}:{address[1]}")
        self.connections.add(connection)
        self.watch(connection)
        self.watch_listener(self.has_room())
        if self.options.verbose:
            self.log(f"{connection.peer}: connected")

    def has_room(self) -> bool:
        """Whether one more connection is within the limit."""
        return len(self.connections) < self.options.max_connections

    def report_shortage(self, line: str) -> None:
        """Once a second."""
        if time.monotonic() >= self.silent_until:
            self.silent_until = time.monotonic() + 1
            self.log(line)

    def resume_accepting(self) -> None:
        """There is room again, or it is time to try."""
        self.accept_again = NEVER
        if not self.draining:
            self.watch_listener(self.has_room())

    def forget(self, connection: Connection) -> None:
        """Before its descriptor is closed."""
        if connection.socket in self.selector.get_map():
            self.selector.unregister(connection.socket)
        self.connections.discard(connection)
        if self.options.verbose:
            self.log(f"{connection.peer}: closed")
        self.resume_accepting()

    def take_signals(self) -> None:
        """SIGTERM or SIGINT: the first begins the drain, the second ends the process."""
        for _ in self.wake_up.recv(100):
            if self.draining:
                os._exit(0)
            self.begin_drain()

    def begin_drain(self) -> None:
        """No more connections, and no more input than the kernel has."""
        self.draining = True
        self.watch_listener(False)
        self.listener.close()
        for connection in list(self.connections):
            self.guarded(connection, connection.begin_drain)

    def log(self, line: str) -> None:
        """One line on stderr, if it can be had: a log holds up nobody."""
        try:
            if select.select([], [2], [], 0)[1]:
                os.write(2, line.encode() + b"\n")
        except OSError:
            pass  # there is nobody to tell


def serve(server_type: type, options: argparse.Namespace) -> None:
    """A whole program: serves until it is told to stop."""
    try:
        server = server_type(options)
    except OSError as error:
        sys.exit(f"cannot listen: {error.strerror}")
    server.run()


def main() -> None:
    serve(Loop, parse_options(sys.argv[1:]))


if __name__ == "__main__":
    main()
