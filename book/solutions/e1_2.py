"""Looks for a slicing of messages that an echo server does not survive.

python3 e1_2.py PORT SECONDS SEED
"""

import random
import socket
import sys
import time

PATIENCE = 1.0


def frame(payload: bytes) -> bytes:
    return len(payload).to_bytes(4, "little") + payload


def slices(stream: bytes, choice: random.Random) -> list[bytes]:
    """The stream, cut at random places, as often near each other as far apart."""
    longest = choice.choice((1, 7, 100, 5000))
    pieces = []
    while stream:
        size = choice.randint(1, longest)
        pieces.append(stream[:size])
        stream = stream[size:]
    return pieces


def comes_back(port: int, stream: bytes, pieces: list[bytes]) -> bool:
    """Whether all bytes come back, and then the end of the stream."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or TCP joins slices
        received = b""
        try:
            for piece in pieces:
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)
            while data := connection.recv(65536):
                received += data
        except OSError:  # a reset, or nothing for too long
            return False
        return received == stream


def main(port: int, seconds: float, seed: int) -> int:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        choice = random.Random(seed)
        sizes = [choice.choice((0, 1, 3, 252, 4096)) for _ in range(choice.randint(1, 12))]
        stream = b"".join(frame(choice.randbytes(size)) for size in sizes)
        if not comes_back(port, stream, slices(stream, choice)):
            print(f"seed {seed}: payloads of {sizes} bytes do not come back")
            return 1
        seed += 1
    return 0


sys.exit(main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
