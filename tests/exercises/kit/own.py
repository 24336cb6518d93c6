"""A reader's own servers, which print a line when they serve, and clients with a PROXY header."""

import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from harness.polling import readable

MESSAGE = b"\5\0\0\0hello"


def say(command: Sequence[str], what: str) -> None:
    """Fails the test, and says what this program did."""
    pytest.fail(f"{' '.join(command)}: {what}", pytrace=False)


@contextmanager
def running(command: Sequence[str], patience: float) -> Iterator[subprocess.Popen[bytes]]:
    """Starts a program, and waits for the line that says it serves. Kills the program at the
    end."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0) as server:
        try:
            assert server.stdout is not None
            if not readable(server.stdout, patience) or not server.stdout.readline():
                # No other test would get the line either, and each would wait as long.
                pytest.exit(f"{' '.join(command)}: does not say with a line on stdout that it "
                            "serves", returncode=1)
            yield server
        finally:
            server.kill()


class Client:
    """A connection to 127.0.0.1 from an address of this machine's loopback."""

    def __init__(self, port: int, patience: float, source: str = "127.0.0.1") -> None:
        self.socket = socket.socket()
        self.socket.settimeout(patience)
        self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", port))

    def close(self) -> None:
        self.socket.close()

    def send(self, sent: bytes) -> None:
        self.socket.sendall(sent)

    def answer(self, size: int = len(MESSAGE)) -> bytes:
        """The next `size` bytes, or fewer at the end of the stream or a reset."""
        received = b""
        try:
            while len(received) < size and (piece := self.socket.recv(size - len(received))):
                received += piece
        except ConnectionResetError:
            pass
        except TimeoutError:
            pytest.fail(f"neither an answer nor the end of the stream came; got {received!r}",
                        pytrace=False)
        return received


def line(address: str, port: int = 51000) -> bytes:
    """A header of version 1."""
    family, server = ("TCP6", "2001:db8::1") if ":" in address else ("TCP4", "198.51.100.1")
    return f"PROXY {family} {address} {server} {port} 79\r\n".encode()


SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def binary(address: str, port: int = 51000, extra: bytes = b"") -> bytes:
    """A header of version 2, with more fields after the addresses."""
    family, kind = (socket.AF_INET6, 0x21) if ":" in address else (socket.AF_INET, 0x11)
    both = socket.inet_pton(family, address) + bytes(4 if kind == 0x11 else 16)
    rest = both + port.to_bytes(2, "big") + (79).to_bytes(2, "big") + extra
    return SIGNATURE + bytes([0x21, kind]) + len(rest).to_bytes(2, "big") + rest


LOCAL = SIGNATURE + b"\x20\0\0\0"
