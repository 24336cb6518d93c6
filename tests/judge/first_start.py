"""The first start of a server, before a climb: does it listen, and how soon?"""

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
    """How long it took until somebody could connect, or what went wrong instead."""

    seconds: float
    trouble: str = ""
    said: str = ""  # the command as it was run, how it ended, and what it wrote


def start_once(command: str) -> FirstStart:
    """Starts it as the tests of the first level do, connects, and ends it again."""
    begin = time.monotonic()
    try:
        server = Server(foreign_server(command, LEVEL_NAMES[0]), patience=PATIENCE_SECONDS)
    except OSError as error:  # a script whose first line names no interpreter, for example
        if error.filename != shlex.split(command)[0]:
            raise  # it is we who could not start anything
        return FirstStart(0, f"cannot be started: {error.strerror}", f"$ {command}")
    try:
        server.wait_until_ready()
        return FirstStart(time.monotonic() - begin)
    except ContractBroken as broken:
        return FirstStart(time.monotonic() - begin, str(broken), server_section(server))
    finally:
        server.kill()
