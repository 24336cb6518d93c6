"""--max-connections: at the limit, new connections wait in the backlog, and all get their turn."""

import time

import pytest

import rules
from harness.at_rest import expect_rest
from harness.crowd import MESSAGE, crowd
from harness.limits import backlog_max, need_descriptors
from harness.server import Start
from harness.timing import expect_served_at_once

GREATEST = 10_000_000

pytestmark = [
    pytest.mark.needs("max-connections"),
    pytest.mark.rule(rules.MAX_CONNECTIONS),
    pytest.mark.every_ring,
]


def test_at_the_limit_a_new_connection_waits_until_one_leaves(start: Start) -> None:
    server = start("--max-connections", "3")
    served = [server.connect() for _ in range(3)]
    for client in served:
        client.echo(b"has a place")
    new_connection = server.connect()  # accepted by the kernel, but not by the server
    new_connection.send_messages(b"waits")
    new_connection.expect_silence(0.2, " to client 4, since three others have all places")
    served[1].close()
    new_connection.expect(b"waits")
    for client in (served[0], served[2]):
        client.echo(b"noticed nothing")


def test_the_greatest_limit_is_a_limit_like_any_other(start: Start) -> None:
    server = start("--max-connections", str(GREATEST))
    for client in [server.connect() for _ in range(20)]:
        client.echo(b"one of millions")


def test_ten_more_than_the_limit_are_all_served_in_the_end(start: Start) -> None:
    limit = 20
    server = start("--max-connections", str(limit))
    clients = crowd(server, limit + 10)
    for client in clients[:limit]:
        client.expect(MESSAGE)  # so the server is full before anybody leaves
    # They're served in the order of the backlog, so each client that leaves lets the next one in.
    for leaving, waiting in zip(clients[:10], clients[limit:], strict=True):
        leaving.close()
        waiting.expect(MESSAGE)


def test_clients_that_left_while_they_waited_are_passed_over(start: Start) -> None:
    server = start("--max-connections", "1")
    first = server.connect()
    first.echo(b"has the place")
    for number in range(10):
        impatient = server.connect()
        impatient.send_messages(b"in vain")
        if number % 2:
            impatient.reset()
        else:
            impatient.close()
    patient = server.connect()
    patient.send_messages(b"waited")
    first.close()
    patient.expect(b"waited")


@pytest.mark.rule(rules.BACKLOG)
def test_as_many_as_the_kernel_allows_wait_in_the_backlog(start: Start) -> None:
    count = backlog_max()
    need_descriptors(count + 100)
    server = start("--max-connections", "1")
    server.connect().echo(b"has the only place")
    for number in range(count):
        # If the backlog is too short, this fails with a message about it.
        server.connect(source=f"127.0.0.{2 + number % 100}")


@pytest.mark.clock
@pytest.mark.needs("max-connections", "rest-when-idle")
def test_waiting_new_connections_cost_no_processor_time(start: Start) -> None:
    server = start("--max-connections", "1")
    served = server.connect()
    served.echo(b"has the place")
    for _ in range(5):
        server.connect().send_messages(b"waits")
    expect_served_at_once(served, "while new connections wait for a place")
    time.sleep(0.3)  # under SQPOLL the kernel thread looks for work this long before it sleeps
    expect_rest(server, "while new connections wait for a place")
