"""Whatever the ring is, and however many there are: the answers are the same."""


import pytest

import rules
from conftest import ALICE
from kit.reference import INVALID_QUERY, NO_PLAN, NO_SUCH_USER, TOO_LONG, converted
from kit.server import Start

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.RINGS)]

RINGS = ("entries=4", "entries=4,buffers=2", "sqpoll")
LARGE = b"0123456789abcde\n" * 20_000
EXPECTED = (
    (b"alice", converted(LARGE)),
    (b"bob", NO_PLAN),
    (b"nobody", NO_SUCH_USER),
    (b"\xff", INVALID_QUERY),
    (b"x" * 1025, TOO_LONG),
    (b"/W carol", b"Name: carol\r\n" + NO_PLAN),
    (b"", b"alice\r\nbob\r\ncarol\r\n"),
)


@pytest.mark.parametrize("ring", RINGS)
@pytest.mark.parametrize("workers", ["1", "3"])
def test_a_crowd_is_served_with_any_ring(start: Start, ring: str, workers: str) -> None:
    server = start("--ring", ring, "--workers", workers, "--max-per-ip", "1000",
                   "--query-timeout", "1m", "--deadline", "1m")  # fmt: skip
    server.users.replace("alice", LARGE)
    for _ in range(2):
        clients = [server.connect() for _ in range(70)]
        server.pause()  # so that all of them speak in one turn
        for number, client in enumerate(clients):
            client.send(EXPECTED[number % len(EXPECTED)][0] + b"\r\n")
        server.resume()
        for number, client in enumerate(clients):
            client.expect_answer(EXPECTED[number % len(EXPECTED)][1])
            client.close()


def test_silent_clients_take_no_room_in_a_small_ring(start: Start) -> None:
    server = start("--ring", "entries=4,buffers=2", "--max-per-ip", "1000")
    for _ in range(30):
        server.connect().send(b"ali")
    for _ in range(10):
        server.expect(b"alice", converted(ALICE))


@pytest.mark.parametrize("workers", ["1", "2"])
def test_many_ask_for_one_plan_at_once(start: Start, workers: str) -> None:
    server = start("--workers", workers, "--max-per-ip", "1000")
    server.users.replace("alice", LARGE)
    clients = [server.connect() for _ in range(50)]
    server.pause()
    for client in clients:
        client.send(b"alice\r\n")
    server.resume()
    for number, client in enumerate(clients):
        if number % 5 == 0:
            client.reset()  # those who leave take nothing with them
    for number, client in enumerate(clients):
        if number % 5:
            client.expect_answer(converted(LARGE))
