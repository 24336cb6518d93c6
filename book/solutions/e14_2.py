"""Does a finger server lose a query when it is told to reload? python3 e14_2.py PORT PID"""

import os
import signal
import socket
import sys
import time

ROUNDS = 20
CLIENTS = 20
QUERY = b"alice\r\n"


# [lost]
def lost_in_a_round(port, pid, pause):
    """How many of these clients get a different answer than the first one, before the signal."""
    address = ("127.0.0.1", port)
    clients = [socket.create_connection(address, timeout=5) for _ in range(CLIENTS)]
    for client in clients[::2]:
        client.sendall(QUERY[:3])  # in the middle of a query when the signal comes
    time.sleep(pause)  # the bytes are on their way, or were received
    os.kill(pid, signal.SIGHUP)
    clients += [socket.create_connection(address, timeout=5) for _ in range(CLIENTS)]
    for number, client in enumerate(clients):
        client.sendall(QUERY[3:] if number < CLIENTS and number % 2 == 0 else QUERY)
    return sum(answer_on(client) != expected for client in clients)


def answer_on(client):
    with client, client.makefile("rb") as answer:
        return answer.read()
# [/lost]


port, pid = map(int, sys.argv[1:])
with socket.create_connection(("127.0.0.1", port), timeout=5) as first:
    first.sendall(QUERY)
    expected = answer_on(first)
for turn in range(ROUNDS):
    try:
        lost = lost_in_a_round(port, pid, turn % 2 * 0.05)
    except OSError as error:
        sys.exit(f"reload {turn + 1}: {error}")
    if lost:
        sys.exit(f"reload {turn + 1}: {lost} of {2 * CLIENTS} were not answered as before")
    time.sleep(0.01)
