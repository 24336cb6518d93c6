"""Puts the proxy between clients and a server that is part of this program, and looks at both.

The tests call it: proxy-check.py PROXY. It prints a line for each thing that holds.
"""

import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close() sends a reset
PATIENCE = 20.0


class Between:
    """The proxy, started for one check, and the server that it passes clients on to."""

    def __init__(self, idle_ms: int, connections: int) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.settimeout(PATIENCE)
        words = [sys.argv[1], "0", "127.0.0.1", self.server.getsockname()[1], connections, idle_ms]
        self.proxy = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE,
                                      text=True)
        self.port = int(self.proxy.stdout.readline().rpartition(":")[2])

    def client(self, receive_buffer: int = 0) -> socket.socket:
        client = socket.socket()
        if receive_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(PATIENCE)
        client.connect(("127.0.0.1", self.port))
        return client

    def accept(self) -> socket.socket:
        accepted, _ = self.server.accept()
        accepted.settimeout(PATIENCE)
        return accepted

    def pair(self, receive_buffer: int = 0) -> tuple[socket.socket, socket.socket]:
        client = self.client(receive_buffer)
        return client, self.accept()


@contextmanager
def proxy(idle_ms: int = 20_000, connections: int = 10) -> Iterator[Between]:
    between = Between(idle_ms, connections)
    try:
        yield between
        assert between.proxy.poll() is None, "it has ended"
    finally:
        between.proxy.terminate()
        between.proxy.wait()
        between.server.close()


def read_to_end(peer: socket.socket) -> bytes:
    received = b""
    while more := peer.recv(65536):
        received += more
    return received


def ended(peer: socket.socket) -> bool:
    try:
        return peer.recv(1) == b""
    except ConnectionResetError:
        return True


def five_megabytes() -> None:
    with proxy() as between:
        client, server = between.pair()
        sent = bytes(i % 251 for i in range(5_000_000))

        def echo() -> None:
            while more := server.recv(65536):
                server.sendall(more)
            server.shutdown(socket.SHUT_WR)

        def send() -> None:
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)

        threads = [Thread(target=echo), Thread(target=send)]
        for thread in threads:
            thread.start()
        assert read_to_end(client) == sent
        for thread in threads:
            thread.join()


def half_close() -> None:
    with proxy() as between:
        client, server = between.pair()
        client.sendall(b"question")
        client.shutdown(socket.SHUT_WR)
        assert read_to_end(server) == b"question"
        server.sendall(b"answer")
        server.close()
        assert read_to_end(client) == b"answer"


def slow_reader() -> None:
    with proxy(idle_ms=1500) as between:
        client, server = between.pair(receive_buffer=4096)
        sent = bytes(1_000_000)
        thread = Thread(target=lambda: (server.sendall(sent), server.close()))
        thread.start()
        received = 0
        begin = time.monotonic()
        while more := client.recv(65536):
            received += len(more)
            if time.monotonic() - begin < 4:  # longer than the proxy lets a connection be idle
                time.sleep(0.1)
        thread.join()
        assert received == len(sent), received


def idle() -> None:
    with proxy(idle_ms=300) as between:
        client, server = between.pair()
        client.sendall(b"x")
        assert server.recv(1) == b"x"
        begin = time.monotonic()
        assert ended(client) and ended(server)
        assert 0.2 < time.monotonic() - begin < 5


def one_too_many() -> None:
    with proxy(connections=2) as between:
        first, _ = between.pair()
        kept = between.pair()
        third = between.client()  # in the backlog
        third.sendall(b"x")
        between.server.settimeout(0.3)
        try:
            between.accept()
            raise AssertionError("there was no room for it")
        except TimeoutError:
            between.server.settimeout(PATIENCE)
        first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        first.close()
        assert between.accept().recv(1) == b"x"
        kept[0].sendall(b"y")
        assert kept[1].recv(1) == b"y"


def either_is_killed() -> None:
    with proxy() as between:
        for who in (0, 1):
            pair = between.pair()
            pair[who].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            pair[who].close()
            assert ended(pair[1 - who])


def a_reset_stays_one() -> None:
    with proxy() as between:
        client, server = between.pair()
        server.sendall(bytes(1000))
        assert len(client.recv(1000, socket.MSG_WAITALL)) == 1000
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        server.close()
        try:
            raise AssertionError(f"{client.recv(1)!r} looks like the end of the answer")
        except ConnectionResetError:
            pass


def nobody_listens() -> None:
    with proxy() as between:
        between.server.close()
        assert ended(between.client())


for check in (five_megabytes, half_close, slow_reader, idle, one_too_many, either_is_killed,
              a_reset_stays_one, nobody_listens):
    check()
    print(check.__name__.replace("_", " "))
