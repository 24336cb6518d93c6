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
        self.pending = b""  # received, not yet a complete message

    def serve(self) -> None:
        """One client, from its first byte to its last."""
        try:
            while data := self.receive():
                self.pending += data
                self.turn()
        except TooLong:
            pass
        self.hang_up()

    def receive(self) -> bytes:
        """What has arrived; nothing at the end of the stream."""
        return self.connection.recv(65536)

    def turn(self) -> None:
        """Answers whatever is complete."""
        for payload in self.messages():
            self.answer(payload)

    def messages(self) -> Iterator[bytes]:
        """Takes complete messages out of what is pending."""
        while len(self.pending) >= HEADER_BYTES:
            end = self.message_end(int.from_bytes(self.pending[:HEADER_BYTES], self.byte_order))
            if len(self.pending) < end:
                return
            payload, self.pending = self.pending[HEADER_BYTES:end], self.pending[end:]
            yield payload

    def message_end(self, length: int) -> int:
        """Where a message of this length ends."""
        if length > MAX_MESSAGE:
            raise TooLong
        return HEADER_BYTES + length

    def answer(self, payload: bytes) -> None:
        """Sends one answer."""
        self.connection.sendall(len(payload).to_bytes(HEADER_BYTES, self.byte_order) + payload)

    def hang_up(self) -> None:
        """Ends our stream, then waits for the peer's end, so that no reset eats the answers."""
        self.connection.shutdown(socket.SHUT_WR)
        give_up = time.monotonic() + LINGER_SECONDS
        while (left := give_up - time.monotonic()) > 0:
            self.connection.settimeout(left)
            if not self.connection.recv(65536):
                break

    def broke_off(self, error: OSError) -> None:
        """The client is gone: nobody else's business."""


class AnswersEarly(Healthy):
    """Echoes bytes instead of messages: every answer begins before its message has ended."""

    def turn(self) -> None:
        self.connection.sendall(self.pending)
        self.pending = b""


class DropsHalfClosed(Healthy):
    """Takes the end of the client's stream for the end of the conversation."""

    def turn(self) -> None:
        try:
            if self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"":
                self.pending = b""
        except BlockingIOError:
            pass
        super().turn()


class ResetsAnswersAway(Healthy):
    """Closes at once: with input unread, the kernel sends a reset."""

    def hang_up(self) -> None:
        self.connection.close()


class LingersForEachReceive(Healthy):
    """Gives each receive of the lingering close two seconds, and not all of them together."""

    def hang_up(self) -> None:
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(LINGER_SECONDS)
        while self.connection.recv(65536):
            pass


class OneMessagePerWakeUp(Healthy):
    """Answers the first complete message of what arrived and goes back to waiting."""

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
    """Has a prefix at the end of its full buffer, reads zero bytes, and says goodbye to nobody."""

    capacity = HEADER_BYTES + MAX_MESSAGE

    end = 0

    def receive(self) -> bytes:
        data = self.connection.recv(self.capacity - self.end)
        self.end += len(data)
        return data

    def turn(self) -> None:
        super().turn()
        if len(self.pending) not in range(1, HEADER_BYTES):  # two bytes seem not worth moving
            self.end = len(self.pending)


class DiesOfAReset(Healthy):
    """Lets one client's error end the process."""

    def broke_off(self, error: OSError) -> None:
        print(f"unexpected: {error}", file=sys.stderr, flush=True)
        os._exit(1)


class AnswersWhatIsCutShort(Healthy):
    """Asks for a message's bytes, gets fewer at the end of the stream, and sends them back."""

    def hang_up(self) -> None:
        self.connection.sendall(self.pending)
        super().hang_up()


class OneReceiveIsAMessage(Healthy):
    """Asks once for a length and once for a payload, and takes for whole what has come."""

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
    """Takes memory for a message as soon as its length is known."""

    def message_end(self, length: int) -> int:
        try:
            bytearray(length)
        except MemoryError:
            print(f"no memory for {length} bytes", file=sys.stderr, flush=True)
            os._exit(1)
        return super().message_end(length)


class EndsWithItsClient(Healthy):
    """Takes one client for all that there was to do."""

    has_answered = False

    def answer(self, payload: bytes) -> None:
        super().answer(payload)
        self.has_answered = True

    def hang_up(self) -> None:
        super().hang_up()
        if self.has_answered:
            os._exit(0)


class Undefined(Healthy):
    """Behaves well, and a sanitizer says that this was luck."""

    def answer(self, payload: bytes) -> None:
        print("echo.cc:17:9: runtime error: signed integer overflow", file=sys.stderr, flush=True)
        super().answer(payload)


BUGS: dict[str, type[Healthy]] = {"none": Healthy} | {
    re.sub(r"\B(?=[A-Z])", "-", part.__name__).lower(): part  # BigEndian is big-endian
    for part in list(vars().values())
    if isinstance(part, type) and issubclass(part, Healthy) and part is not Healthy
}
# For those who are to find out by themselves.
MYSTERIES = {"mystery-a": LastFirst, "mystery-b": OneMessagePerWakeUp, "mystery-c": DropsHalfClosed}
SERVERS = BUGS | MYSTERIES


def main() -> None:
    """Accepts for ever, a thread for each client."""
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
