"""--max-clients, --max-per-ip: which clients wait or are turned away, and when a place is free."""

import time

import pytest

import rules
from conftest import ANSWER
from harness.proc import wait_until
from kit.client import FingerClient
from kit.reference import LARGE, NO_PLAN, converted
from kit.server import Start

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.MAX_PER_IP)]

PATIENT = ("--query-timeout", "1m")


def expect_turned_away(client: FingerClient) -> None:
    """Expects an immediate close without an answer."""
    client.try_send(b"alice\r\n")
    if answer := client.receive_until_gone():
        raise client.broken(f"should have been turned away, and got {answer!r}")


@pytest.mark.rule(rules.MAX_CLIENTS)
def test_at_the_limit_new_connections_wait_until_one_is_closed(start: Start) -> None:
    server = start("--max-clients", "3", "--deadline", "60s")
    plan = LARGE[: 1 << 20]  # more than the kernel keeps for a client
    server.users.replace("alice", plan)
    served = [server.connect(receive_buffer=4096) for _ in range(3)]
    for client in served:
        client.send(b"alice\r\n")
        assert wait_until(client.has_input, server.patience)
    waiting = server.asking(b"bob")
    waiting.expect_silence(0.5)
    served[0].let_window_grow()
    served[0].expect_answer(converted(plan))
    served[0].close()
    waiting.expect_answer(NO_PLAN)


@pytest.mark.rule(rules.MAX_CLIENTS)
def test_many_more_than_the_limit_are_all_served(start: Start) -> None:
    server = start("--max-clients", "2", "--max-per-ip", "1000")
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


@pytest.mark.parametrize("options", [("--max-per-ip=2",), ()], ids=["two", "by-default"])
def test_no_more_than_the_limit_are_served_from_one_address(
    start: Start, options: tuple[str, ...]
) -> None:
    server = start(*options, *PATIENT)
    served = [server.connect(source="127.0.0.2") for _ in range(2 if options else 16)]
    for client in served:
        client.send_in_pieces(b"ali")
    expect_turned_away(server.connect(source="127.0.0.2"))
    server.expect(b"alice", ANSWER, source="127.0.0.3")
    for client in served:
        client.send(b"ce\r\n")
        client.expect_answer(ANSWER)


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
