"""What clients do to an echo server in a soak."""

import socket
import time

from harness.frames import HEADER_BYTES, frame, header
from traffic import Lost, Visitor

SIZES = (0, 1, 64, 64, 64, 1000, 16_000, 60_000)
MESSAGES_MAX = 50
TOO_LONG = header(0x7FFFFFFF) + b"whatever follows"


def receive(client: socket.socket, count: int) -> bytes:
    """So many bytes."""
    received = bytearray()
    while len(received) < count:
        piece = client.recv(count - len(received))
        if not piece:
            raise Lost(f"the stream ended after {len(received)} of {count} bytes")
        received += piece
    return bytes(received)


class EchoVisitor(Visitor):
    def exchange(self, client: socket.socket, payload: bytes) -> None:
        """A message and its answer."""
        message = frame(payload)
        client.sendall(message)
        if receive(client, len(message)) != message:
            raise Lost(f"the answer to {len(payload)} bytes differs")

    def good(self) -> None:
        """Messages on a connection, one after the other."""
        with self.connect() as client:
            for _ in range(self.random.randrange(1, MESSAGES_MAX)):
                payload = self.random.randbytes(self.random.choice(SIZES))
                began = time.monotonic()
                self.exchange(client, payload)
                self.answered(began)
                time.sleep(0.005)

    def slow(self) -> None:
        """In pieces; or many answers, read when all messages have been sent, a little at a time."""
        if self.random.random() < 0.5:
            message = frame(self.random.randbytes(20))
            with self.connect() as client:
                self.send_slowly(client, message, 4)
                client.shutdown(socket.SHUT_WR)
                self.expect(client, message, pause=0)
        else:
            messages = b"".join(frame(self.random.randbytes(30_000)) for _ in range(4))
            with self.connect(receive_buffer=4096) as client:
                client.sendall(messages)
                client.shutdown(socket.SHUT_WR)
                self.expect(client, messages, pause=0.01)

    def expect(self, client: socket.socket, answer: bytes, pause: float) -> None:
        """All of it, and then the end of the stream."""
        received = self.receive_until_end(client, 4096, pause)
        if received != answer:
            raise Lost(f"{len(received)} of {len(answer)} bytes came, or others")
        self.answered()

    def hostile(self) -> None:
        with self.connect() as client:
            match self.random.randrange(4):
                case 0:
                    client.sendall(TOO_LONG)
                    self.expect_to_be_closed(client)
                case 1:
                    client.sendall(frame(b"a message that never ends")[: -self.random.randrange(9)])
                    self.expect_to_be_closed(client)
                case 2:
                    client.sendall(self.random.randbytes(1000))
                    self.reset(client)
                case _:
                    self.flood(client, frame(self.random.randbytes(60_000)), 1.0)

    def churn(self) -> None:
        client = self.connect()
        match self.random.randrange(4):
            case 0:
                client.close()
                self.count("came and went")
            case 1:
                client.sendall(frame(b"never read"))
                self.reset(client)
            case 2:
                client.sendall(frame(b"cut")[: HEADER_BYTES + 1])
                client.close()
                self.count("came and went")
            case _:
                with client:
                    client.sendall(frame(b"once"))
                    client.shutdown(socket.SHUT_WR)
                    self.expect(client, frame(b"once"), pause=0)
