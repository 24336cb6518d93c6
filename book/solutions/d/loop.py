"""One thread, and one wait for all of its clients: the loop of chapters 5 and 6, in Python.

./judge 'python3 book/solutions/d/loop.py --port {port}' --up-to survival
"""

import argparse
import selectors
import socket


class Client:
    """A connection, and the bytes that we keep from one turn to the next."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection = connection
        self.input = b""  # the beginning of a message
        self.output = b""  # answers that the kernel has not taken

    def go_on(self) -> bool:
        """Does one receive or one send. Returns False to close the connection."""
        try:
            if not self.output:
                data = self.connection.recv(65536)
                if not data:
                    return False  # the client has finished, and has all its answers
                self.take(data)
            self.output = self.output[self.connection.send(self.output) :]
        except BlockingIOError:
            pass  # EAGAIN: not now
        except OSError:
            return False  # this client is gone; the others stay
        return True

    def take(self, data: bytes) -> None:
        """Moves every complete message to the output."""
        self.input += data
        while len(self.input) >= 4:
            end = 4 + int.from_bytes(self.input[:4], "little")
            if len(self.input) < end:
                return
            self.output += self.input[:end]
            self.input = self.input[end:]


def serve(listener: socket.socket) -> None:
    """Serves all clients, in turns."""
    listener.setblocking(False)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                client = Client(listener.accept()[0])  # one a round: the others have turns
                selector.register(client.connection, selectors.EVENT_READ, client)
            elif key.data.go_on():
                wanted = selectors.EVENT_WRITE if key.data.output else selectors.EVENT_READ
                selector.modify(key.fileobj, wanted, key.data)  # no call where nothing changes
            else:
                selector.unregister(key.fileobj)
                key.fileobj.close()


parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, default=5882)
address = ("127.0.0.1", parser.parse_args().port)
serve(socket.create_server(address, backlog=socket.SOMAXCONN))
