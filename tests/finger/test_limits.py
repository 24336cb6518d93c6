"""--max-clients, --max-per-ip, --max-rate: who waits, who is turned away, when a place is free."""

import re
import time
from pathlib import Path

import pytest

import rules
from conftest import ALICE
from harness.proc import is_sanitized, wait_until
from kit.client import FingerClient
from kit.reference import NO_PLAN, converted
from kit.server import Start
from kit.target import FingerTarget

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.MAX_PER_IP)]

ANSWER = converted(ALICE)
LARGE = b"0123456789abcde\n" * 400_000
PATIENT = ("--query-timeout", "1m")
BOTH = pytest.mark.parametrize("workers", ["1", "3"])


def ask(client: FingerClient) -> None:
    client.send(b"alice\r\n")
    client.expect_answer(ANSWER)


def expect_turned_away(client: FingerClient) -> None:
    """Closed at once, without an answer."""
    client.try_send(b"alice\r\n")
    if answer := client.receive_until_gone():
        raise client.broken(f"should have been turned away, and got {answer!r}")


@BOTH
@pytest.mark.rule(rules.MAX_CLIENTS)
def test_at_the_limit_new_connections_wait_until_one_is_closed(start: Start, workers: str) -> None:
    server = start("--max-clients", "3", "--workers", workers)
    server.users.replace("alice", LARGE)
    served = [server.connect(receive_buffer=4096) for _ in range(3)]
    for client in served:
        client.send(b"alice\r\n")
        assert wait_until(client.has_input, server.patience)
    waiting = server.asking(b"bob")
    waiting.expect_silence(0.5)
    served[0].let_window_grow()
    served[0].expect_answer(converted(LARGE))
    served[0].close()
    waiting.expect_answer(NO_PLAN)


@BOTH
@pytest.mark.rule(rules.MAX_CLIENTS)
def test_many_more_than_the_limit_are_all_served(start: Start, workers: str) -> None:
    server = start("--max-clients", "2", "--max-per-ip", "1000", "--workers", workers)
    clients = [server.asking(b"alice") for _ in range(100)]
    for client in clients:
        client.expect_answer(ANSWER)
        client.close()


@pytest.mark.rule(rules.MAX_CLIENTS)
def test_a_slot_is_free_when_its_connection_is_closed(start: Start) -> None:
    server = start("--max-clients", "1")
    for number in range(50):
        client = server.connect()
        client.try_send((b"", b"ali", b"alice\r\n", b"@\r\n")[number % 4])
        (client.close, client.reset)[number % 2]()
    server.expect(b"alice", ANSWER)


@pytest.mark.parametrize("options", [("--max-per-ip=2",), ("--max-per-ip=2", "--workers=3"), ()],
                         ids=["two", "two-of-workers", "by-default"])  # fmt: skip
def test_from_one_address_no_more_than_that(start: Start, options: tuple[str, ...]) -> None:
    server = start(*options, *PATIENT)
    served = [server.connect(source="127.0.0.2") for _ in range(2 if options else 16)]
    for client in served:
        client.send_in_pieces(b"ali")
    expect_turned_away(server.connect(source="127.0.0.2"))
    ask(server.connect(source="127.0.0.3"))
    for client in served:
        client.send(b"ce\r\n")
        client.expect_answer(ANSWER)


def test_an_ipv6_address_is_counted_too(start: Start) -> None:
    server = start("--addr", "::1", "--max-per-ip", "1", *PATIENT)
    server.connect().send_in_pieces(b"ali")
    expect_turned_away(server.connect())


@BOTH
@pytest.mark.rule(rules.MAX_RATE)
def test_an_address_asks_no_more_than_so_many_queries_a_second(start: Start, workers: str) -> None:
    server = start("--max-rate", "1", "--workers", workers)

    def answered(source: str) -> bool:
        client = server.connect(source=source)
        client.try_send(b"alice\r\n")
        answer = client.receive_until_gone()
        client.close()
        assert answer in (ANSWER, b"")
        return answer == ANSWER

    begin = time.monotonic()
    answers = [answered("127.0.0.2") for _ in range(10)]
    assert answers[0] and answers.count(True) <= 1 + (time.monotonic() - begin)
    assert answered("127.0.0.3"), "another's business"
    assert wait_until(lambda: answered("127.0.0.2"), server.patience), "it may never ask again"
    said = server.stderr_text()
    assert "127.0.0.2" in said and "too many queries a second" in said


@pytest.mark.clock
def test_connections_that_are_turned_away_do_not_fill_the_log(start: Start) -> None:
    server = start("--max-per-ip", "1", *PATIENT)
    server.connect(source="127.0.0.2").send_in_pieces(b"ali")
    begin = time.monotonic()
    for _ in range(100):
        with server.connect(source="127.0.0.2") as client:
            expect_turned_away(client)
    seconds = time.monotonic() - begin
    lines = server.wait_for_log_lines(1)
    assert len(lines) <= 1 + seconds, f"{len(lines)} lines in {seconds:.1f} s: {lines[:3]}"


@pytest.mark.rule(rules.MAX_CLIENTS)
def test_too_little_memory_for_all_clients_is_said_at_the_start(
    target: FingerTarget, start: Start
) -> None:
    if is_sanitized(Path(target.command[0])):
        pytest.skip("a sanitizer wants terabytes of address space")

    def within(kilobytes: str) -> tuple[str, ...]:
        return ("sh", "-c", 'ulimit -v "$0"; exec "$@"', kilobytes)

    small = start(under=within("16384"), ready=False)
    assert small.wait_exit() == 1
    needed = re.search(r"16384 KiB .* 1024 connections: (\d+) KiB", small.stderr_text())
    assert needed, small.stderr_text()
    start(under=within(needed[1])).expect(b"alice", ANSWER)
    start("--max-clients", "1", under=within(needed[1])).expect(b"alice", ANSWER)
