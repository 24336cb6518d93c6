"""The server gets back all that its clients cost: descriptors, memory, threads."""

import pytest

import rules
from harness.at_rest import descriptors_at_rest, expect_descriptors_back
from harness.frames import frame, header
from harness.memory import (KIBIBYTE, SETTLING_ROUNDS_MAX, Allowance, in_units, least_growth,
                            need_own_memory, settled)
from harness.server import Server
from harness.verdict import ContractBroken

WARM_UP = 50
IDLE = 400
LARGE = 60_000  # more than one receive takes, so the server has to buffer a message


def clients_come(server: Server, count: int, payload_bytes: int) -> None:
    """Lets `count` clients come, one after the other. Each sends a message and leaves in one of a
    few ways."""
    for number in range(count):
        client = server.connect()
        client.echo(bytes(payload_bytes))
        if number % 4 == 0:
            client.send(header(1000) + b"broken off")
        if number % 4 == 1:
            client.reset()
        client.close()
        server.clients.clear()
    with server.connect() as client:
        client.echo(b"so that the last one has been dealt with")


@pytest.mark.needs("restore")
@pytest.mark.rule(rules.RESTORE)
def test_descriptors_and_threads_are_back_after_five_hundred_clients(server: Server) -> None:
    descriptors = descriptors_at_rest(server, lambda client: client.echo(b"first"))
    threads = server.process.thread_count()
    expect_descriptors_back(server, descriptors, lambda: clients_come(server, 500, 100))
    server.wait_for_threads(threads, 1 + server.target.runtime_threads)


@pytest.mark.needs("restore")
@pytest.mark.rule(rules.RESTORE)
def test_memory_does_not_grow_with_the_number_of_clients_that_were_here(server: Server) -> None:
    need_own_memory(server)
    clients_come(server, WARM_UP, 60_000)
    bound = 512 * KIBIBYTE
    grown = least_growth(
        server.process.memory_bytes, lambda: clients_come(server, 1000, 60_000), bound
    )
    assert grown < bound, (
        f"{in_units(grown)} more after a thousand clients, round after round; at most "
        f"{in_units(bound)}")


@pytest.mark.needs("restore")
@pytest.mark.rule(rules.RESTORE)
def test_memory_does_not_grow_with_the_number_of_messages(server: Server) -> None:
    need_own_memory(server)
    client = server.connect()
    stream = frame(bytes(1000)) * 5000
    client.exchange(stream, len(stream))

    def twenty_thousand() -> None:
        for _ in range(4):
            client.echo_stream(stream)

    bound = 256 * KIBIBYTE
    # This takes many rounds, because a collector may touch its reserve for young objects bit by
    # bit.
    grown = least_growth(server.process.memory_bytes, twenty_thousand, bound, SETTLING_ROUNDS_MAX)
    assert grown < bound, (
        f"{in_units(grown)} more after 20,000 messages, in each of {SETTLING_ROUNDS_MAX} rounds; "
        f"at most {in_units(bound)}")


@pytest.mark.needs("light-clients")
@pytest.mark.rule(rules.IDLE_HOLDS_NOTHING)
def test_an_idle_client_holds_no_buffer_and_no_thread(server: Server) -> None:
    need_own_memory(server)
    clients_come(server, WARM_UP, LARGE)

    def messages() -> None:
        with server.connect() as client:
            for _ in range(IDLE):
                client.echo(bytes(LARGE))

    memory = settled(server.process.memory_bytes, messages)
    threads = server.process.thread_count()
    clients = [server.connect() for _ in range(IDLE)]
    for client in clients:
        client.echo(bytes(LARGE))
    now, most = server.process.thread_count(), threads + server.target.runtime_threads
    if now > most:
        raise ContractBroken(
            f"{now} threads run in {len(server.tree.pids())} process(es) beside {len(clients)} "
            f"idle clients, {threads} before they came; at most {most}", rule=rules.NO_THREAD_EACH)

    allowed = Allowance({f"{IDLE} idle clients, 4 KiB each": 4 * KIBIBYTE * IDLE})
    allowed += server.target.at_rest
    more = settled(server.process.memory_bytes, messages) - memory
    assert more < allowed.bytes, (
        f"{IDLE} clients that have each sent a message of {LARGE:,} bytes, taken the answer and "
        f"fallen silent cost {in_units(more / IDLE)} each, {in_units(more)} in all: does each keep "
        "its buffer? Before they came and while they were there, a busy client had talked until "
        f"memory no longer grew; {allowed}")


@pytest.mark.needs("light-clients")
@pytest.mark.rule(rules.IDLE_HOLDS_NOTHING)
def test_answers_that_had_to_wait_leave_no_buffer_behind(server: Server) -> None:
    need_own_memory(server)
    stream = frame(bytes(60_000)) * 120

    def clients_wait(count: int) -> None:
        for _ in range(count):
            client = server.connect(receive_buffer=4096)
            sent = client.send_until_stuck(stream, pause=0.02)
            client.let_window_grow()
            client.exchange(stream[sent:], len(stream))

    clients_wait(6)  # by now the server has allocated all that its clients share
    # A single answer that the server forgot to free would be 60 KB.
    odds = 8 * (32 if server.target.piece_bytes else 16) * KIBIBYTE
    allowed = Allowance({"an allocator's odds and ends": odds})
    grown = least_growth(server.process.memory_bytes, lambda: clients_wait(8), allowed.bytes)
    assert grown < allowed.bytes, (
        f"{in_units(grown)} more after eight clients whose answers had to wait; {allowed}")
