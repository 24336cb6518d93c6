"""SIGUSR1 and --metrics: what the daemon has counted, and that its fences stay closed."""

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import rules
from conftest import ALICE
from harness.proc import wait_until
from harness.strace import Strace, from_start
from harness.subject import REPOSITORY, free_port
from kit import metrics
from kit.parent import only_worker, reload, workers
from kit.reference import NO_PLAN, converted
from kit.server import FingerServer, Start

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.METRICS)]

ANSWER = converted(ALICE)
TOLD = {
    "no_such_user": b"nobody-of-that-name",
    "relay_denied": b"alice@elsewhere",
    "invalid_query": b"\xff",
    "query_too_long": b"x" * 1025,
}


@pytest.mark.parametrize("options", [(), ("--workers", "3"), ("--quiet",)])
def test_each_outcome_is_counted(start: Start, where: str, options: tuple[str, ...]) -> None:
    server = start("--metrics", where, *options)
    for _ in range(3):
        server.expect(b"alice", ANSWER)
    server.expect(b"bob", NO_PLAN)
    answers = [len(server.ask(query)) for query in TOLD.values()]
    with server.connect() as client:
        client.send_and_half_close(b"ali")
        answers.append(len(client.receive_until_end()))
    found = metrics.wait_for(server, where, lambda now: now["fingerd_connections_open"] == 0)
    assert metrics.outcome(found, "answered") == 3 and metrics.outcome(found, "no_plan") == 1
    assert metrics.outcome(found, "unexpected_eof") == 1
    for name in TOLD:
        assert metrics.outcome(found, name) == 1, name
    exchanges = sum(number for name, number in found.items() if "exchanges_total" in name)
    assert found["fingerd_connections_accepted_total"] == exchanges == 5 + len(TOLD)
    assert found["fingerd_sent_bytes_total"] == 3 * len(ANSWER) + len(NO_PLAN) + sum(answers)
    assert found["fingerd_answer_seconds_count"] == exchanges
    assert found["fingerd_ring_completed_total"] > exchanges


def test_who_is_turned_away_is_no_exchange(start: Start, where: str) -> None:
    server = start("--metrics", where, "--max-per-ip", "1")
    with server.connect() as first, server.connect() as second:
        second.expect_answer(b"")
        found = metrics.scrape(where, server.patience)
        assert found["fingerd_connections_refused_total"] == 1
        assert found["fingerd_connections_open"] == 1
        first.send(b"alice\r\n")
        first.expect_answer(ANSWER)


def test_the_signal_logs_a_line(start_either: Start, where: str) -> None:
    """Also if the parent has it, as from systemctl kill; the worker has counted."""
    server = start_either("--quiet", "--metrics", where)
    for number in range(1, 3):
        server.expect(b"alice", ANSWER)
        assert metrics.outcome(metrics.scrape(where, server.patience), "answered") == number
        words = metrics.ask_by_signal(server)
        assert words['exchanges_total{outcome="answered"}'] == str(number)


def test_the_signal_ends_nothing_though_the_daemon_was_stopped_meanwhile(
    server: FingerServer
) -> None:
    """SIGSTOP interrupts what waits in the kernel. A call that has submitted something before says
    nothing of it: so it is the second one that fails."""
    server.pause()
    server.resume()
    server.process.wait_until_asleep(server.patience)
    server.pause()
    server.send_signal(signal.SIGUSR1)
    server.resume()
    server.wait_for_log_lines(1)
    server.expect(b"alice", ANSWER)


@pytest.mark.parametrize("workers", ["1", "3"])
def test_the_rings_are_counted(start: Start, where: str, workers: str) -> None:
    server = start("--metrics", where, "--workers", workers)
    server.expect(b"alice", ANSWER)
    with Strace(server) as tracer:
        before = metrics.scrape(where, server.patience)
        for _ in range(60):
            server.expect(b"alice", ANSWER)
        after = metrics.scrape(where, server.patience)
    calls = after["fingerd_ring_enter_calls_total"] - before["fingerd_ring_enter_calls_total"]
    seen = tracer.calls()["io_uring_enter"]
    assert 60 <= calls <= seen <= calls + 30, f"{calls} calls are counted, and {seen} were seen"
    submitted = after["fingerd_ring_submitted_total"] - before["fingerd_ring_submitted_total"]
    completed = after["fingerd_ring_completed_total"] - before["fingerd_ring_completed_total"]
    assert 120 <= submitted < 60_000 and 120 <= completed < 60_000


