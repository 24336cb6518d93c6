"""The list of users: --no-list, and --list-text above it."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

import rules
from conftest import ANSWER
from kit.reference import LIST_DENIED, NO_SUCH_USER
from kit.server import Start
from kit.users import Users

pytestmark = pytest.mark.needs("contract")


@pytest.mark.rule(rules.NO_LIST)
@pytest.mark.parametrize("line", [b"", b" \t", b"/W", b"/w "])
def test_the_list_is_denied_with_a_message(start: Start, line: bytes) -> None:
    server = start("--no-list")
    server.expect(line, LIST_DENIED)
    server.expect(b"alice", ANSWER)


@pytest.mark.rule(rules.LIST)
def test_the_list_without_users_is_not_empty(users: Users, start: Start) -> None:
    for name in ("alice", "bob", "carol"):
        users.remove(name)
    server = start()
    assert server.ask(b""), "a client takes nothing at all for a failure"
    server.expect(b"alice", NO_SUCH_USER)


@pytest.mark.rule(rules.LIST)
def test_a_long_list_reaches_a_slow_reader(users: Users, start: Start) -> None:
    names = [f"{number:05}-" + "long" * 30 for number in range(1000)]
    for name in names:
        (users.directory / name).mkdir()
    server = start()
    client = server.asking(b"", receive_buffer=4096)
    wanted = sorted([*names, "alice", "bob", "carol"])
    client.expect_answer("".join(f"{name}\r\n" for name in wanted).encode())


@pytest.mark.rule(rules.LIST)
def test_a_text_comes_before_the_list(start: Start, users: Users) -> None:
    text = users.outside / "text"
    text.write_bytes(b"Welcome.\n\nWho is here:")
    server = start("--list-text", os.fspath(text))
    server.expect(b"", b"Welcome.\r\n\r\nWho is here:\r\nalice\r\nbob\r\ncarol\r\n")
    text.write_bytes(b"Nobody today.\n")
    for name in ("alice", "bob", "carol"):
        users.remove(name)
    server.send_signal(signal.SIGHUP)
    server.expect_soon(b"", b"Nobody today.\r\n")


@pytest.mark.rule(rules.CANNOT_RUN)
@pytest.mark.parametrize(("make", "why"), [
    (lambda text: None, "No such file or directory"),
    (lambda text: text.write_bytes(b"x" * 65_537), "File too large"),
    (os.mkfifo, "not a regular file"),  # opening it would wait
], ids=["none", "too-long", "a-pipe"])
def test_a_text_that_cannot_be_read_is_named(
    start: Start, users: Users, make: Callable[[Path], object], why: str
) -> None:
    text = users.outside / "text"
    make(text)
    start("--list-text", os.fspath(text), ready=False).expect_refusal(
        1, "--list-text", str(text), why)
