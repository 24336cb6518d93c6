"""Echo servers for E8.2, with a bound or without: servers_of_e8_2.py HOW. Prints the port."""

import socket
import sys
import threading
import time
from collections.abc import Callable

KEPT_BYTES_MAX = 64 << 20  # even a server without a bound must not fill the machine
FIRST_BYTES = 4 << 20


def echoes(peer: socket.socket) -> None:
    """Receives nothing more while the peer doesn't take its answers."""
    while data := peer.recv(16384):
        peer.sendall(data)


def keeps_answers(peer: socket.socket) -> None:
    """Keeps receiving, and keeps all answers that it couldn't send."""
    answers = bytearray()
    peer.setblocking(False)
    while len(answers) < KEPT_BYTES_MAX:
        try:
            data = peer.recv(16384)
            if not data:
                return
            answers += data
        except BlockingIOError:
            time.sleep(0.001)
        try:
            del answers[:peer.send(answers)]
        except BlockingIOError:
            pass
    peer.setblocking(True)
    peer.sendall(answers)  # hanging up would free them before somebody measures


def keeps_a_little(peer: socket.socket) -> None:
    """Echoes, but reads 4 MiB ahead of a peer that does not read."""
    answers = bytearray()
    while len(answers) < FIRST_BYTES and (data := peer.recv(16384)):
        answers += data
    peer.sendall(answers)
    echoes(peer)


def hangs_up(peer: socket.socket) -> None:
    """Closes a peer that sends more than it reads, which is also a bound."""
    peer.setblocking(False)
    while True:
        try:
            data = peer.recv(16384)
            if not data or peer.send(data) < len(data):
                return
        except BlockingIOError:
            time.sleep(0.001)


def serve(how: Callable[[socket.socket], None], peer: socket.socket) -> None:
    """Serves one client."""
    with peer:
        try:
            how(peer)
        except ConnectionError:
            pass


def main(how: Callable[[socket.socket], None]) -> None:
    """Serves every client in that way."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            threading.Thread(target=serve, args=(how, listener.accept()[0]), daemon=True).start()


if __name__ == "__main__":
    main({each.__name__: each for each in
          (echoes, keeps_answers, keeps_a_little, hangs_up)}[sys.argv[1]])
