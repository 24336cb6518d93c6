"""One TCP connection to the server under test: connecting, sending, leaving, and a transcript."""

import array
import fcntl
import socket
import struct
import termios
import time
from contextlib import suppress
from typing import Self

from harness import proc, sockdiag
from harness.frames import frames
from harness.polling import failed, writable
from harness.transcript import Transcript
from harness.hexdump import hexdump
from harness.verdict import ContractBroken, Silent, hide_from_traceback

__tracebackhide__ = hide_from_traceback

PIECE_BYTES = 1 << 18
SILENCE_SECONDS = 0.05  # how long "nothing comes" is watched; watching longer found no more
NEXT_ONE_SECONDS = 1.0  # for a server that starts a process for each client, on a busy machine
GONE = (BrokenPipeError, ConnectionResetError)


class Connection:
    """The sending half of a client."""

    def __init__(
        self,
        address: tuple[str, int],
        patience: float,
        name: str = "client 1",
        receive_buffer: int | None = None,
        source: str | None = None,
    ) -> None:
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.name = name
        self.patience = patience
        self.transcript = Transcript()
        self.was_reset = False  # by the server
        self.left_accepted = False  # set if an accepted client left before it got a byte
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer is not None:  # before connecting, because the buffer bounds the window
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source is not None:
            self.socket.bind((source, 0))
        self.socket.settimeout(patience)
        self.transcript.note("connects")
        self.socket.connect(address)
        self.port = self.socket.getsockname()[1]
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Sending

    def send(self, data: bytes) -> None:
        """Sends all bytes. The server must not have hung up."""
        begun = time.monotonic()
        try:
            self.socket.sendall(data)
        except GONE as error:
            self.transcript.note_hang_up(
                f"could not send {hexdump(data[:8], len(data))}: {error.strerror}")
            raise self.broken(
                "the server hung up on a client that was still sending", by_reset=True
            ) from None
        except TimeoutError:
            self.transcript.note(f"could not send all of {len(data)} bytes")
            raise Silent(f"the server took no more bytes for {self.patience:g} s", self,
                         len(data)) from None
        self.transcript.sent(data, begun)

    def try_send(self, data: bytes) -> bool:
        """Sends what the server takes. Returns false if the server hung up or takes no more for
        now."""
        begun = time.monotonic()
        try:
            self.socket.settimeout(SILENCE_SECONDS)
            self.socket.sendall(data)
        except OSError as error:
            if isinstance(error, GONE):
                self.transcript.note_hang_up(f"could not send more: {error.strerror}")
            return False
        finally:
            self.socket.settimeout(self.patience)
        self.transcript.sent(data, begun)
        return True

    def send_urgent(self, byte: bytes) -> None:
        """Sends a byte that isn't part of the stream, unless the server asks for that. tcp(7)"""
        self.socket.send(byte, socket.MSG_OOB)
        self.transcript.note(f"sent {byte!r} as urgent data (MSG_OOB)")

    def send_messages(self, *payloads: bytes) -> None:
        """Sends all messages back to back, in one call."""
        self.send(frames(payloads))

    def send_until_stuck(self, data: bytes, pause: float = 0.1) -> int:
        """Sends, without reading, until the server takes nothing for `pause` seconds. Returns how
        many bytes it took."""
        self.socket.setblocking(False)
        sent, to_send = 0, memoryview(data)  # slices of a memoryview are no copies
        while sent < len(data) and writable(self.socket, pause):
            begun = time.monotonic()
            try:
                taken = self.socket.send(to_send[sent : sent + PIECE_BYTES])
            except BlockingIOError:
                continue
            except GONE:
                self.was_reset = True  # we took the error, so reading ends without one
                self.transcript.note_hang_up("could not send more: the server hung up")
                break
            self.transcript.sent(to_send[sent : sent + taken], begun)
            sent += taken
        self.socket.settimeout(self.patience)
        return sent

    def send_in_pieces(self, *pieces: bytes) -> None:
        """Sends each piece after the server took the one before, so that it sees them apart."""
        for piece in pieces:
            self.send(piece)
            self.let_it_arrive()

    def let_it_arrive(self) -> None:
        """Waits until the server has read the sent bytes, or for a moment if it doesn't."""
        try:
            server, ourselves = self.socket.getpeername()[:2], self.socket.getsockname()[:2]
        except OSError:
            return  # the connection has been reset already

        def taken() -> bool:
            return self.unacknowledged_bytes() == 0 and not sockdiag.unread_bytes(
                server, ourselves, self.socket.family
            )

        proc.wait_until(taken, within=SILENCE_SECONDS, pause=0.0002)
        self.transcript.end_piece()

    def wait_until_in_kernel(self) -> None:
        """Waits until the server's kernel has acknowledged every byte, or the line is dead."""

        def settled() -> bool:
            return self.unacknowledged_bytes() == 0 or failed(self.socket)

        if not proc.wait_until(settled, self.patience, 0.001):
            raise self.broken(
                f"the server's kernel did not take all bytes within {self.patience:g} s")

    def let_window_grow(self) -> None:
        """Lets a slow reader take as much at a time as other clients do."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)

    def let_window_shrink(self, receive_buffer: int) -> None:
        """Lets the client take no more at a time than fits a buffer of this size."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)

    def unacknowledged_bytes(self) -> int:
        """Returns how many sent bytes the server's kernel hasn't acknowledged (SIOCOUTQ)."""
        number = array.array("i", [0])
        fcntl.ioctl(self.socket.fileno(), termios.TIOCOUTQ, number)
        return number[0]

    def servers_end(self) -> sockdiag.Queues | None:
        """Returns the kernel's view of the server's end, or None if that's gone. Raises OSError if
        the kernel doesn't tell."""
        try:
            here, there = self.socket.getsockname()[:2], self.socket.getpeername()[:2]
        except OSError:
            return None  # the connection was reset
        return sockdiag.queues(there, here, self.socket.family)

    def is_held_by_the_server(self) -> bool:
        """Returns true if the server's end still has a descriptor. Otherwise only the kernel has
        it."""
        end = self.servers_end()
        return end is not None and end.inode != 0

    def is_in_the_backlog(self) -> bool:
        """Returns true if the connection exists without a descriptor. Raises OSError if the kernel
        doesn't tell."""
        end = self.servers_end()
        return end is not None and end.is_in_the_backlog

    def moves_up(self) -> bool:
        """Returns true if the connection is in the backlog, and the server accepts others before
        it."""
        try:
            port = self.socket.getpeername()[1]
            waiting = _connections_waiting(port)
            return self.is_in_the_backlog() and proc.wait_until(
                lambda: _connections_waiting(port) < waiting, NEXT_ONE_SECONDS)
        except OSError:
            return False  # the connection was reset, or the kernel doesn't say

    # Leaving

    def send_and_half_close(self, data: bytes) -> None:
        """Sends all bytes so that the end of the stream arrives together with the last of them."""
        begun = time.monotonic()
        # The kernel holds the data back until more comes, which here is the end.
        self.socket.sendall(data, socket.MSG_MORE)
        self.transcript.sent(data, begun)
        self.half_close()

    def half_close(self) -> None:
        """Ends our stream, and stays to read."""
        begun = time.monotonic()
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            self.transcript.note_hang_up(
                "could not shut down its sending side: the server had reset it")
            raise self.broken(
                f"the server had already reset the connection: {error}", by_reset=True
            ) from None
        self.transcript.note("shut down its sending side, still reading", begun)

    def reset(self) -> None:
        """Leaves with a reset, as a machine sends when it has crashed and is up again."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transcript.note(f"reset the connection{self._unaccepted()}")
        self.socket.close()

    def close(self) -> None:
        """Leaves in order. Does nothing if it left already."""
        if self.socket.fileno() >= 0:
            # The kernel sends a reset if input is unread. RFC 2525, 2.17
            if self._has_unread_bytes():  # so it was accepted
                self.left_accepted = True
                self.transcript.note("closed, with unread input: a reset")
            else:
                self.transcript.note(f"closed{self._unaccepted()}")
            self.socket.close()

    def _has_unread_bytes(self) -> bool:
        number = array.array("i", [0])
        fcntl.ioctl(self.socket.fileno(), termios.FIONREAD, number)
        return number[0] > 0

    def _unaccepted(self) -> str:
        """Returns the words for a client in the backlog, if the kernel tells."""
        if not self.transcript.got_bytes:  # otherwise it was accepted
            with suppress(OSError):
                end = self.servers_end()
                if end and end.is_in_the_backlog:
                    return ", not yet accepted by the server"
                self.left_accepted = bool(end and end.inode)
        return ""

    def broken(self, what: str, *, by_reset: bool = False) -> ContractBroken:
        """The failure to raise if the server did something wrong in this client's eyes."""
        return ContractBroken(what, self, by_reset=by_reset)


def _connections_waiting(port: int) -> int:
    return sum(listener.unread for listener in sockdiag.listeners(port))
