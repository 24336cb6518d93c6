"""The first start of a server, before a climb and before a level that adds options: does it listen,
and how soon?"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rungs import OPTION_OF, RUNGS, Rung
from harness.server import Server
from harness.target import foreign_server
from harness.verdict import ContractBroken, server_section

PATIENCE_SECONDS = 5
VALUES = {"--max-connections": "10", "--read-timeout": "1s", "--max-message": "1000",
          "--drain-timeout": "1s", "--protocol": "http", "--workers": "2", "--verbose": None,
          "--host": "127.0.0.1"}


@dataclass(frozen=True)
class FirstStart:
    """How long it took until somebody could connect, or what went wrong instead."""

    seconds: float
    trouble: str = ""
    said: str = ""  # the command as it was run, how it ended, and what it wrote
    ended: bool = False  # no busy machine is the reason


def options_of(rungs: Sequence[Rung]) -> list[str]:
    """The options that these rungs add, as their tests pass them."""
    return [word for option, value in VALUES.items() for rung in rungs
            if OPTION_OF[option] in rung.adds for word in (option, value) if word is not None]


def start_once(command: str, level: str = RUNGS[0], *options: str) -> FirstStart:
    """Starts it as the tests of that level do, connects, and ends it again."""
    begin = time.monotonic()
    try:
        server = Server(foreign_server(command, level), options, patience=PATIENCE_SECONDS)
    except OSError as error:  # a script whose first line names no interpreter, for example
        return FirstStart(0, f"cannot be started: {error.strerror}", f"$ {command}")
    try:
        server.wait_until_ready()
        return FirstStart(time.monotonic() - begin)
    except ContractBroken as broken:
        return FirstStart(time.monotonic() - begin, str(broken), server_section(server),
                          not server.is_alive())
    finally:
        server.kill()
