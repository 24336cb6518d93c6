"""Echo servers for E8.2, honest and not: servers_of_e8_2.py HOW; says on which port it listens."""

import socket
import sys
import threading
import time
from collections.abc import Callable

KEPT_BYTES_MAX = 64 << 20  # a server that has no bound fills no machine: it takes no more
FIRST_BYTES = 4 << 20


def echoes(peer: socket.socket) -> None:
    """Receives no more while its answers are not taken."""
    while data := peer.recv(16384):
        peer.sendall(data)


def keeps_answers(peer: socket.socket) -> None:
    """Receives whatever comes, and keeps what it could not send."""
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
    peer.sendall(answers)  # hanging up would free them, and hide them from who looks late


def keeps_a_little(peer: socket.socket) -> None:
    """Echoes, but reads 4 MiB ahead of a peer that does not read."""
    answers = bytearray()
    while len(answers) < FIRST_BYTES and (data := peer.recv(16384)):
        answers += data
    peer.sendall(answers)
    echoes(peer)


def hangs_up(peer: socket.socket) -> None:
    """Closes who has sent more than it has read, which is another way to be honest."""
    peer.setblocking(False)
    while True:
        try:
            data = peer.recv(16384)
            if not data or peer.send(data) < len(data):
                return
        except BlockingIOError:
            time.sleep(0.001)


def serve(how: Callable[[socket.socket], None], peer: socket.socket) -> None:
    """One client, however it leaves."""
    with peer:
        try:
            how(peer)
        except ConnectionError:
            pass


def main(how: Callable[[socket.socket], None]) -> None:
    """Serves every client in that manner."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            threading.Thread(target=serve, args=(how, listener.accept()[0]), daemon=True).start()


if __name__ == "__main__":
    main({each.__name__: each for each in
          (echoes, keeps_answers, keeps_a_little, hangs_up)}[sys.argv[1]])
