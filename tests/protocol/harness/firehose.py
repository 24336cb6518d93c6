"""A client in a process of its own that sends messages as fast as it can, and reads the answers.

python3 firehose.py HOST PORT CONNECTIONS runs until it's killed, and prints one line when the
messages flow.
"""

import socket
import sys
import threading

BURST = (b"\x04\x00\x00\x00fire" * 8192)[:65536]  # 64 KiB of whole messages


def swallow(connection: socket.socket) -> None:
    """Reads and discards."""
    while connection.recv(1 << 20):
        pass


def flood(connection: socket.socket) -> None:
    """Sends forever."""
    while True:
        connection.sendall(BURST)


def main() -> None:
    """Starts two threads for each connection."""
    host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    for number in range(count):
        connection = socket.create_connection((host, port))
        connection.sendall(BURST)
        connection.recv(1)
        for work in (swallow, flood):
            threading.Thread(target=work, args=(connection,)).start()
        if number + 1 == count:
            print("flowing", flush=True)


if __name__ == "__main__":
    main()
