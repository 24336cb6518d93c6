"""Sends its input as messages to an echo server, and prints the answers: python3 e2_1.py PORT

It is right, and it hangs: try head -c 32 and head -c 32M of /dev/zero.
"""

import socket
import sys

PAYLOAD_BYTES = 16384


def main(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as server:
        while payload := sys.stdin.buffer.read(PAYLOAD_BYTES):
            server.sendall(len(payload).to_bytes(4, "little") + payload)
        server.shutdown(socket.SHUT_WR)
        answers = server.makefile("rb")
        while header := answers.read(4):
            sys.stdout.buffer.write(answers.read(int.from_bytes(header, "little")))


main(int(sys.argv[1]))
