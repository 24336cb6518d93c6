"""Out of descriptors: new connections wait, the processor rests, the log stays short."""

import resource
import signal
import time

import pytest

import rules
from harness.at_rest import expect_rest
from harness.crowd import MESSAGE, answered, begun_crowd, expect_all_served
from harness.frames import long_stream
from harness.server import Server, Start
from harness.timing import expect_served_at_once

pytestmark = pytest.mark.needs("out-of-descriptors")

LIMIT = 32
WATCHED_SECONDS = 0.6


@pytest.mark.rule(rules.OUT_OF_DESCRIPTORS)
def test_new_connections_wait_and_are_all_served_when_others_leave(start: Start) -> None:
    server = start("--max-connections", "1000", descriptor_limit=LIMIT)
    waiting = begun_crowd(server)
    if len(answered(waiting)) == len(waiting) < len(server.tree.pids()) * LIMIT:
        pytest.skip("each of the server's processes has descriptors of its own: they suffice for "
                    f"{len(waiting)} clients")
    assert len(answered(waiting)) < len(waiting), "the limit of descriptors was no limit"
    expect_all_served(waiting, server.patience)


@pytest.mark.clock
@pytest.mark.rule(rules.OUT_OF_DESCRIPTORS)
def test_clients_with_a_place_are_served_while_others_wait_for_one(start: Start) -> None:
    server = start("--max-connections", "1000", descriptor_limit=LIMIT)
    for client in answered(begun_crowd(server)):
        client.expect(MESSAGE)
        client.echo(b"and once more")
    expect_served_at_once(client, "while new connections wait for a descriptor")


@pytest.mark.clock
@pytest.mark.rule(rules.OUT_OF_DESCRIPTORS)
def test_a_lack_of_descriptors_does_not_fill_the_log(start: Start) -> None:
    server = start("--max-connections", "1000", descriptor_limit=LIMIT)
    begun_crowd(server)
    before = len(server.log_lines())
    time.sleep(WATCHED_SECONDS)
    lines = server.log_lines()[before:]
    assert len(lines) <= 2, f"{len(lines)} lines in {WATCHED_SECONDS} s: {lines[:5]}"


@pytest.mark.clock
@pytest.mark.needs("out-of-descriptors", "rest-when-idle", "concurrency")
@pytest.mark.rule(rules.OUT_OF_DESCRIPTORS)
def test_accept_is_not_retried_in_a_loop_without_descriptors(start: Start) -> None:
    server = start("--max-connections", "1000", descriptor_limit=LIMIT)
    begun_crowd(server)
    time.sleep(0.1)
    expect_rest(server, "while new connections wait for a descriptor")


@pytest.mark.rule(rules.OUT_OF_DESCRIPTORS)
def test_a_stop_works_without_a_free_descriptor(start: Start) -> None:
    server = start("--max-connections", "1000", descriptor_limit=LIMIT)
    begun_crowd(server)
    server.expect_stop()


@pytest.mark.clock
@pytest.mark.needs("out-of-descriptors", "rest-when-idle", "concurrency", "drain")
@pytest.mark.rule(rules.OUT_OF_DESCRIPTORS)
def test_a_stop_that_begins_without_descriptors_rests_while_it_waits_for_a_slow_reader(
    start: Start,
) -> None:
    # When the signal comes, the server isn't watching its listener, and won't watch it again. If
    # the loop still has a retry scheduled for a time that is past by now, it never sleeps.
    server = start(
        "--max-connections", "1000", "--drain-timeout", "30s", descriptor_limit=LIMIT
    )
    slow_reader = server.connect(receive_buffer=4096)
    slow_reader.send_until_stuck(long_stream())
    begun_crowd(server)
    server.send_signal(signal.SIGTERM)
    time.sleep(0.3)  # meanwhile the others are served, and a retry would be due
    expect_rest(server, "while a stop waits for a slow reader", may_look=True)
    slow_reader.close()
    server.expect_exit()


@pytest.mark.rule(rules.RAISE_LIMIT)
def test_the_soft_limit_is_raised_to_the_hard_one(server: Server) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft = server.process.soft_descriptor_limit()
    assert soft == hard, f"the soft limit is {soft}, and could be {hard}"


@pytest.mark.rule(rules.RAISE_LIMIT)
def test_a_limit_below_the_connections_is_logged_once(start: Start) -> None:
    server = start("--max-connections", "1000", descriptor_limit=64)
    server.connect().echo(b"served nevertheless")
    assert len(server.stderr_text().splitlines()) == 1, "not said, or not once"
    silent = start("--max-connections", "10", descriptor_limit=64)
    assert silent.stderr_text() == "", "64 descriptors are enough for 10 connections"
