"""When clients leave, everything they used is freed: descriptors, memory, threads."""

import socket

import pytest

import rules
from conftest import ANSWER
from harness.memory import need_own_memory
from kit.reference import converted
from kit.server import FingerServer

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.RESTORE)]

KIBIBYTE = 1024
QUERIES = (b"alice\r\n", b"nobody\n", b"bob\r\n", b"\r\n", b"\xff\r\n", b"/W alice\r\n", b"ali")


def exchanges(server: FingerServer, count: int) -> None:
    """Connects clients with all kinds of queries, which leave in various ways, without a
    transcript."""
    for number in range(count):
        with socket.create_connection(server.address, server.patience) as client:
            client.sendall(QUERIES[number % len(QUERIES)])
            if number % len(QUERIES) == len(QUERIES) - 1:
                continue  # leaves before the end of its query
            while client.recv(4096):
                pass
    server.expect(b"alice", ANSWER)
    server.close_clients()
    server.clients.clear()


def settled(server: FingerServer) -> tuple[int, int, int]:
    """Returns the descriptors, threads and memory once everything that clients share exists."""
    exchanges(server, 2000)
    process = server.process
    return process.descriptor_count(), process.thread_count(), process.rss_bytes()


def expect_restored(server: FingerServer, count: int) -> None:
    descriptors, threads, memory = settled(server)
    exchanges(server, count)
    server.wait_for_descriptors(descriptors)
    server.wait_for_threads(threads + 1)
    if not server.process.is_sanitized():
        grown = server.process.rss_bytes() - memory
        assert grown < 512 * KIBIBYTE, f"{grown // KIBIBYTE} KiB more after {count} exchanges"


def test_ten_thousand_exchanges_leave_nothing_behind(server: FingerServer) -> None:
    expect_restored(server, 10_000)


@pytest.mark.torture
@pytest.mark.timeout(1800)
def test_a_million_queries_leave_nothing_behind(server: FingerServer) -> None:
    expect_restored(server, 1_000_000)


def test_large_plans_leave_nothing_behind(server: FingerServer) -> None:
    need_own_memory(server)
    plan = b"0123456789abcde\n" * 300_000
    server.users.add("large", plan)
    server.users.replace("alice", plan)
    memory = 0
    for number in range(12):
        server.expect(b"alice", converted(plan), receive_buffer=65536)
        if number == 3:
            memory = server.process.rss_bytes()
    grown = server.process.rss_bytes() - memory
    assert grown < 512 * KIBIBYTE, f"{grown // KIBIBYTE} KiB more after large plans"


def test_a_large_plan_is_never_held_as_a_whole(server: FingerServer) -> None:
    need_own_memory(server)
    server.users.replace("alice", b"0123456789abcde\n" * 2_000_000)  # 32 MB
    server.expect(b"bob", b"No Plan.\r\n")
    before = server.process.rss_bytes()
    server.process.forget_peak()
    clients = [server.asking(b"alice", receive_buffer=4096) for _ in range(10)]
    for client in clients:
        client.receive(200_000)
    each = (server.process.peak_rss_bytes() - before) / len(clients)
    assert each < 256 * KIBIBYTE, f"{each / KIBIBYTE:.0f} KiB for each reader of a large plan"
