"""A plain echo server: socketserver's thread for each client."""

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


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


with Server(("127.0.0.1", int(sys.argv[2])), Echo) as server:
    server.serve_forever()
