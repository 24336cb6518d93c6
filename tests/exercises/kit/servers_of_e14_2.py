"""Finger servers for E14.2, which treat SIGHUP in different ways: servers_of_e14_2.py HOW. Prints
the port."""

import select
import signal
import socket
import sys
import time

ANSWER = b"No Plan.\r\n"
DEAF_SECONDS = 0.2


class Server:
    """Answers any user whose name begins with an a."""

    def __init__(self, how: str) -> None:
        self.how = how
        self.clients: dict[socket.socket, bytes] = {}
        self.listener = self.listen(0)

    def listen(self, port: int) -> socket.socket:
        return socket.create_server(("127.0.0.1", port), backlog=1000)

    def reload(self) -> None:
        """Handles SIGHUP in this server's way."""
        match self.how:
            case "hangs up":
                for client in list(self.clients):
                    self.leave(client)
            case "forgets the queue":
                port = self.listener.getsockname()[1]
                self.listener.close()
                time.sleep(DEAF_SECONDS)
                self.listener = self.listen(port)
            case "forgets what it has heard":
                for client in self.clients:
                    self.clients[client] = b""

    def leave(self, client: socket.socket) -> None:
        del self.clients[client]
        client.close()

    def hear(self, client: socket.socket) -> None:
        """Receives a piece of a query, and answers a complete query."""
        try:
            piece = client.recv(1024)
            self.clients[client] += piece
            if not self.clients[client].startswith(b"a") and b"\n" in self.clients[client]:
                client.sendall(b"Error: No such user\r\n")
            elif b"\n" in self.clients[client]:
                client.sendall(ANSWER)
            elif piece:
                return
        except ConnectionError:
            pass
        self.leave(client)

    def run(self) -> None:
        """Serves forever. A SIGHUP reloads between two turns."""
        told, teller = socket.socketpair()
        teller.setblocking(False)
        signal.signal(signal.SIGHUP, lambda *_: None)
        signal.set_wakeup_fd(teller.fileno())
        print(self.listener.getsockname()[1], flush=True)
        while True:
            ready, _, _ = select.select([self.listener, told, *self.clients], [], [])
            if told in ready:
                told.recv(1000)
                self.reload()
                continue
            for each in ready:
                if each is self.listener:
                    self.clients[self.listener.accept()[0]] = b""
                elif each in self.clients:
                    self.hear(each)


if __name__ == "__main__":
    Server(sys.argv[1]).run()
