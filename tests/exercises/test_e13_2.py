"""E13.2: a wrong guess costs a second, in the daemon of coroutines and in the state machine."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from harness.server import Server
from kit.finger import ALICES_ANSWER, ask, users  # noqa: F401
from kit.tested import Own, built

pytestmark = pytest.mark.ring

SECOND = 0.95  # a little less, since the clocks may differ
ERROR = b"Error: No such user\r\n"


class Machine(Own):
    """The step. Its arguments are PORT DIR [DURATION], and any signal ends it."""

    speaks_contract = False

    def words(self, port: str, options: Sequence[str]) -> list[str]:
        given = dict(zip(options[::2], options[1::2], strict=True))
        return [*self.command, port, given["--users"], given.get("--deadline", "10s")]


@pytest.fixture(params=["fingerd", "09-state-machine"])
def target(request: pytest.FixtureRequest, build: Path) -> Own:
    """fingerd, and then the state machine."""
    if request.param == "fingerd":
        program = built(request, build / "finger" / "fingerd")
        return Own("fingerd", "finger", (program, "--addr", "127.0.0.1"))
    return Machine("machine", "finger", (built(request, build / "finger/steps/09-state-machine"),))


def test_the_error_comes_after_a_second(
    start: Callable[..., Server], users: Path  # noqa: F811
) -> None:
    """A query for an unknown user gets the same answer as before, but a second later."""
    daemon = start("--users", str(users))
    begin = time.monotonic()
    assert ask(daemon, b"nobody") == ERROR
    assert time.monotonic() - begin >= SECOND


def test_no_other_client_waits(start: Callable[..., Server], users: Path) -> None:  # noqa: F811
    """While one client waits for its error, another gets a plan."""
    daemon = start("--users", str(users))
    with daemon.connect() as guessing:
        guessing.send(b"nobody\r\n")
        begin = time.monotonic()
        assert ask(daemon, b"alice") == ALICES_ANSWER
        assert time.monotonic() - begin < SECOND
        assert guessing.receive_until_end() == ERROR
        assert time.monotonic() - begin >= SECOND


def test_other_errors_do_not_wait(start: Callable[..., Server], users: Path) -> None:  # noqa: F811
    """A relay is denied without delay, because there is nothing to guess."""
    daemon = start("--users", str(users))
    begin = time.monotonic()
    assert ask(daemon, b"alice@elsewhere") == b"Error: Relay access denied\r\n"
    assert time.monotonic() - begin < SECOND


def test_the_deadline_ends_the_second(
    start: Callable[..., Server], users: Path  # noqa: F811
) -> None:
    """The conversation's deadline covers the wait. If it's shorter, the connection is closed."""
    daemon = start("--users", str(users), "--deadline", "300ms")
    begin = time.monotonic()
    assert ask(daemon, b"nobody") == b""
    assert time.monotonic() - begin < SECOND
