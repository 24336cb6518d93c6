"""Echo servers with one defect each, to show that the tests find it and say what is wrong.

python3 broken_servers.py BUG --port PORT; the bugs are the names in BUGS, `none` is the healthy
one.
"""

import argparse
import os
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator

MAX_MESSAGE = 65536
HEADER_BYTES = 4
LINGER_SECONDS = 2


class TooLong(Exception):
    """The announced length is over the limit."""


class Healthy:
    """Keeps the rules; each defect below changes one method."""

    byte_order = "little"

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.pending = b""  # received, but not a complete message yet

    def serve(self) -> None:
        """Serves one client, from its first byte to its last."""
        try:
            while data := self.receive():
                self.pending += data
                self.turn()
        except TooLong:
            pass
        self.hang_up()

    def receive(self) -> bytes:
        """Returns the bytes that have arrived, or nothing at the end of the stream."""
        return self.connection.recv(65536)

    def turn(self) -> None:
        """Answers every complete message."""
        for payload in self.messages():
            self.answer(payload)

    def messages(self) -> Iterator[bytes]:
        """Takes complete messages out of `pending`."""
        while len(self.pending) >= HEADER_BYTES:
            end = self.message_end(int.from_bytes(self.pending[:HEADER_BYTES], self.byte_order))
            if len(self.pending) < end:
                return
            payload, self.pending = self.pending[HEADER_BYTES:end], self.pending[end:]
            yield payload

    def message_end(self, length: int) -> int:
        """Returns where a message of this length ends."""
        if length > MAX_MESSAGE:
            raise TooLong
        return HEADER_BYTES + length

    def answer(self, payload: bytes) -> None:
        """Sends one answer."""
        self.connection.sendall(len(payload).to_bytes(HEADER_BYTES, self.byte_order) + payload)

    def hang_up(self) -> None:
        """Ends our stream, then waits for the peer's end, so that no reset destroys the answers."""
        self.connection.shutdown(socket.SHUT_WR)
        give_up = time.monotonic() + LINGER_SECONDS
        while (left := give_up - time.monotonic()) > 0:
            self.connection.settimeout(left)
            if not self.connection.recv(65536):
                break

    def broke_off(self, error: OSError) -> None:
        """Ignores the error, because it concerns only this client, which is gone."""


class AnswersEarly(Healthy):
    """Echoes bytes instead of messages, so every answer begins before its message has ended."""

    def turn(self) -> None:
        self.connection.sendall(self.pending)
        self.pending = b""


class DropsHalfClosed(Healthy):
    """Thinks that the client is gone when its stream ends."""

    def turn(self) -> None:
        try:
            if self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"":
                self.pending = b""
        except BlockingIOError:
            pass
        super().turn()


class ResetsAnswersAway(Healthy):
    """Closes immediately, with input unread, so the kernel sends a reset."""

    def hang_up(self) -> None:
        self.connection.close()


class LingersForEachReceive(Healthy):
    """Gives two seconds to each receive of the lingering close, instead of to all of
    them together."""

    def hang_up(self) -> None:
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(LINGER_SECONDS)
        while self.connection.recv(65536):
            pass


class OneMessagePerWakeUp(Healthy):
    """Answers the first complete message of a receive, and then waits for more input."""

    def turn(self) -> None:
        for payload in self.messages():
            self.answer(payload)
            break


class ZeroIsTheEnd(Healthy):
    """Takes a zero-length message for a goodbye."""

    def answer(self, payload: bytes) -> None:
        if not payload:
            raise TooLong
        super().answer(payload)


class BigEndian(Healthy):
    """Reads and writes lengths in network byte order."""

    byte_order = "big"


class LastFirst(Healthy):
    """Answers the newest message of a batch first."""

    def turn(self) -> None:
        for payload in reversed(list(self.messages())):
            self.answer(payload)


class NoRoomMeansGone(Healthy):
    """Keeps a prefix at the end of its full buffer, reads zero bytes, and thinks that the client
    left."""

    capacity = HEADER_BYTES + MAX_MESSAGE

    end = 0

    def receive(self) -> bytes:
        data = self.connection.recv(self.capacity - self.end)
        self.end += len(data)
        return data

    def turn(self) -> None:
        super().turn()
        # Two bytes don't seem worth moving.
        if len(self.pending) not in range(1, HEADER_BYTES):
            self.end = len(self.pending)


class DiesOfAReset(Healthy):
    """Lets one client's error end the process."""

    def broke_off(self, error: OSError) -> None:
        print(f"unexpected: {error}", file=sys.stderr, flush=True)
        os._exit(1)


class AnswersWhatIsCutShort(Healthy):
    """Sends an incomplete message back when the stream ends."""

    def hang_up(self) -> None:
        self.connection.sendall(self.pending)
        super().hang_up()


class OneReceiveIsAMessage(Healthy):
    """Calls receive once for a length and once for a payload, and believes that each
    is complete."""

    def turn(self) -> None:
        pass

    def receive(self) -> bytes:
        header = self.connection.recv(HEADER_BYTES)
        if len(header) == HEADER_BYTES:
            end = self.message_end(int.from_bytes(header, self.byte_order))
            self.answer(self.connection.recv(end - HEADER_BYTES))
            return header
        return b""


class AllocatesWhatIsAnnounced(Healthy):
    """Allocates memory for a message as soon as the length is known."""

    def message_end(self, length: int) -> int:
        try:
            bytearray(length)
        except MemoryError:
            print(f"no memory for {length} bytes", file=sys.stderr, flush=True)
            os._exit(1)
        return super().message_end(length)


class EndsWithItsClient(Healthy):
    """Ends when its first client leaves."""

    has_answered = False

    def answer(self, payload: bytes) -> None:
        super().answer(payload)
        self.has_answered = True

    def hang_up(self) -> None:
        super().hang_up()
        if self.has_answered:
            os._exit(0)


class Undefined(Healthy):
    """Behaves well, but a sanitizer says that this was luck."""

    def answer(self, payload: bytes) -> None:
        print("echo.cc:17:9: runtime error: signed integer overflow", file=sys.stderr, flush=True)
        super().answer(payload)


BUGS: dict[str, type[Healthy]] = {"none": Healthy} | {
    re.sub(r"\B(?=[A-Z])", "-", part.__name__).lower(): part  # BigEndian becomes big-endian
    for part in list(vars().values())
    if isinstance(part, type) and issubclass(part, Healthy) and part is not Healthy
}
# For readers who want to find the defect by themselves.
MYSTERIES = {"mystery-a": LastFirst, "mystery-b": OneMessagePerWakeUp, "mystery-c": DropsHalfClosed}
SERVERS = BUGS | MYSTERIES


def main() -> None:
    """Accepts forever, with a thread for each client."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bug", choices=SERVERS)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()

    def serve(connection: socket.socket) -> None:
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client = SERVERS[arguments.bug](connection)
            try:
                client.serve()
            except OSError as error:
                client.broke_off(error)

    with socket.create_server(("127.0.0.1", arguments.port), backlog=1024) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
