"""An echo server that takes over from its predecessor: python3 e15_1.py PORT GATE"""

import os
import select
import socket
import sys
import threading

PORT, GATE = int(sys.argv[1]), sys.argv[2]
clients = {}  # the thread of each connection


def serve(connection):
    with connection, connection.makefile("rb") as stream:
        while len(length := stream.read(4)) == 4:
            size = int.from_bytes(length, "little")
            if size > 65536 or len(payload := stream.read(size)) < size:
                break
            connection.sendall(length + payload)
    del clients[connection]


def connect_to_predecessor():
    old = socket.socket(socket.AF_UNIX)
    try:
        old.connect(GATE)
    except OSError:
        return None
    return old


def listen(old):
    """The listening socket, from the predecessor or new."""
    if old:
        _, descriptors, _, _ = socket.recv_fds(old, 1, 1)
        return socket.socket(fileno=descriptors[0])
    return socket.create_server(("127.0.0.1", PORT), backlog=128)


def accept_until_succeeded(listener, gate):
    successor = None
    while True:
        waiting = [listener, gate] + ([successor] if successor else [])
        ready, _, _ = select.select(waiting, [], [])
        if successor in ready:
            if successor.recv(1):
                return  # the successor serves
            successor = None  # the successor died
        elif gate in ready:
            successor, _ = gate.accept()
            socket.send_fds(successor, [b"L"], [listener.fileno()])
        elif listener in ready:
            accept(listener)


def accept(listener):
    try:
        connection, _ = listener.accept()
    except BlockingIOError:
        return  # the other server was quicker
    connection.setblocking(True)
    clients[connection] = threading.Thread(target=serve, args=(connection,))
    clients[connection].start()


def drain():
    for connection, thread in list(clients.items()):
        try:
            select.select([connection], [], [], 1)  # just accepted, it may not have asked yet
            connection.shutdown(socket.SHUT_RD)  # what had arrived can be read
        except (OSError, ValueError):
            pass  # the client left
        thread.join()


old = connect_to_predecessor()
listener = listen(old)
listener.setblocking(False)
if os.path.exists(GATE):
    os.unlink(GATE)  # of the predecessor, or of a killed server
gate = socket.socket(socket.AF_UNIX)
os.umask(0o077)
gate.bind(GATE)
gate.listen()
print(f"serves port {PORT}", flush=True)
if old:
    old.send(b"R")
accept_until_succeeded(listener, gate)
listener.close()
drain()
