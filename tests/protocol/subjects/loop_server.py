"""An echo server with an event loop for each of its workers, and all of the contract's options.

    python3 loop_server.py --port 5882

It has all levels of the judge. In broken_loops.py each class spoils one thing about it.
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
import threading
import time
from collections.abc import Callable

from loop_connection import READ, Connection
from loop_options import NEVER, parse_options

ACCEPT_PAUSE_SECONDS = 0.1
DRAIN_LOOK_SECONDS = 0.01
SAME_STOP_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 3600  # epoll_wait(2) takes milliseconds in 31 bits
# accept(2), "ERRORS": what may be over in a moment, and what was wrong with one client only.
TRANSIENT = [getattr(errno, name) for name in (
    "EMFILE ENFILE ENOBUFS ENOMEM EPERM "
    "ENETDOWN ENETUNREACH EHOSTDOWN EHOSTUNREACH ENONET ENOPROTOOPT").split()]
OF_ONE_CLIENT = (errno.EAGAIN, errno.ECONNABORTED, errno.EPROTO, errno.EOPNOTSUPP)


class Shared:
    """What the loops of a process have in common: the limit, the log's patience, and the end."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.loops: list[Loop] = []
        self.connected = 0
        self.silent_until = 0.0
        self.asked_at = NEVER
        self.status = 0


class Loop:
    """A listener, its connections, and one thread for all of them."""

    connection_type: type[Connection] = Connection
    backlog = socket.SOMAXCONN
    own_descriptors = 16  # of a process and its first loop
    loop_descriptors = 4  # of each loop

    def __init__(self, options: argparse.Namespace, shared: Shared) -> None:
        self.options, self.shared = options, shared
        if not shared.loops:
            self.prepare_process()
        self.selector = selectors.EpollSelector()
        self.connections: set[Connection] = set()
        self.draining = False
        self.accept_again = NEVER
        self.wake_up, self.wakes = socket.socketpair()
        for end in (self.wake_up, self.wakes):
            end.setblocking(False)
        self.listener = self.listen()
        self.selector.register(self.wake_up, READ)
        self.watch_listener(True)
        shared.loops.append(self)

    @staticmethod
    def count(options: argparse.Namespace) -> int:
        """How many of them a process has."""
        return options.workers

    def prepare_process(self) -> None:
        """What the loops of a process need once."""
        self.prepare_standard_error()
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # Python itself ignores SIGPIPE and SIGXFSZ
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        own = self.own_descriptors + self.loop_descriptors * self.options.workers
        if hard < self.options.max_connections + own:
            self.log(f"only {hard} descriptors: fewer connections than --max-connections")

    def prepare_standard_error(self) -> None:
        """Where descriptor 2 is closed, a connection must not become the log."""
        while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
            pass
        os.close(number)

    def listen(self) -> socket.socket:
        """The socket that takes new connections. The first has the port for itself, unless another
        server has it; the others share it."""
        host = self.options.host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server(
            (host, self.options.port),
            family=family,
            backlog=self.backlog,
            dualstack_ipv6=host == "::",
            reuse_port=bool(self.shared.loops),
        )
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
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
        """Of the first loop: a thread for each of the others, until all of them have ended."""
        signal.set_wakeup_fd(self.wakes.fileno())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.count_signal)
        host, port = self.listener.getsockname()[:2]
        print(f"listening on {f'[{host}]' if ':' in host else host}:{port}", flush=True)
        threads = [threading.Thread(target=loop.serve) for loop in self.shared.loops[1:]]
        for thread in threads:
            thread.start()
        self.serve()
        for thread in threads:
            thread.join()

    def serve(self) -> None:
        """Turn after turn, until a signal says otherwise and the drain is over."""
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
                self.take_wakes()
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
        if not self.take_place():
            self.watch_listener(False)
            return
        try:
            client, address = self.listener.accept()
        except OSError as error:
            self.give_back_place()
            if error.errno in OF_ONE_CLIENT:
                return
            if error.errno not in TRANSIENT:
                self.fail(f"cannot accept: {error.strerror}")
                return
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
        """Whether one more connection is within the limit, which all loops share."""
        return self.shared.connected < self.options.max_connections

    def take_place(self) -> bool:
        """Before a connection is accepted; False if there is none."""
        with self.shared.lock:
            if not self.has_room():
                return False
            self.shared.connected += 1
            return True

    def give_back_place(self) -> None:
        """The next connection may be in the backlog of any loop: all look again."""
        with self.shared.lock:
            was_full = not self.has_room()
            self.shared.connected -= 1
        if was_full:
            self.wake_others(b"\0")

    def wake_others(self, word: bytes) -> None:
        """A signal's number, as the kernel writes it when there is one, or 0: there is a place."""
        for loop in self.shared.loops:
            try:
                if loop is not self:
                    loop.wakes.send(word)
            except BlockingIOError:
                pass  # it has not looked since many of these

    def report_shortage(self, line: str) -> None:
        """Once a second, whichever loop it is."""
        with self.shared.lock:
            if time.monotonic() < self.shared.silent_until:
                return
            self.shared.silent_until = time.monotonic() + 1
        self.log(line)

    def fail(self, line: str) -> None:
        """All loops end; the first that has failed says why."""
        with self.shared.lock:
            if not self.shared.status:
                self.log(line)
            self.shared.status = 1
        self.begin_drain()

    def resume_accepting(self) -> None:
        """There is room again, or it is time to try."""
        self.accept_again = NEVER
        if not self.draining:
            self.watch_listener(self.has_room())

    def forget(self, connection: Connection) -> None:
        """Before its descriptor is closed."""
        if connection.socket in self.selector.get_map():
            self.selector.unregister(connection.socket)
        if connection in self.connections:
            self.connections.discard(connection)
            self.give_back_place()
        if self.options.verbose:
            self.log(f"{connection.peer}: closed")
        self.resume_accepting()

    def count_signal(self, *_: object) -> None:
        """SIGTERM or SIGINT: the first ends the wait, and so begins the drain; a later one ends the
        process, also when the first loop has nobody left."""
        now = time.monotonic()
        self.shared.asked_at = min(self.shared.asked_at, now)
        if now - self.shared.asked_at >= SAME_STOP_SECONDS:
            os._exit(self.shared.status)

    def take_wakes(self) -> None:
        """There is a place, or a signal has come."""
        signals = any(self.wake_up.recv(100))
        self.resume_accepting()
        if signals and not self.draining:
            self.begin_drain()

    def begin_drain(self) -> None:
        """No more connections, and no more input than the kernel has, in all loops."""
        self.draining = True
        self.wake_others(bytes([signal.SIGTERM]))
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


def serve(server_type: type[Loop], options: argparse.Namespace) -> None:
    """A whole program: serves until it is told to stop."""
    shared = Shared()
    try:
        for _ in range(server_type.count(options)):
            loop = server_type(options, shared)
            options.port = loop.listener.getsockname()[1]  # if the kernel has chosen it
    except OSError as error:
        sys.exit(f"cannot listen: {error.strerror}")
    shared.loops[0].run()
    sys.exit(shared.status)


def main() -> None:
    serve(Loop, parse_options(sys.argv[1:]))


if __name__ == "__main__":
    main()
