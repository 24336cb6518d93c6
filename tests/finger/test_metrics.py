"""SIGUSR1 and --metrics: what the daemon has counted, and that its fences stay closed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

import rules
from conftest import ALICE
from harness import metrics
from harness.proc import wait_until
from harness.subject import free_port
from kit.machine import workers
from kit.parent import only_worker, reload
from kit.reference import NO_PLAN, converted
from kit.server import FingerServer

pytestmark = pytest.mark.needs("metrics")

ANSWER = converted(ALICE)
TOLD = {
    "no_such_user": b"nobody-of-that-name",
    "relay_denied": b"alice@elsewhere",
    "invalid_query": b"\xff",
    "query_too_long": b"x" * 1025,
}


def outcome(found: metrics.Samples, name: str) -> float:
    return found[f'fingerd_exchanges_total{{outcome="{name}"}}']


@pytest.mark.rule(rules.METRICS)
@pytest.mark.parametrize("options", [(), ("--workers", "3"), ("--quiet",)])
def test_each_outcome_is_counted(
    start: Callable[..., FingerServer], where: str, options: tuple[str, ...]
) -> None:
    server = start("--metrics", where, *options)
    for _ in range(3):
        server.expect(b"alice", ANSWER)
    server.expect(b"bob", NO_PLAN)
    answers = [len(server.ask(query)) for query in TOLD.values()]
    with server.connect() as client:
        client.send_and_half_close(b"ali")
        answers.append(len(client.receive_until_end()))
    found = metrics.wait_for(server, where, lambda now: now["fingerd_connections_open"] == 0)
    assert outcome(found, "answered") == 3 and outcome(found, "no_plan") == 1
    assert outcome(found, "unexpected_eof") == 1
    for name in TOLD:
        assert outcome(found, name) == 1, name
    exchanges = sum(number for name, number in found.items() if "exchanges_total" in name)
    assert found["fingerd_connections_accepted_total"] == exchanges == 5 + len(TOLD)
    assert found["fingerd_sent_bytes_total"] == 3 * len(ANSWER) + len(NO_PLAN) + sum(answers)
    assert found["fingerd_answer_seconds_count"] == exchanges
    assert found["fingerd_ring_completed_total"] > exchanges


@pytest.mark.rule(rules.METRICS)
def test_who_is_turned_away_is_no_exchange(start: Callable[..., FingerServer], where: str) -> None:
    server = start("--metrics", where, "--max-per-ip", "1")
    with server.connect() as first, server.connect() as second:
        second.expect_answer(b"")
        found = metrics.scrape(where, server.patience)
        assert found["fingerd_connections_refused_total"] == 1
        assert found["fingerd_connections_open"] == 1
        first.send(b"alice\r\n")
        first.expect_answer(ANSWER)


@pytest.mark.rule(rules.METRICS)
def test_the_signal_logs_a_line(start: Callable[..., FingerServer]) -> None:
    server = start("--quiet")
    server.expect(b"alice", ANSWER)
    words = metrics.ask_by_signal(server)
    assert words['exchanges_total{outcome="answered"}'] == "1"
    server.expect(b"alice", ANSWER)
    assert metrics.ask_by_signal(server)['exchanges_total{outcome="answered"}'] == "2"


@pytest.mark.rule(rules.METRICS)
def test_with_a_loopback_address(start: Callable[..., FingerServer]) -> None:
    where = f"127.0.0.1:{free_port()}"
    server = start("--metrics", where)
    server.expect(b"alice", ANSWER)
    assert outcome(metrics.scrape(where, server.patience), "answered") == 1


@pytest.mark.rule(rules.SLOW_SCRAPER)
def test_scrapers_that_say_nothing_hold_up_no_client(
    start: Callable[..., FingerServer], where: str
) -> None:
    server = start("--metrics", where)
    with ExitStack() as stack:
        for _ in range(2 * metrics.SCRAPERS_MAX):
            stack.enter_context(metrics.connect(where, server.patience))
        for _ in range(20):
            server.expect(b"alice", ANSWER)
    assert outcome(metrics.scrape(where, server.patience), "answered") == 20


@pytest.mark.rule(rules.METRICS)
def test_started_as_root_the_worker_answers(
    start_as_root: Callable[..., FingerServer], where: str
) -> None:
    server = start_as_root("--metrics", where)
    server.expect(b"alice", ANSWER)
    assert outcome(metrics.scrape(where, server.patience), "answered") == 1
    words = metrics.ask_by_signal(server)  # to the parent, as systemctl kill would
    assert words['exchanges_total{outcome="answered"}'] == "1"


@pytest.mark.rule(rules.METRICS)
def test_after_a_reload_the_fresh_worker_counts_from_nothing(
    start_as_root: Callable[..., FingerServer], where: str
) -> None:
    server = start_as_root("--metrics", where, "--deadline", "60s")
    with server.connect() as keeps_the_old_one:
        keeps_the_old_one.send(b"ali")
        server.expect(b"alice", ANSWER)
        before = only_worker(server)
        server.send_signal(signal.SIGHUP)
        assert wait_until(lambda: any("reloaded" in line for line in server.log_lines()),
                          server.patience)  # fmt: skip
        assert before in workers(server), "the old worker has gone: this tests nothing"
        metrics.expect_always(where, "fingerd_connections_accepted_total", 0, server.patience)
        keeps_the_old_one.send(b"ce\r\n")
        keeps_the_old_one.expect_answer(ANSWER)


@pytest.mark.needs("takeover")
@pytest.mark.rule(rules.METRICS)
@pytest.mark.parametrize("how", ["alone", "parent"])
def test_a_successor_answers_at_the_same_address(
    request: pytest.FixtureRequest, start: Callable[..., FingerServer], how: str, tmp_path: Path
) -> None:
    where = f"127.0.0.1:{free_port()}"
    begin = start if how == "alone" else request.getfixturevalue("start_as_root")
    options = ("--takeover", str(tmp_path / "gate"), "--metrics", where, "--deadline", "60s")
    old = begin(*options)
    stays = old.connect()
    stays.send(b"ali")
    old.expect(b"alice", ANSWER)
    new = begin(*options)
    metrics.wait_for(new, where, lambda now: now["fingerd_connections_accepted_total"] == 0)
    new.expect(b"alice", ANSWER)
    metrics.expect_always(where, "fingerd_connections_accepted_total", 1, new.patience)
    stays.send(b"ce\r\n")
    stays.expect_answer(ANSWER)


@pytest.mark.rule(rules.METRICS)
def test_a_signal_to_every_process_of_that_name_ends_none(
    start_as_root: Callable[..., FingerServer],
) -> None:
    server = start_as_root()
    before = only_worker(server)
    for pid in (server.pid, before):
        os.kill(pid, signal.SIGUSR1)
    server.wait_for_log_lines(1)
    server.expect(b"alice", ANSWER)
    assert only_worker(server) == before
    assert reload(server) != before
