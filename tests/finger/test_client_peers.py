"""finger/finger and the daemons that others run: Debian's fingerd, efingerd."""

from collections.abc import Iterator

import pytest

from client_program import finger, program  # noqa: F401
from harness.needed import need_program
from kit.inetd import Inetd

PLAN = b"Building a telescope.\n\tZo\xc3\xab \x1b[2Jhelps.\n"


@pytest.fixture(scope="module")
def fingerd() -> Iterator[Inetd]:
    """Debian's, with a user of its own."""
    with Inetd("in.fingerd", "-f", "-p", need_program("finger"), plans={"alice": PLAN}) as inetd:
        yield inetd


@pytest.mark.parametrize("switch", [(), ("-l",)], ids=["short", "long"])
def test_debians_fingerd_shows_a_plan(finger, fingerd: Inetd, switch: tuple[str, ...]) -> None:
    run = finger(*switch, "alice@127.0.0.1", port=fingerd.port).run()
    assert (run.status, run.stderr) == (0, b"")
    assert run.stdout.startswith(b"Login: alice")
    # It filters by itself, in its own way: what is printable comes through.
    assert b"Building a telescope.\n" in run.stdout
    assert b"\r" not in run.stdout and b"\x1b" not in run.stdout


def test_debians_fingerd_lists_who_is_there(finger, fingerd: Inetd) -> None:
    finger("@127.0.0.1", port=fingerd.port).run().ended(0, b"No one logged on.\n")


def test_debians_fingerd_knows_who_is_not_there(finger, fingerd: Inetd) -> None:
    wanted = b"finger: nosuch: no such user.\n"
    finger("nosuch@127.0.0.1", port=fingerd.port).run().ended(0, wanted)


def test_efingerd_answers(finger) -> None:
    with Inetd("efingerd", "-n") as inetd:
        run = finger("root@127.0.0.1", port=inetd.port).run()
        assert (run.status, run.stderr) == (0, b"")
        assert b"root" in run.stdout
        assert b"\r" not in run.stdout


def test_a_relay_passes_the_question_on(finger, fingerd: Inetd) -> None:
    """Debian's daemon, asked to forward, takes it to the finger port of the second host."""
    run = finger("alice@host.invalid@127.0.0.1", port=fingerd.port).run()
    assert run.status == 0
    assert b"host.invalid" in run.stdout
