"""A plain echo server: socketserver's process for each client."""

import socketserver
import sys

MAX_MESSAGE = 65536


class Echo(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while len(header := self.rfile.read(4)) == 4:
            length = int.from_bytes(header, "little")
            if length > MAX_MESSAGE:
                break
            payload = self.rfile.read(length)
            if len(payload) < length:
                break
            self.wfile.write(header + payload)


class Server(socketserver.ForkingTCPServer):
    allow_reuse_address = True
    max_children = 4096

    def handle_error(self, *_: object) -> None:
        """A client that has gone is nobody else's business."""


with Server(("127.0.0.1", int(sys.argv[2])), Echo) as server:
    server.serve_forever()
