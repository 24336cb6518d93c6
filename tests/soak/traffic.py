"""Clients of every kind, for as long as a soak lasts: good, slow, hostile, and those that only come
and go. What a good or a slow one is not answered, or answered wrongly, is lost, and is told.
"""

import contextlib
import random
import socket
import struct
import threading
import time
from collections import Counter

IP_BIND_ADDRESS_NO_PORT = 24  # ip(7)
PATIENCE = 20.0  # a good client's, for each answer
GRACE = 10.0  # how much later than its limit a server on a busy machine may close
FIRST_ADDRESSES = {"good": 10, "slow": 20, "hostile": 30, "churn": 40}
SOURCES = 8  # addresses for the clients of each kind: a port can be used again after a minute
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset. socket(7)
LOST_TOLD_MAX = 20


class Lost(Exception):
    """What a client should have had, and had not."""


class TooLate(Exception):
    """The machine has kept a slow client itself waiting, for longer than a server has to."""


class Tally:
    """What the clients of one server, a thread each, have seen since the last look."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._latencies_ms: list[float] = []
        self._lost: list[str] = []

    def count(self, what: str, latency_ms: float | None = None, why: str = "") -> None:
        """One more of these."""
        with self._lock:
            self._counts[what] += 1
            if latency_ms is not None:
                self._latencies_ms.append(latency_ms)
            if why and len(self._lost) < LOST_TOLD_MAX:
                self._lost.append(why)

    def take(self) -> tuple[Counter[str], list[float], list[str]]:
        """Counts, latencies, and what was lost; from now on it counts anew."""
        with self._lock:
            taken = self._counts, self._latencies_ms, self._lost
            self._counts, self._latencies_ms, self._lost = Counter(), [], []
        return taken


class Visitor:
    """A client's view of a server. Its visits are methods of its protocol's class, one for each
    kind: good, slow, hostile, churn."""

    def __init__(self, address: tuple[str, int], kind: str, number: int, limit_seconds: float,
                 tally: Tally) -> None:  # fmt: skip
        self.address = address
        self.kind = kind
        self.limit_seconds = limit_seconds  # after which the server closes what is not finished
        self.random = random.Random(f"{kind} {number}")
        self.count = tally.count

    def connect(self, receive_buffer: int = 0) -> socket.socket:
        """A connection from one of the addresses of its kind."""
        client = socket.socket()
        client.settimeout(PATIENCE)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        if receive_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        last = FIRST_ADDRESSES[self.kind] + self.random.randrange(SOURCES)
        client.bind((f"127.0.1.{last}", 0))
        try:
            client.connect(self.address)
        except OSError as error:
            raise Lost(f"cannot connect: {error}") from None
        return client

    def send_slowly(self, client: socket.socket, data: bytes, piece_bytes: int) -> None:
        """In pieces, in a quarter of the time that there is."""
        pause = self.limit_seconds / 4 * piece_bytes / len(data)
        began = time.monotonic()
        try:
            for at in range(0, len(data), piece_bytes):
                client.sendall(data[at : at + piece_bytes])
                time.sleep(pause)
        finally:
            if time.monotonic() - began > self.limit_seconds / 2:
                raise TooLate

    def receive_until_end(self, client: socket.socket, piece_bytes: int, pause: float) -> bytes:
        """All that comes, in pieces of no more than that, with a pause after each."""
        received = bytearray()
        while piece := client.recv(piece_bytes):
            received += piece
            time.sleep(pause)
        return bytes(received)

    def answered(self, began: float | None = None) -> None:
        """An answer has come, and was right."""
        self.count("answered", began and (time.monotonic() - began) * 1000)

    def run(self, ending: threading.Event, pause: float) -> None:
        """Visit after visit. What goes wrong is a loss, unless a hostile client suffers it."""
        while not ending.is_set():
            try:
                getattr(self, self.kind)()
            except TooLate:
                self.count("too late itself")
            except (OSError, Lost) as why:
                if self.kind != "hostile" or isinstance(why, Lost):
                    self.count("lost", why=f"{self.kind}, {time.strftime('%X')}: {why!r}")
            ending.wait(pause * self.random.uniform(0.5, 1.5))

    def expect_to_be_closed(self, client: socket.socket) -> None:
        """Within its limit the server must have had enough of this client."""
        client.settimeout(self.limit_seconds + GRACE)
        try:
            while client.recv(65536):
                pass
        except TimeoutError:
            raise Lost("the server has not closed a connection that broke the rules") from None
        except OSError:
            pass  # a reset ends it as well
        self.count("turned away")

    def reset(self, client: socket.socket) -> None:
        """Gone, without a word."""
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        client.close()
        self.count("came and went")

    def flood(self, client: socket.socket, data: bytes, seconds: float) -> None:
        """Sends for that long and reads nothing, then is gone."""
        client.settimeout(0.05)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                client.send(data)
        self.reset(client)
