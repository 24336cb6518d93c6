"""The grammar of RFC 1288, 2.3, and names that don't follow it."""

import pytest

import rules
from conftest import ANSWER
from kit.reference import NO_SUCH_USER, name_line
from kit.server import FingerServer, Start
from kit.users import Users

pytestmark = [pytest.mark.needs("core"), pytest.mark.every_ring]

SECRET = b"what no client may see\n"
LIST = b"alice\r\nbob\r\ncarol\r\n"
MANY = ("Zoe", "anna", "zoe", "a-b", "a.b", "a_b", "ab", "žofia", "0", "al", "alice2") + tuple(
    f"user{number}" for number in range(300)
)


@pytest.mark.rule(rules.SWITCH)
@pytest.mark.parametrize(
    "line",
    [b"/W alice", b"/w alice", b"/W\talice", b"/W  \t alice", b"  /W alice", b"\t/w\talice \t"],
)
def test_the_switch_brings_the_name(server: FingerServer, line: bytes) -> None:
    server.expect(line, name_line("alice") + ANSWER)


@pytest.mark.rule(rules.SWITCH)
@pytest.mark.parametrize(
    "line",
    [b"/Walice", b"/walice", b"/Wbob alice", b"alice /W", b"/W /W alice", b"/V alice", b"/",
     b"//W alice", b"/ W alice", b"W alice", b"\\W alice", b"/W/ alice"],
)  # fmt: skip
def test_text_that_only_resembles_the_switch_is_a_name(server: FingerServer, line: bytes) -> None:
    server.expect(line, NO_SUCH_USER)


@pytest.mark.rule(rules.BLANKS)
@pytest.mark.parametrize("line", [b" alice", b"alice ", b"\talice\t", b"  alice\t \t"])
def test_blanks_around_the_name_are_dropped(server: FingerServer, line: bytes) -> None:
    server.expect(line, ANSWER)


@pytest.mark.rule(rules.BLANKS)
def test_blanks_inside_belong_to_the_name(server: FingerServer) -> None:
    server.expect(b"alice bob", NO_SUCH_USER)
    server.expect(b"al ice", NO_SUCH_USER)


@pytest.mark.rule(rules.LIST)
@pytest.mark.parametrize("line", [b"", b" ", b"\t  ", b"/W", b"/w ", b" /W\t"])
def test_without_a_name_the_list_is_asked_for(server: FingerServer, line: bytes) -> None:
    server.expect(line, LIST)


@pytest.mark.rule(rules.LIST)
def test_the_list_is_sorted_by_bytes(users: Users, start: Start) -> None:
    for name in MANY:
        users.add(name)
    names = sorted(name.encode() for name in ("alice", "bob", "carol", *MANY))
    start().expect(b"", b"".join(name + b"\r\n" for name in names))


@pytest.mark.rule(rules.NO_SUCH_USER)
@pytest.mark.parametrize(
    "line",
    [b"ALICE", b"alic", b"alicee", b"alice.", b"alice*", b"*", b"?", b"%s%n", b"$HOME", b"~alice",
     b"-", b"--", b"-alice", b"alice;id", b"`id`", b"'alice'", b'"', b"\\", b"x" * 255, b"x" * 256,
     b"alice\xcc\x81", "ålice".encode(), b"x" * 1024, b"/" * 1024, b"a/" * 512],
)  # fmt: skip
def test_a_name_is_taken_as_it_is(server: FingerServer, line: bytes) -> None:
    server.expect(line, NO_SUCH_USER)


@pytest.mark.rule(rules.NO_SUCH_USER)
@pytest.mark.parametrize("name", ["žofia", "日本", "🔭", "with.dot", "dash-", "UPPER", "9"])
def test_a_name_may_have_any_letter(users: Users, start: Start, name: str) -> None:
    users.add(name, b"here\n")
    start().expect(name.encode(), b"here\r\n")


@pytest.mark.rule(rules.NO_SUCH_USER)
@pytest.mark.parametrize(
    "line",
    [b".", b"..", b"./alice", b"../x", b"../users/alice", b"alice/", b"alice/.", b"alice/../alice",
     b"/alice", b"alice/.plan", b"/etc", b"/etc/passwd", b"../../etc/passwd", b".hidden", b"file",
     b"link", b"%2e%2e/x", b"..\\x", b"users/alice", b"alice/private"],
)  # fmt: skip
def test_no_name_leads_to_a_file(users: Users, start: Start, line: bytes) -> None:
    (users.outside / ".plan").write_bytes(SECRET)  # DIR/..
    (users.outside / "x").mkdir()
    (users.outside / "x" / ".plan").write_bytes(SECRET)
    (users.directory / ".plan").write_bytes(SECRET)  # DIR/.
    (users.directory / "file").write_bytes(SECRET)
    (users.directory / "link").symlink_to("../x")
    users.add(".hidden", SECRET)
    (users.directory / "alice" / "private").mkdir()
    (users.directory / "alice" / "private" / ".plan").write_bytes(SECRET)
    start().expect(line, NO_SUCH_USER)
