"""The first start of a server, before a climb: does the server listen, and how soon?"""

import shlex
import time
from dataclasses import dataclass

from levels import LEVEL_NAMES
from harness.server import Server
from harness.target import foreign_server
from harness.verdict import ContractBroken, server_section

PATIENCE_SECONDS = 5


@dataclass(frozen=True)
class FirstStart:
    """How long the server took until somebody could connect, or why nobody could."""

    seconds: float
    trouble: str = ""
    said: str = ""  # the command as we ran it, how it ended, and what it wrote


def start_once(command: str) -> FirstStart:
    """Starts the server as the tests of the first level do, connects, and ends the server again."""
    begin = time.monotonic()
    try:
        server = Server(foreign_server(command, LEVEL_NAMES[0]), patience=PATIENCE_SECONDS)
    except OSError as error:  # for example, when a script's first line names no interpreter
        if error.filename != shlex.split(command)[0]:
            raise  # we ourselves couldn't start something
        return FirstStart(0, f"cannot be started: {error.strerror}", f"$ {command}")
    try:
        server.wait_until_ready()
        return FirstStart(time.monotonic() - begin)
    except ContractBroken as broken:
        return FirstStart(time.monotonic() - begin, str(broken), server_section(server))
    finally:
        server.kill()
