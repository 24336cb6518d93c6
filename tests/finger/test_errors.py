"""Every error has its own text, and none is lost."""

import pytest

import rules
from conftest import ANSWER
from kit.reference import INVALID_QUERY, RELAY_DENIED, TOO_LONG, UNEXPECTED_EOF, converted
from kit.server import FingerServer

pytestmark = [pytest.mark.needs("core"), pytest.mark.every_ring]

NO_UTF8 = {
    "a-byte-that-is-none": b"\xff",
    "latin-1": b"fran\xe7ois",
    "overlong-slash": b"\xc0\xaf",
    "overlong-NUL": b"\xc0\x80",
    "overlong-of-three": b"\xe0\x80\xaf",
    "surrogate": b"\xed\xa0\x80",
    "behind-the-last": b"\xf4\x90\x80\x80",
    "cut-short": b"ali\xc3",
    "cut-short-of-four": b"\xf0\x9f\x94",
    "without-a-beginning": b"\x80alice",
    "as-a-host": b"alice@\xff",
}
CONTROLS = {
    "NUL": b"ali\0ce",
    "NUL-behind": b"alice\0",
    "NUL-before-a-host": b"alice\0@example.org",
    "BEL": b"\a",
    "ESC": b"\x1b[2J",
    "tab-inside": b"alice\tbob",
    "DEL": b"alice\x7f",
    "C1-NEL": b"alice\xc2\x85",
    "C1-CSI": b"\xc2\x9b2J",
    "C1-first": b"\xc2\x80",
}


@pytest.mark.rule(rules.INVALID)
@pytest.mark.parametrize("line", NO_UTF8.values(), ids=NO_UTF8)
def test_a_query_that_is_not_utf8_is_invalid(server: FingerServer, line: bytes) -> None:
    server.expect(line, INVALID_QUERY)
    server.expect(b"/W " + line, INVALID_QUERY)


@pytest.mark.rule(rules.INVALID)
@pytest.mark.parametrize("line", CONTROLS.values(), ids=CONTROLS)
def test_control_characters_are_invalid(server: FingerServer, line: bytes) -> None:
    server.expect(line, INVALID_QUERY)
    server.expect(b"/w " + line, INVALID_QUERY)


@pytest.mark.rule(rules.RELAY)
@pytest.mark.parametrize(
    "line",
    [b"alice@example.org", b"@example.org", b"alice@", b"@", b"a@b@c", b"/W alice@localhost",
     b"/W @", b"nobody@127.0.0.2", b"/Walice@x", b" @ "],
)  # fmt: skip
def test_an_at_is_refused(server: FingerServer, line: bytes) -> None:
    server.expect(line, RELAY_DENIED)


@pytest.mark.rule(rules.RELAY)
@pytest.mark.parametrize("line", [b"alice@127.0.0.1", b"/w alice@[127.0.0.1]"])
def test_a_query_for_the_address_that_was_asked_is_not_relaying(
    server: FingerServer, line: bytes
) -> None:
    server.expect(line, server.ask(line.partition(b"@")[0]))


@pytest.mark.rule(rules.UNEXPECTED_EOF)
def test_a_stream_that_ends_before_its_first_byte_is_told(server: FingerServer) -> None:
    client = server.connect()
    client.half_close()
    client.expect_answer(UNEXPECTED_EOF)


@pytest.mark.rule(rules.HALF_CLOSE)
@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r", b""], ids=["CRLF", "LF", "CR", "end"])
def test_a_whole_query_and_nothing_more_is_answered(server: FingerServer, end: bytes) -> None:
    client = server.connect()
    client.send_and_half_close(b"alice" + end)
    client.expect_answer(ANSWER)


@pytest.mark.rule(rules.HALF_CLOSE)
def test_a_large_answer_outlives_the_end_of_the_clients_stream(server: FingerServer) -> None:
    plan = b"0123456789abcde\n" * 100_000
    server.users.replace("alice", plan)
    client = server.connect(receive_buffer=16384)
    client.send_and_half_close(b"alice\r\n")
    client.expect_answer(converted(plan))


@pytest.mark.rule(rules.CLOSE_WITHOUT_RESET)
@pytest.mark.parametrize("size", [2000, 65536, 1 << 20])
def test_the_error_about_too_long_a_query_is_not_lost_to_a_reset(
    server: FingerServer, size: int
) -> None:
    for _ in range(3):
        client = server.connect()
        client.send_until_stuck(b"x" * size, pause=0.01)
        client.let_it_arrive()
        client.expect_answer(TOO_LONG)


@pytest.mark.rule(rules.CLOSE_WITHOUT_RESET)
@pytest.mark.parametrize("line", [b"alice", b"nobody", b"@", b"\xff"])
def test_an_answer_is_not_lost_to_input_behind_the_query(server: FingerServer, line: bytes) -> None:
    wanted = server.ask(line)
    client = server.connect()
    client.send_until_stuck(line + b"\r\n" + b"x" * 65536, pause=0.01)
    client.let_it_arrive()
    client.expect_answer(wanted)


@pytest.mark.rule(rules.CLOSE_WITHOUT_RESET)
def test_a_client_that_goes_on_sending_after_the_answer_meets_no_reset_for_a_while(
    server: FingerServer,
) -> None:
    client = server.asking(b"alice")
    for _ in range(3):
        client.send(b"more\r\n")
        client.let_it_arrive()
    client.expect_answer(ANSWER)
