"""E15.2's server, with a limit for each client's address: python3 e15_3.py PORT TRUSTED MOST"""

import collections
import socket
import sys
import threading

from e15_2 import SECONDS, echo, read_header

TRUSTED, MOST = sys.argv[2], int(sys.argv[3])
counts = collections.Counter()
lock = threading.Lock()


def serve(connection, peer):
    connection.settimeout(SECONDS)
    try:
        with connection, connection.makefile("rb") as stream:
            is_proxy = peer[0] == TRUSTED
            client = read_header(stream) if is_proxy else peer
            if client is None:
                echo(connection, stream)  # from the proxy itself, so not counted
            else:
                serve_counted(connection, stream, client[0])
    except (OSError, ValueError):
        pass


def serve_counted(connection, stream, address):
    with lock:
        if counts[address] == MOST:
            return
        counts[address] += 1
    try:
        echo(connection, stream)
    finally:
        with lock:
            counts[address] -= 1
            if not counts[address]:
                del counts[address]  # or unknown clients fill the table


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
print("serves", flush=True)
while True:
    threading.Thread(target=serve, args=listener.accept()).start()
