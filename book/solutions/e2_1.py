"""Sends its input as messages to an echo server, and prints the answers: python3 e2_1.py PORT"""

import socket
import sys
import threading

PAYLOAD_BYTES = 16384


def send_all(server: socket.socket) -> None:
    """Sends the input in messages, as fast as the server takes them."""
    while payload := sys.stdin.buffer.read(PAYLOAD_BYTES):
        server.sendall(len(payload).to_bytes(4, "little") + payload)
    server.shutdown(socket.SHUT_WR)  # ends our side of the stream, and no answer


def print_answers(server: socket.socket) -> None:
    """Prints the answers, until the server ends its stream."""
    answers = server.makefile("rb")
    while header := answers.read(4):
        sys.stdout.buffer.write(answers.read(int.from_bytes(header, "little")))


with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection:
    sender = threading.Thread(target=send_all, args=(connection,))
    sender.start()
    print_answers(connection)
    sender.join()
