"""A small echo server that has the level `closing`, with a thread for each client.

./judge 'python3 tests/protocol/subjects/echo_server.py --port {port}' --up-to closing
"""

import argparse
import socket
import threading
import time

MAX_MESSAGE = 65536


def serve(connection: socket.socket) -> None:
    """Serves one client, from its first byte to the end of its stream."""
    with connection, connection.makefile("rb") as stream:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while len(header := stream.read(4)) == 4:  # fewer, because the client has finished
                length = int.from_bytes(header, "little")
                if length > MAX_MESSAGE:
                    break
                payload = stream.read(length)  # waits for all of it, or for the end of the stream
                if len(payload) < length:
                    break
                connection.sendall(header + payload)
            connection.shutdown(socket.SHUT_WR)  # our end of stream, after the last answer
            give_up = time.monotonic() + 2
            while (left := give_up - time.monotonic()) > 0:
                connection.settimeout(left)
                if not stream.read1(65536):  # unread input would turn the close into a reset
                    break
        except OSError:
            pass  # this client is gone or too slow, which doesn't concern the others


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=5882)
    with socket.create_server(("127.0.0.1", parser.parse_args().port), backlog=4096) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
