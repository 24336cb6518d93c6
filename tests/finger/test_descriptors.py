"""Out of descriptors: newcomers wait, all are served in the end, the processor rests."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

import rules
from conftest import ALICE
from kit.client import FingerClient
from kit.reference import converted
from kit.server import FingerServer

pytestmark = pytest.mark.needs("descriptors")

LIMIT = 16
CLIENTS = 60
WATCHED_SECONDS = 0.6
MANY = ("--max-per-ip", "1000", "--max-clients", "1000")


def start_with_few(start: Callable[..., FingerServer], *options: str) -> FingerServer:
    return start(*MANY, *options, descriptor_limit=LIMIT)


def occupy(server: FingerServer) -> list[FingerClient]:
    """More silent clients than the server has descriptors."""
    clients = [server.connect() for _ in range(CLIENTS)]
    for client in clients:
        client.send(b"ali")
    server.wait_until_busy()
    time.sleep(0.1)  # for whoever else it has room for
    return clients


@pytest.mark.rule(rules.OUT_OF_DESCRIPTORS)
@pytest.mark.parametrize("workers", ["1", "2"])
def test_with_sixteen_descriptors_all_are_served_in_the_end(
    start: Callable[..., FingerServer], workers: str
) -> None:
    server = start_with_few(start, "--workers", workers)
    clients = [server.connect() for _ in range(CLIENTS)]
    for client in clients:
        client.send(b"alice\r\n")
    for client in clients:
        client.expect_answer(converted(ALICE))
        client.close()


@pytest.mark.rule(rules.OUT_OF_DESCRIPTORS)
def test_places_that_become_free_go_to_who_waits(start: Callable[..., FingerServer]) -> None:
    server = start_with_few(start)
    server.expect(b"alice", converted(ALICE))
    at_rest = server.descriptors_at_rest()
    for client in occupy(server):
        client.send(b"ce\r\n")
        client.expect_answer(converted(ALICE))
        client.close()
    server.wait_for_descriptors(at_rest)


@pytest.mark.clock
@pytest.mark.rule(rules.OUT_OF_DESCRIPTORS)
def test_a_lack_of_descriptors_is_no_busy_loop_and_fills_no_log(
    start: Callable[..., FingerServer],
) -> None:
    server = start_with_few(start)
    occupy(server)
    lines, spent = len(server.log_lines()), server.process.cpu_seconds()
    time.sleep(WATCHED_SECONDS)
    spent = server.process.cpu_seconds() - spent
    assert spent < 0.06, f"{spent:.2f} s of processor time in {WATCHED_SECONDS} s"
    more = server.log_lines()[lines:]
    assert len(more) <= 2, f"{len(more)} lines in {WATCHED_SECONDS} s: {more[:5]}"


@pytest.mark.rule(rules.OUT_OF_DESCRIPTORS)
def test_a_stop_works_without_a_free_descriptor(start: Callable[..., FingerServer]) -> None:
    server = start_with_few(start)
    occupy(server)
    assert server.stop() == 0


@pytest.mark.rule(rules.OUT_OF_DESCRIPTORS)
def test_a_limit_below_the_clients_is_said_once(start: Callable[..., FingerServer]) -> None:
    server = start("--max-clients", "1000", descriptor_limit=64)
    server.expect(b"alice", converted(ALICE))
    said = [line for line in server.stderr_text().splitlines() if "descriptor" in line]
    assert len(said) == 1, f"not said, or not once: {said}"
    silent = start(descriptor_limit=1024)
    assert silent.stderr_text() == "", "1024 descriptors are enough for 128 clients"