def test_completions_that_did_not_fit_are_counted(start: Start, where: str) -> None:
    server = start("--metrics", where, "--ring", "entries=4", "--max-per-ip", "64",
                   "--query-timeout", "0")  # fmt: skip
    clients = [server.connect() for _ in range(64)]
    for client in clients:
        client.send_in_pieces(b"ali")
    metrics.wait_for(server, where, lambda now: now["fingerd_connections_open"] == 64)
    server.pause()
    for client in clients:
        client.send(b"ce\r\n")
    server.resume()
    for client in clients:
        client.expect_answer(ANSWER)
    assert metrics.scrape(where, server.patience)["fingerd_ring_overflows_total"] > 0


def test_a_client_that_waits_for_a_place_is_counted(start: Start, where: str) -> None:
    server = start("--metrics", where, "--max-clients", "1")
    first, second = server.connect(), server.connect()
    first.send(b"ali")
    metrics.wait_for(server, where, lambda now: now["fingerd_connection_waits_total"] == 1)
    first.close()
    second.send(b"alice\r\n")
    second.expect_answer(ANSWER)
    waits = metrics.scrape(where, server.patience)["fingerd_connection_waits_total"]
    assert waits == 1, "it has waited once, however often it was looked at"


def test_a_reload_forgets_nothing(start_as_root: Start, where: str) -> None:
    options = ("--deadline", "60s", "--query-timeout", "60s")
    server = start_as_root("--metrics", where, *options)
    with server.connect() as keeps_the_old_one:
        keeps_the_old_one.send(b"ali")
        server.expect(b"alice", ANSWER)
        before = only_worker(server)
        server.send_signal(signal.SIGHUP)
        assert wait_until(lambda: any("reloaded" in line for line in server.log_lines()),
                          server.patience)  # fmt: skip
        assert before in workers(server), "the old worker has gone: this tests nothing"
        metrics.expect_always(where, "fingerd_connections_accepted_total", 2, server.patience)
        metrics.expect_always(where, "fingerd_connections_open", 1, server.patience)
        keeps_the_old_one.send(b"ce\r\n")
        keeps_the_old_one.expect_answer(ANSWER)
    only_worker(server)
    found = metrics.wait_for(server, where, lambda now: now["fingerd_connections_open"] == 0)
    assert metrics.outcome(found, "answered") == 2
    assert found["fingerd_connections_accepted_total"] == 2
    assert found["fingerd_answer_seconds_count"] == 2
    assert metrics.ask_by_signal(server)['exchanges_total{outcome="answered"}'] == "2"


def test_a_worker_that_is_killed_leaves_what_it_has_counted(
    start_as_root: Start, where: str
) -> None:
    server = start_as_root("--metrics", where)
    for number in range(1, 3):
        stays = server.connect()
        stays.send_in_pieces(b"ali")
        server.expect(b"alice", ANSWER)
        os.kill(only_worker(server), signal.SIGKILL)
        stays.receive_until_gone()
        found = metrics.wait_for(server, where, lambda now: now["fingerd_connections_open"] == 0)
        assert metrics.outcome(found, "answered") == number
        assert found["fingerd_connections_accepted_total"] == 2 * number


def test_users_and_reloads_are_counted(
    request: pytest.FixtureRequest, start_either: Start, how: str, where: str
) -> None:
    before = time.time()
    server = start_either("--metrics", where)
    found = metrics.scrape(where, server.patience)
    assert before - 1 <= found["fingerd_start_time_seconds"] <= time.time()
    assert [value for name, value in found.items() if "build_info{version=" in name] == [1]
    served = found["fingerd_users"]
    assert served == (3 if how == "alone" else 2)
    reloaded = metrics.wait_for(server, where, after_a_signal(server, "fingerd_reloads_total"))
    assert reloaded["fingerd_users"] == served and reloaded["fingerd_reloads_failed_total"] == 0
    if how == "alone":
        server.users.directory.rename(server.users.directory.with_name("gone"))
    else:
        request.getfixturevalue("machine").write_group("fingers")
    metrics.wait_for(server, where, after_a_signal(server, "fingerd_reloads_failed_total"))


def after_a_signal(server: FingerServer, name: str) -> Callable[[metrics.Samples], bool]:
    server.send_signal(signal.SIGHUP)
    return lambda now: now[name] == 1


