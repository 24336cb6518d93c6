"""One line in, one answer out. The line may be whole, cut anywhere, or too long."""

import pytest

import rules
from conftest import ANSWER
from harness.proc import wait_until
from kit.reference import NO_SUCH_USER, TOO_LONG, name_line
from kit.server import FingerServer

pytestmark = [pytest.mark.needs("core"), pytest.mark.every_ring]

ENDS = [pytest.param(b"\r\n", id="CRLF"), pytest.param(b"\n", id="LF")]


@pytest.mark.rule(rules.PLAN)
@pytest.mark.parametrize("end", ENDS)
def test_a_name_is_answered_with_the_plan_and_the_end_of_the_stream(
    server: FingerServer, end: bytes
) -> None:
    client = server.connect()
    client.send(b"alice" + end)
    client.expect_answer(ANSWER)


@pytest.mark.rule(rules.ANY_SLICING)
@pytest.mark.parametrize("end", ENDS)
def test_a_query_may_come_byte_by_byte(server: FingerServer, end: bytes) -> None:
    client = server.connect()
    client.send_in_pieces(*(bytes([byte]) for byte in b"/W alice" + end))
    client.expect_answer(name_line("alice") + ANSWER)


@pytest.mark.rule(rules.NOT_EARLY)
@pytest.mark.parametrize("begun", [b"alice", b"@", b"\xff", b""])
def test_nothing_is_answered_before_the_end_of_the_line(server: FingerServer, begun: bytes) -> None:
    client = server.connect()
    if begun:
        client.send(begun)
    client.expect_silence()


@pytest.mark.rule(rules.LINE_ONLY)
@pytest.mark.parametrize("more", [b"bob\r\n", b"\n", b"\0\xff@", b"x" * 5000])
def test_input_after_the_line_is_ignored(server: FingerServer, more: bytes) -> None:
    client = server.connect()
    client.send(b"alice\r\n" + more)
    client.expect_answer(ANSWER)


@pytest.mark.rule(rules.LENGTH)
@pytest.mark.parametrize("end", ENDS)
def test_a_line_of_1024_bytes_is_a_query(server: FingerServer, end: bytes) -> None:
    for line, answer in (
        (b"x" * 1024, NO_SUCH_USER),
        (b"alice".rjust(1024), ANSWER),
        (b"alice".ljust(1024, b"\t"), ANSWER),
        (b"/W " + b"alice".rjust(1021), name_line("alice") + ANSWER),
    ):
        client = server.connect()
        client.send(line + end)
        client.expect_answer(answer)


@pytest.mark.rule(rules.LENGTH)
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("slicing", ["whole", "cut", "byte-by-byte-at-the-end"])
def test_a_line_of_1025_bytes_is_too_long(server: FingerServer, end: bytes, slicing: str) -> None:
    query = b"alice".rjust(1025) + end
    cuts = {"whole": [], "cut": [700], "byte-by-byte-at-the-end": list(range(1020, len(query)))}
    client = server.connect()
    begins = [0, *cuts[slicing]]
    for begin, stop in zip(begins, [*begins[1:], len(query)]):
        client.try_send(query[begin:stop])  # the server may answer before the last piece
        client.let_it_arrive()
    client.expect_answer(TOO_LONG)


@pytest.mark.rule(rules.LENGTH)
@pytest.mark.parametrize("size", [1026, 1027, 4096, 100_000])
def test_too_long_a_line_is_refused_without_waiting_for_its_end(
    server: FingerServer, size: int
) -> None:
    client = server.connect()
    client.send_until_stuck(b"x" * size)
    client.expect_answer(TOO_LONG)


@pytest.mark.rule(rules.SURVIVE)
def test_a_silent_client_does_not_stop_the_next(server: FingerServer) -> None:
    for begun in (b"", b"ali", b"alice\r"):
        server.connect().try_send(begun)
    server.expect(b"alice", ANSWER)


@pytest.mark.rule(rules.SURVIVE)
def test_ten_at_once_are_served(server: FingerServer) -> None:
    clients = [server.connect() for _ in range(10)]
    for number, client in enumerate(clients):
        client.send(b"alice\r\n" if number % 2 else b"nobody\r\n")
    for number, client in enumerate(clients):
        client.expect_answer(ANSWER if number % 2 else NO_SUCH_USER)


@pytest.mark.rule(rules.SURVIVE)
def test_resets_at_any_point_harm_no_other_client(server: FingerServer) -> None:
    server.users.add("large", b"x" * 3_000_000)
    for number in range(60):
        client = server.connect()
        client.try_send((b"", b"ali", b"alice\r\n", b"nobody\r\nmore")[number % 4])
        client.reset() if number % 3 else client.close()

    # There may be too many clients until the server notices that those are gone.
    def answers() -> bool:
        with server.connect() as client:
            client.try_send(b"alice\r\n")
            return client.receive_until_gone() == ANSWER

    assert wait_until(answers, server.patience), "no client is served any more"
