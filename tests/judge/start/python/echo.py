"""A first echo server: one client after the other. README.md says what to do with it."""

import argparse
import socket


def receive(connection: socket.socket, size: int) -> bytes:
    """Reads size bytes, or fewer if the stream ends before that."""
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            break
        data += piece
    return data


def serve(connection: socket.socket) -> None:
    """Sends each message back, until the client has finished sending."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while header := receive(connection, 4):
        payload = receive(connection, int.from_bytes(header, "little"))
        connection.sendall(header + payload)


parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, default=5882)
listener = socket.create_server(("127.0.0.1", parser.parse_args().port))
while True:
    client, _ = listener.accept()
    with client:
        serve(client)