@pytest.mark.parametrize("error", ["EAFNOSUPPORT", "EROFS"])
def test_what_the_unit_takes_away_is_explained(
    start: Start, where: str, tmp_path: Path, error: str
) -> None:
    under = from_start(tmp_path / "trace", "-e", f"inject=bind:error={error}:when=2")
    server = start("--metrics", where, under=under, ready=False)
    assert server.wait_exit() == 1
    assert server.stderr_text().rstrip().endswith(": leave it out, and let fingerd-metrics.socket "
                                                  "listen")  # fmt: skip


PAGES = {"README": "README.md", "man page": "server/fingerd.8.scd"}


@pytest.mark.parametrize("page", PAGES)
def test_every_name_is_on_the_page(start: Start, where: str, page: str) -> None:
    server = start("--metrics", where)
    text = (REPOSITORY / "finger" / PAGES[page]).read_text()
    names = set(metrics.scrape(where, server.patience))
    told = {re.sub(r"_(bucket|sum|count)$", "", re.sub("{.*", "", name)) for name in names}
    told |= set(re.findall(r'outcome="(\w+)"', " ".join(names)))
    missing = {name for name in told if not re.search(rf"[`_]{name}[`_{{]", text)}
    assert len(told) > 20 and not missing, missing


def test_a_scraper_that_has_connected_is_answered_whatever_happens_to_the_worker(
    start_either: Start, how: str, tmp_path: Path
) -> None:
    """A worker is replaced by the next one of its parent, and a daemon alone by another."""
    where = f"127.0.0.1:{free_port()}"
    options = ("--takeover", str(tmp_path / "gate"), "--metrics", where)
    server = start_either(*options)
    with metrics.connect(where, server.patience) as scraper:
        scraper.sendall(b"GET /met")
        metrics.scrape(where, server.patience)  # so the first one was accepted before
        if how == "parent":
            server.send_signal(signal.SIGHUP)
            assert wait_until(lambda: "reloaded" in server.stderr_text(), server.patience)
        else:
            start_either(*options)
        scraper.sendall(b"rics HTTP/1.0\r\n\r\n")
        assert scraper.recv(100).startswith(b"HTTP/1.0 200 OK\r\n")
    assert how == "parent" or server.wait_exit() == 0


def test_a_successor_answers_at_the_same_address(start_either: Start, tmp_path: Path) -> None:
    where = f"127.0.0.1:{free_port()}"
    options = ("--takeover", str(tmp_path / "gate"), "--metrics", where, "--deadline", "60s",
               "--query-timeout", "60s")  # fmt: skip
    old = start_either(*options)
    stays = old.connect()
    stays.send(b"ali")
    old.expect(b"alice", ANSWER)
    new = start_either(*options)
    metrics.wait_for(new, where, lambda now: now["fingerd_connections_accepted_total"] == 0)
    new.expect(b"alice", ANSWER)
    metrics.expect_to_remain(where, "fingerd_connections_accepted_total", 1, new.patience)
    stays.send(b"ce\r\n")
    stays.expect_answer(ANSWER)


def test_a_successor_may_answer_elsewhere_or_not_at_all(start: Start, tmp_path: Path) -> None:
    gate = ("--takeover", str(tmp_path / "gate"), "--deadline", "60s", "--query-timeout", "60s")
    first, second = (f"127.0.0.1:{free_port()}" for _ in range(2))
    servers = [start(*gate, "--metrics", first)]
    stays = servers[0].connect()
    stays.send(b"ali")
    servers[0].expect(b"alice", ANSWER)  # so the one before it has been accepted
    servers.append(start(*gate))
    for _ in range(20):
        servers[-1].expect(b"alice", ANSWER)  # none is taken for a scraper
    assert wait_until(lambda: is_refused(first), servers[0].patience), "it is still open"
    for where in (second, first):
        servers.append(start(*gate, "--metrics", where))
        metrics.scrape(where, servers[-1].patience)
    stays.send(b"ce\r\n")
    stays.expect_answer(ANSWER)
    for replaced in servers[:-1]:
        assert replaced.wait_exit() == 0


def is_refused(where: str) -> bool:
    """Whether nobody listens for scrapers there."""
    try:
        metrics.connect(where, 1).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_signal_to_every_process_of_that_name_ends_none(start_as_root: Start) -> None:
    server = start_as_root()
    before = only_worker(server)
    for pid in (server.pid, before):
        os.kill(pid, signal.SIGUSR1)
    server.wait_for_log_lines(1)
    server.expect(b"alice", ANSWER)
    assert only_worker(server) == before
    assert reload(server) != before
