"""A connection of loop_server.py: its buffers, the events that it waits for, and its end."""

from __future__ import annotations

import array
import fcntl
import selectors
import socket
import termios
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from loop_options import NEVER
from loop_protocols import PROTOCOLS, Protocol, Refused

if TYPE_CHECKING:
    from loop_server import Loop

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
HIGH_WATER = 65536  # with this much output, we read no more input
LINGER_SECONDS = 2.0
TCP_CLOSE = 7  # include/net/tcp_states.h


class Connection:
    """One client: its incomplete message, and the answers that it hasn't taken yet."""

    receive_bytes = 65536

    def __init__(self, loop: Loop, client: socket.socket, peer: str) -> None:
        self.loop, self.socket, self.peer = loop, client, peer
        self.protocol = self.new_protocol()
        self.output = bytearray()
        self.unacknowledged = 0  # when the deadline was last renewed
        self.peer_ended = False
        self.ending = False  # we want no more input, and our stream ends after the output
        self.lingering = False  # our stream has ended, but the peer's hasn't
        self.deadline = NEVER
        self.renew_deadline()

    def new_protocol(self) -> Protocol:
        """Makes the protocol that this connection speaks."""
        return PROTOCOLS[self.loop.options.protocol](self.loop.options.max_message)

    def renew_deadline(self) -> None:
        """Starts the timeout again."""
        self.deadline = time.monotonic() + self.loop.options.read_timeout
        self.unacknowledged = self.unacknowledged_bytes()

    def unacknowledged_bytes(self) -> int:
        """Returns how much the peer's kernel hasn't acknowledged. tcp(7), SIOCOUTQ"""
        number = array.array("i", [0])
        fcntl.ioctl(self.socket.fileno(), termios.TIOCOUTQ, number)
        return number[0]

    def interest(self) -> int:
        """Returns the events that the loop should wait for."""
        if self.lingering:
            return READ
        reads = not self.peer_ended and not self.ending and len(self.output) < HIGH_WATER
        return (READ if reads else 0) | (WRITE if self.output else 0)

    def advance(self, ready: int) -> None:
        """Does everything that is possible now. Raises OSError if the client is gone."""
        if ready & WRITE:
            self.send()
        if ready & READ:
            if self.lingering:
                return self.discard()
            self.receive()
        self.go_on()

    def receive(self) -> None:
        """Receives, and answers the messages that are complete."""
        data = self.read()
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
        due = self.deadline
        self.send()
        if not self.output:
            self.deadline = due  # `100 Continue` completes no message

    def read(self) -> bytes:
        """Returns the bytes that have arrived, or nothing at the end of the stream."""
        return self.socket.recv(self.receive_bytes)

    def at_end_of_stream(self) -> None:
        """Notes that the client has finished sending. We still owe the answers that it hasn't
        taken."""
        self.peer_ended = True
        if self.protocol.is_inside_message() and not self.loop.draining:
            self.loop.log(f"{self.peer}: the stream ended inside a message")

    def send(self) -> None:
        """Sends as much of the output as the kernel takes."""
        if not self.output:
            return
        try:
            sent = self.socket.send(self.output)
        except BlockingIOError:
            return
        del self.output[:sent]
        self.renew_deadline()

    def go_on(self) -> None:
        """Ends our stream once all answers are sent."""
        if self.output or not (self.lingering or self.peer_ended or self.ending):
            return
        if self.loop.draining:
            self.drop_input()
            if self.unacknowledged_bytes() == 0 or self.was_reset():
                self.close()
        elif self.lingering:
            pass
        elif self.peer_ended:
            self.close()
        else:
            self.linger()

    def drop_input(self) -> None:
        """Throws away what a client sends in a stop, who may read only when it has sent that."""
        with suppress(BlockingIOError):
            self.socket.recv(self.receive_bytes)

    def was_reset(self) -> bool:
        """Returns true if the client is gone, so it won't acknowledge anything. tcp(7), TCP_INFO"""
        return self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == TCP_CLOSE

    def linger(self) -> None:
        """Ends our stream, because a close with input unread would destroy answers on their way."""
        self.lingering = True
        self.socket.shutdown(socket.SHUT_WR)
        self.deadline = time.monotonic() + LINGER_SECONDS

    def discard(self) -> None:
        """Throws away further input."""
        if not self.socket.recv(self.receive_bytes):
            self.close()

    def expire(self) -> None:
        """Handles a deadline that has passed."""
        if self.loop.draining and not self.output:
            self.deadline = NEVER  # only the drain's own limit ends the wait for acknowledgements
        elif self.lingering:
            self.close()
        elif self.output and self.unacknowledged_bytes() < self.unacknowledged:
            self.renew_deadline()  # the client reads, but too slowly for us to send more
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
        """Lets recv(2) return only the bytes that the kernel has, and then the end."""
        if not self.lingering:
            self.socket.shutdown(socket.SHUT_RD)

    def close(self) -> None:
        """Frees everything."""
        self.loop.forget(self)
        self.socket.close()

    def broke_off(self, error: OSError) -> None:
        """Handles a reset, or a client that is gone."""
        if self.protocol.is_inside_message() and not self.lingering:
            self.loop.log(f"{self.peer}: {error.strerror} inside a message")
        self.close()
