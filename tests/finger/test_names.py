"""--full-name and --no-list."""

import pytest

import rules
from conftest import ANSWER
from kit.reference import LIST_DENIED, NO_PLAN, NO_SUCH_USER, name_line
from kit.server import Start
from kit.users import Users

pytestmark = pytest.mark.needs("contract")


@pytest.mark.rule(rules.FULL_NAME)
def test_the_name_comes_before_every_plan(users: Users, start: Start) -> None:
    (users.directory / "a&b,c").mkdir()
    server = start("--full-name")
    for line in (b"alice", b"/W alice"):
        server.expect(line, name_line("alice") + ANSWER)
    server.expect(b"bob", name_line("bob") + NO_PLAN)
    server.expect(b"a&b,c", name_line("a&b,c") + NO_PLAN)
    server.expect(b"nobody", NO_SUCH_USER)
    server.expect(b"", b"a&b,c\r\nalice\r\nbob\r\ncarol\r\n")


@pytest.mark.rule(rules.NO_LIST)
@pytest.mark.parametrize("line", [b"", b" \t", b"/W", b"/w "])
def test_the_list_is_denied_with_a_message(start: Start, line: bytes) -> None:
    server = start("--no-list")
    server.expect(line, LIST_DENIED)
    server.expect(b"alice", ANSWER)


@pytest.mark.rule(rules.LIST)
def test_no_user_has_opted_in(users: Users, start: Start) -> None:
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
