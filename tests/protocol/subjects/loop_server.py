"""An echo server with one event loop and the contract's options, all but --workers.

    python3 loop_server.py --port 5882

It is there for broken_loops.py, where each class spoils one thing about it.
"""

from __future__ import annotations

import argparse
import array
import errno
import fcntl
import os
import resource
import select
import selectors
import signal
import socket
import sys
import termios
import time
from collections.abc import Callable, Sequence

from loop_options import NEVER, parse_options
from loop_protocols import PROTOCOLS, Protocol, Refused

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
HIGH_WATER = 65536  # a connection that holds so much output is not read from
LINGER_SECONDS = 2.0
ACCEPT_PAUSE_SECONDS = 0.1
DRAIN_LOOK_SECONDS = 0.01
TCP_CLOSE = 7  # include/net/tcp_states.h
LONGEST_WAIT_SECONDS = 3600  # epoll_wait(2) takes milliseconds in 31 bits
OWN_DESCRIPTORS = 16
# accept(2), "ERRORS": what may be over in a moment, and what was wrong with one client only.
TRANSIENT = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EPERM)
OF_ONE_CLIENT = (errno.EAGAIN, errno.ECONNABORTED, errno.EPROTO, errno.EHOSTUNREACH)


class Connection:
    """One client: what it has sent and not completed, and the answers that it has not taken."""

    receive_bytes = 65536

    def __init__(self, loop: Loop, client: socket.socket, peer: str) -> None:
        self.loop, self.socket, self.peer = loop, client, peer
        self.protocol = self.new_protocol()
        self.output = bytearray()
        self.unacknowledged = 0  # when the deadline was last renewed
        self.peer_ended = False
        self.ending = False  # no more input is wanted; the stream ends after the output
        self.lingering = False  # our stream has ended, the peer's has not
        self.deadline = NEVER
        self.renew_deadline()

    def new_protocol(self) -> Protocol:
        """What the bytes of this connection mean."""
        return PROTOCOLS[self.loop.options.protocol](self.loop.options.max_message)

    def renew_deadline(self) -> None:
        """The time begins anew."""
        self.deadline = time.monotonic() + self.loop.options.read_timeout
        self.unacknowledged = self.unacknowledged_bytes()

    def unacknowledged_bytes(self) -> int:
        """How much the peer's kernel has not acknowledged. tcp(7), SIOCOUTQ"""
        number = array.array("i", [0])
        fcntl.ioctl(self.socket.fileno(), termios.TIOCOUTQ, number)
        return number[0]

    def interest(self) -> int:
        """What the loop should wait for on behalf of this connection."""
        if self.lingering:
            return READ
        reads = not self.peer_ended and not self.ending and len(self.output) < HIGH_WATER
        return (READ if reads else 0) | (WRITE if self.output else 0)

    def advance(self, ready: int) -> None:
        """Does what is possible now. OSError: the client is gone."""
        if ready & WRITE:
            self.send()
        if ready & READ:
            if self.lingering:
                self.discard()
            else:
                self.receive()
        self.go_on()

    def receive(self) -> None:
        """Takes what has arrived, and answers it."""
        data = self.socket.recv(self.receive_bytes)
        if not data:
            self.at_end_of_stream()
            return
        try:
            completed = self.protocol.take(data, self.output)
        except Refused as refused:
            self.output += refused.answer
            if refused.complaint:
                self.loop.log(f"{self.peer}: {refused.complaint}")
            self.ending = True
        else:
            self.ending = self.protocol.finished
            if completed:
                self.renew_deadline()
        self.send()

    def at_end_of_stream(self) -> None:
        """The client has finished sending; the answers that it has not taken stay due."""
        self.peer_ended = True
        if self.protocol.is_inside_message() and not self.loop.draining:
            self.loop.log(f"{self.peer}: the stream ended inside a message")

    def send(self) -> None:
        """As much of the output as the kernel takes."""
        if not self.output:
            return
        try:
            sent = self.socket.send(self.output)
        except BlockingIOError:
            return
        del self.output[:sent]
        self.renew_deadline()

    def go_on(self) -> None:
        """When all is said: the end of our stream."""
        if self.output or not (self.lingering or self.peer_ended or self.ending):
            return
        if self.loop.draining:
            if self.unacknowledged_bytes() == 0 or self.was_reset():
                self.close()
        elif self.lingering:
            pass
        elif self.peer_ended:
            self.close()
        else:
            self.linger()

    def was_reset(self) -> bool:
        """The client is gone, and will acknowledge nothing. tcp(7), TCP_INFO"""
        return self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == TCP_CLOSE

    def linger(self) -> None:
        """Ends our stream; a close with input unread would destroy what is on its way."""
        self.lingering = True
        self.socket.shutdown(socket.SHUT_WR)
        self.deadline = time.monotonic() + LINGER_SECONDS

    def discard(self) -> None:
        """Throws away what still comes."""
        if not self.socket.recv(self.receive_bytes):
            self.close()

    def expire(self) -> None:
        """The deadline has passed."""
        if self.lingering:
            self.close()
        elif self.output and self.unacknowledged_bytes() < self.unacknowledged:
            self.renew_deadline()  # it reads, too slowly for a send to be worth while
        else:
            self.time_out()

    def time_out(self) -> None:
        """Ends the connection of a client that is too slow."""
        self.output.clear()
        if self.peer_ended:
            self.close()
        else:
            self.linger()

    def begin_drain(self) -> None:
        """From now on recv(2) returns what the kernel has received, and then the end."""
        if not self.lingering:
            self.socket.shutdown(socket.SHUT_RD)

    def close(self) -> None:
        """Gives everything back."""
        self.loop.forget(self)
        self.socket.close()

    def broke_off(self, error: OSError) -> None:
        """The client has reset the connection, or is gone."""
        if self.protocol.is_inside_message() and not self.lingering:
            self.loop.log(f"{self.peer}: {error.strerror} inside a message")
        self.close()


class Loop:
    """The listener, the connections, the signals, and one thread for all of them."""

    connection_type: type[Connection] = Connection
    backlog = socket.SOMAXCONN

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.prepare_standard_error()
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        if hard < options.max_connections + OWN_DESCRIPTORS:
            self.log(f"only {hard} descriptors: fewer connections than --max-connections")
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
        """Serves until a signal says otherwise."""
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
        self.watch_listener(len(self.connections) < self.options.max_connections)
        if self.options.verbose:
            self.log(f"{connection.peer}: connected")

    def report_shortage(self, line: str) -> None:
        """Once a second."""
        if time.monotonic() >= self.silent_until:
            self.silent_until = time.monotonic() + 1
            self.log(line)

    def resume_accepting(self) -> None:
        """There is room again, or it is time to try."""
        self.accept_again = NEVER
        if not self.draining:
            self.watch_listener(len(self.connections) < self.options.max_connections)

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


def serve(loop_type: type[Loop], words: Sequence[str]) -> None:
    """A whole program: serves until it is told to stop."""
    try:
        loop = loop_type(parse_options(words))
    except OSError as error:
        sys.exit(f"cannot listen: {error.strerror}")
    loop.run()


def main() -> None:
    serve(Loop, sys.argv[1:])


if __name__ == "__main__":
    main()
