"""A client that speaks frames, remembers what happened and complains in plain words."""

import time

from harness.connection import GONE, PIECE_BYTES, SILENCE_SECONDS, Connection
from harness.difference import difference
from harness.frames import frame
from harness.polling import readable, ready
from harness.hexdump import hexdump
from harness.verdict import LARGE_BYTES, ContractBroken, Silent, hide_from_traceback

__tracebackhide__ = hide_from_traceback

PIECE_BY_PIECE = ": does the server copy all that it has for each piece that comes, or goes?"


class Client(Connection):
    """A connection that expects answers.

    Every method that waits gives up after `patience` seconds with ContractBroken.
    """

    def receive(self, byte_count: int, due: str = "something") -> bytes:
        """Receives exactly this many bytes of an expected answer."""
        received = bytearray()
        while len(received) < byte_count:
            piece = self._receive_some(byte_count - len(received), due)
            if not piece:
                missing = byte_count - len(received)
                raise self.broken(f"the server ended the stream, with {missing} more "
                                  f"{'byte' if missing == 1 else 'bytes'} due")
            received += piece
        return bytes(received)

    def has_input(self) -> bool:
        """Returns true if an answer, or the end, can be read without waiting."""
        return readable(self.socket)

    def receive_what_is_there(self, byte_count_max: int) -> bytes:
        """Returns the bytes that have arrived, at least one and at most this many. Returns none at
        the end of the stream."""
        return self._receive_some(byte_count_max)

    def expect(self, *payloads: bytes) -> None:
        """Expects exactly these messages, byte by byte, in this order."""
        for number, payload in enumerate(payloads, 1):
            which = "the answer" if len(payloads) == 1 else f"answer {number} of {len(payloads)}"
            wanted = frame(payload)
            received = bytearray()
            while len(received) < len(wanted):
                missing = len(wanted) - len(received)
                piece = self._receive_some(missing, f"{missing} bytes of {which}")
                received += piece
                if not piece or not wanted.startswith(bytes(received)):
                    raise self.broken(difference(which, wanted, bytes(received)))

    def expect_bytes(self, wanted: bytes) -> None:
        """Expects exactly these bytes."""
        self.expect_same(wanted, self.receive(len(wanted)))

    def expect_same(self, wanted: bytes, received: bytes, what: str = "what came back") -> None:
        """Expects `received` to be exactly these bytes."""
        if received != wanted:
            raise self.broken(difference(what, wanted, received))

    def echo_stream(self, stream: bytes, sent: int = 0) -> None:
        """Sends the rest of the stream and expects all of it back, for more bytes than buffers
        hold."""
        self.expect_same(stream, self.exchange(stream[sent:], len(stream), stream))

    def echo(self, *payloads: bytes) -> None:
        """Sends the messages and expects them back."""
        self.send_messages(*payloads)
        self.expect(*payloads)

    def exchange(
        self, stream: bytes | memoryview, answer_bytes: int, wanted: bytes | None = None
    ) -> bytes:
        """Sends and receives at the same time until `answer_bytes` have come, for more bytes than
        buffers hold. If too few come, the complaint says where they differ from `wanted`."""
        self.socket.setblocking(False)
        received, sent, begin = bytearray(), 0, time.monotonic()
        to_send = memoryview(stream)  # slices of a memoryview are no copies
        try:
            while len(received) < answer_bytes:
                can_read, can_write = ready(self.socket, self.patience, to_write=sent < len(stream))
                if not can_read and not can_write:
                    self.transcript.note(
                        f"waited {self.patience:g} s for {answer_bytes - len(received)} more bytes")
                    if wanted is not None and not wanted.startswith(received):
                        raise self.broken(difference("what came back", wanted, bytes(received)))
                    raise Silent(
                        f"nothing moved for {self.patience:g} s, after {len(received):,} of "
                        f"{answer_bytes:,} bytes had come back in {time.monotonic() - begin:.0f} s"
                        + (PIECE_BY_PIECE if answer_bytes > LARGE_BYTES else ""), self,
                        answer_bytes)
                if can_write:
                    begun = time.monotonic()
                    taken = self.socket.send(to_send[sent : sent + PIECE_BYTES])
                    self.transcript.sent(to_send[sent : sent + taken], begun)
                    sent += taken
                if can_read:
                    piece = self._receive_some(answer_bytes - len(received))
                    received += piece
                    if not piece:
                        raise self.broken(
                            "the server ended the stream after "
                            f"{len(received)} of {answer_bytes} bytes"
                        )
        except GONE:
            raise self.broken(
                "the server hung up in the middle of the answers", by_reset=True
            ) from None
        finally:
            self.socket.settimeout(self.patience)
        return bytes(received)

    def expect_end(self, within: float | None = None) -> None:
        """Expects the server's orderly end of stream next, without a byte or a reset."""
        self.socket.settimeout(self.patience if within is None else within)
        try:
            extra = self._receive_some(PIECE_BYTES, "its end of stream")
        finally:
            self.socket.settimeout(self.patience)
        if extra:
            raise self.broken(
                "the server should have ended the stream, but sent "
                f"{hexdump(extra[:16], len(extra))}"
            )

    def expect_silence(self, seconds: float = SILENCE_SECONDS, why: str = "") -> None:
        """Expects no answer and no end of stream for this long."""
        if readable(self.socket, seconds):
            early = self._receive_some(PIECE_BYTES)
            if early:
                raise self.broken(
                    f"nothing was due yet{why}, but the server sent "
                    f"{hexdump(early[:16], len(early))}"
                )
            raise self.broken("the server ended the stream; it should have waited")

    def receive_until_end(self) -> bytes:
        """Returns all bytes up to an orderly end of the stream."""
        received = bytearray()
        while piece := self._receive_some(PIECE_BYTES, "an answer or its end of stream"):
            received += piece
        return bytes(received)

    def receive_until_gone(self) -> bytes:
        """Returns all bytes until the server is gone, in order or by a reset."""
        received = bytearray()
        try:
            while piece := self._receive_some(PIECE_BYTES):
                received += piece
        except ContractBroken as error:
            if not error.by_reset:
                raise
        return bytes(received)

    def send_on_until_gone(self, data: bytes) -> bytes:
        """Keeps sending `data` while reading everything, until the server is gone."""
        received, sent = bytearray(), 0
        while True:
            can_read, _ = ready(self.socket, self.patience, to_write=sent < len(data))
            sent += self.send_until_stuck(data[sent : sent + PIECE_BYTES], pause=0)
            if can_read:
                try:
                    piece = self._receive_some(PIECE_BYTES)
                except ContractBroken:  # a reset, after everything that had arrived
                    return bytes(received)
                if not piece:
                    return bytes(received)
                received += piece

    def wait_for_hang_up(self, within: float | None = None) -> float:
        """Waits until the server is gone, by end of stream or reset. Returns time.monotonic() of
        that moment."""
        end = time.monotonic() + (self.patience if within is None else within)
        while (left := end - time.monotonic()) > 0:
            if not readable(self.socket, left):
                break
            try:
                if not self._receive_some(PIECE_BYTES):
                    return time.monotonic()
            except ContractBroken:
                return time.monotonic()
        waited = self.patience if within is None else within
        self.transcript.note(f"waited {waited:g} s for the server to hang up")
        raise self.broken(f"the server should have hung up, and did not within {waited:g} s")

    def _receive_some(self, byte_count: int, due: str = "something") -> bytes:
        try:
            data = self.socket.recv(min(byte_count, PIECE_BYTES))
        except ConnectionResetError:
            self.was_reset = True
            self.transcript.note_hang_up("got  a reset")
            raise self.broken(
                "the server reset the connection: whatever was on its way is lost. The kernel does "
                "that for a program that closes, or ends, with input unread, or with an SO_LINGER "
                "of 0 s",
                by_reset=True
            ) from None
        except TimeoutError:
            waited = self.socket.gettimeout()
            if waited == self.patience and self.moves_up():
                return self._receive_some(byte_count, due)  # the server is busy, but it's serving
            self.transcript.note(f"waited {waited:g} s for {due}")
            raise Silent(f"the server owes {due} and sent nothing for {waited:g} s", self,
                         self.transcript.sent_bytes - self.transcript.got_bytes) from None
        if data:
            self.transcript.got(data)
        else:
            self.transcript.note_hang_up("got  the end of the stream")
        return data
