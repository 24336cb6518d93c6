"""A server of a few words, which the tests start with the contract's options."""

import shlex
import sys
from collections.abc import Iterator

from harness.server import Server
from harness.target import foreign_server


def scripted_server(script: str, *options: str) -> Iterator[Server]:
    """A server that the tests start with the contract's options: `listener` is there already."""
    begin = "import signal, socket, sys; listener = socket.create_server(('127.0.0.1', 0)); "
    port = "port = listener.getsockname()[1]; "
    command = shlex.join([sys.executable, "-c", begin + port + script, "{port}"])
    level = "command-line" if options else "start"
    server = Server(foreign_server(command, level), options, patience=0.5)
    try:
        yield server
    finally:
        server.close_clients()
        server.kill()
