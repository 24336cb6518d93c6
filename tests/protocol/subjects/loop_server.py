"""An echo server with an event loop for each of its workers, and all of the contract's options.

    python3 loop_server.py --port 5882

It passes all levels of the judge. In broken_loops.py each class spoils one thing about it.
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
# accept(2), "ERRORS": the first may be over in a moment, and the second concern one client only
TRANSIENT = [getattr(errno, name) for name in (
    "EMFILE ENFILE ENOBUFS ENOMEM EPERM "
    "ENETDOWN ENETUNREACH EHOSTDOWN EHOSTUNREACH ENONET ENOPROTOOPT").split()]
OF_ONE_CLIENT = (errno.EAGAIN, errno.ECONNABORTED, errno.EPROTO, errno.EOPNOTSUPP)


class Shared:
    """State that the loops of a process share: the limit, the rate of the log, and the end."""

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
    own_descriptors = 16  # of the process, apart from its loops and connections
    loop_descriptors = 4  # of each loop: epoll, a pair of sockets, the listener

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
        """Returns how many loops a process has."""
        return options.workers

    def prepare_process(self) -> None:
        """Does once what all the loops of a process need."""
        self.prepare_standard_error()
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # Python itself ignores SIGPIPE and SIGXFSZ
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        own = self.own_descriptors + self.loop_descriptors * self.options.workers
        if hard < self.options.max_connections + own:
            self.log(f"only {hard} descriptors: fewer connections than --max-connections")

    def prepare_standard_error(self) -> None:
        """Fills closed standard descriptors, so that no connection gets number 2 and becomes the
        log."""
        while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
            pass
        os.close(number)

    def listen(self) -> socket.socket:
        """Opens a listening socket. The first loop gets the port unless a different server has it,
        and the other loops share it."""
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
        """Begins or stops accepting, or does nothing if that has already happened."""
        watched = self.listener in self.selector.get_map()
        if watch and not watched:
            self.selector.register(self.listener, READ)
        elif watched and not watch:
            self.selector.unregister(self.listener)

    def run(self) -> None:
        """Serves in the first loop, with a thread for each of the others, until all of them have
        ended."""
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
        """Runs turns until a signal comes, and then drains."""
        while not self.draining:
            self.turn(self.next_deadline())
        end = time.monotonic() + self.options.drain_timeout
        while self.connections and time.monotonic() < end:
            self.turn(time.monotonic() + DRAIN_LOOK_SECONDS)
            for connection in list(self.connections):
                self.guarded(connection, connection.go_on)

    def next_deadline(self) -> float:
        """Returns when we have to act even if nothing happens."""
        deadlines = (connection.deadline for connection in self.connections)
        return min(min(deadlines, default=NEVER), self.accept_again)

    def turn(self, until: float) -> None:
        """Waits for events, at most until `until`, and handles them."""
        wait = None
        if until != NEVER:
            wait = min(max(0.0, until - time.monotonic()), LONGEST_WAIT_SECONDS)
        # If the process was paused for longer than the wait, events may have come meanwhile, so we
        # look again before we check any deadline.
        for key, ready in self.selector.select(wait) or self.selector.select(0):
            if key.fileobj is self.listener:
                self.accept()
            elif key.fileobj is self.wake_up:
                self.take_wakes()
            elif key.data in self.connections:
                self.guarded(key.data, lambda at=key.data, what=ready: at.advance(what))
        self.see_to_the_time()

    def see_to_the_time(self) -> None:
        """Closes connections whose deadline has passed, and retries accept."""
        now = time.monotonic()
        if self.accept_again <= now:
            self.resume_accepting()
        for connection in [c for c in self.connections if c.deadline <= now]:
            self.guarded(connection, connection.expire)

    def guarded(self, connection: Connection, step: Callable[[], None]) -> None:
        """Runs one step of a connection, whose error ends only that connection."""
        try:
            step()
        except BlockingIOError:
            pass
        except OSError as error:
            connection.broke_off(error)
        if connection in self.connections:
            self.watch(connection)

    def watch(self, connection: Connection) -> None:
        """Tells the selector which events the connection waits for."""
        wanted = connection.interest()
        known = self.selector.get_map().get(connection.socket)
        if known is None and wanted:
            self.selector.register(connection.socket, wanted, connection)
        elif known is not None and not wanted:
            self.selector.unregister(connection.socket)
        elif known is not None and known.events != wanted:
            self.selector.modify(connection.socket, wanted, connection)

    def accept(self) -> None:
        """Accepts one new connection, if there is one."""
        if self.draining:
            return  # the drain began earlier in this turn
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
        """Returns true if one more connection is within the limit, which all loops share."""
        return self.shared.connected < self.options.max_connections

    def take_place(self) -> bool:
        """Takes a place before we accept a connection. Returns false if there is none."""
        with self.shared.lock:
            if not self.has_room():
                return False
            self.shared.connected += 1
            return True

    def give_back_place(self) -> None:
        """Frees a place. The next connection may be in the backlog of any loop, so all
        look again."""
        with self.shared.lock:
            was_full = not self.has_room()
            self.shared.connected -= 1
        if was_full:
            self.wake_others(b"\0")

    def wake_others(self, word: bytes) -> None:
        """Wakes the other loops. `word` is a signal's number, as the kernel writes to the first
        loop, or 0 if a place is free."""
        for loop in self.shared.loops:
            try:
                if loop is not self:
                    loop.wakes.send(word)
            except BlockingIOError:
                pass  # the buffer is full of wake-ups, so that loop will wake up anyway

    def report_shortage(self, line: str) -> None:
        """Logs a shortage, but at most once a second, whichever loop reports it."""
        with self.shared.lock:
            if time.monotonic() < self.shared.silent_until:
                return
            self.shared.silent_until = time.monotonic() + 1
        self.log(line)

    def fail(self, line: str) -> None:
        """Ends all loops. The first that failed logs the reason."""
        with self.shared.lock:
            if not self.shared.status:
                self.log(line)
            self.shared.status = 1
        self.begin_drain()

    def resume_accepting(self) -> None:
        """Begins to accept again, if there is room."""
        self.accept_again = NEVER
        if not self.draining:
            self.watch_listener(self.has_room())

    def forget(self, connection: Connection) -> None:
        """Removes a connection before its descriptor is closed."""
        if connection.socket in self.selector.get_map():
            self.selector.unregister(connection.socket)
        if connection in self.connections:
            self.connections.discard(connection)
            self.give_back_place()
        if self.options.verbose:
            self.log(f"{connection.peer}: closed")
        self.resume_accepting()

    def count_signal(self, *_: object) -> None:
        """Handles SIGTERM or SIGINT, which also wakes the loop: see set_wakeup_fd() in run(). If it
        comes SAME_STOP_SECONDS after the first, or later, it ends the process, even if the first
        loop has no connection left."""
        now = time.monotonic()
        self.shared.asked_at = min(self.shared.asked_at, now)
        if now - self.shared.asked_at >= SAME_STOP_SECONDS:
            os._exit(self.shared.status)

    def take_wakes(self) -> None:
        """Reads the wake-ups. Accepts again if a place is free, and starts a drain if one of them
        was a signal."""
        signals = any(self.wake_up.recv(100))
        self.resume_accepting()
        if signals and not self.draining:
            self.begin_drain()

    def begin_drain(self) -> None:
        """Ends accepting in all loops, and takes no more input than the kernel has."""
        self.draining = True
        self.wake_others(bytes([signal.SIGTERM]))
        self.watch_listener(False)
        self.listener.close()
        for connection in list(self.connections):
            self.guarded(connection, connection.begin_drain)

    def log(self, line: str) -> None:
        """Logs a line if stderr has room for it, because a log mustn't hold up anybody."""
        try:
            if select.select([], [2], [], 0)[1]:
                os.write(2, line.encode() + b"\n")
        except OSError:
            pass  # nobody reads the log


def serve(server_type: type[Loop], options: argparse.Namespace) -> None:
    """Runs a server until it's asked to stop."""
    shared = Shared()
    try:
        for _ in range(server_type.count(options)):
            loop = server_type(options, shared)
            options.port = loop.listener.getsockname()[1]  # the kernel may have chosen it
    except OSError as error:
        sys.exit(f"cannot listen: {error.strerror}")
    shared.loops[0].run()
    sys.exit(shared.status)


def main() -> None:
    serve(Loop, parse_options(sys.argv[1:]))


if __name__ == "__main__":
    main()
