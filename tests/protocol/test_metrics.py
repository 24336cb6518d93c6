"""SIGUSR1 and --metrics: what the server has counted."""

from __future__ import annotations

import re
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import rules
from harness import metrics
from harness.frames import frame
from harness.proc import wait_until
from harness.server import Server
from harness.strace import Strace
from harness.subject import free_port

pytestmark = pytest.mark.needs("metrics")

SCRAPE_SECONDS = 2.0
WRONG = ("", "9179", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x", "::1:9179",
         "[127.0.0.1]:9179", "0.0.0.0:9179", "[::]:9179", "192.0.2.7:9179", "localhost:9179",
         "[::ffff:127.0.0.1]:9179")  # fmt: skip


def expect_end(server: Server, status: int, *named: str) -> None:
    """It ends so, after one line on stderr that has all these words."""
    ended = server.wait_exit()
    lines = server.stderr_text().splitlines()
    assert ended == status and len(lines) == 1, f"exit status {ended} after {lines}"
    for word in named:
        assert word in lines[0], f"the line does not name {word}: {lines[0]}"


@pytest.mark.rule(rules.METRICS)
@pytest.mark.parametrize("workers", ["1", "3"])
def test_what_was_counted_is_what_has_happened(
    start: Callable[..., Server], where: str, workers: str
) -> None:
    server = start("--metrics", where, "--workers", workers)
    metrics.five_of_whom_three_leave(server)
    found = metrics.wait_for(server, where, lambda now: now["echo_connections_open"] == 2)
    assert found["echo_connections_accepted_total"] == 5
    assert found["echo_connections_refused_total"] == 0
    for outcome in ("left", "cut_short", "too_long"):
        assert found[f'echo_connections_ended_total{{outcome="{outcome}"}}'] == 1, outcome
    assert found["echo_answers_total"] == found["echo_answer_seconds_count"] == 5
    assert found["echo_sent_bytes_total"] == 5 * 100
    assert found["echo_received_bytes_total"] == 5 * 100 + len(frame(b"cut short")) - 1 + 4
    assert 0 < found["echo_answer_seconds_sum"] < 5 * server.patience


@pytest.mark.rule(rules.METRICS)
def test_each_worker_counts_and_no_message_is_lost(
    start: Callable[..., Server], where: str
) -> None:
    server = start("--metrics", where, "--workers", "4")
    clients = [server.connect() for _ in range(40)]
    for _ in range(25):
        for client in clients:
            client.send_messages(b"at the same time")
        for client in clients:
            client.expect(b"at the same time")
    assert metrics.ask_by_signal(server)["answers_total"] == "1000"
    found = metrics.scrape(where, server.patience)
    assert found["echo_answers_total"] == 1000
    assert found["echo_connections_open"] == 40


@pytest.mark.rule(rules.METRICS)
def test_the_signal_says_the_same_in_a_line(server: Server) -> None:
    server.connect().echo(b"counted")
    first = metrics.ask_by_signal(server)
    assert first["connections_open"] == first["connections_accepted_total"] == "1"
    assert first["answers_total"] == "1" and first["received_bytes_total"] == "11"
    server.connect().echo(b"and once more")
    assert metrics.ask_by_signal(server)["answers_total"] == "2"
    assert len(server.log_lines()) == 2


@pytest.mark.rule(rules.METRICS)
def test_the_signal_ends_nothing_though_the_server_was_stopped_meanwhile(server: Server) -> None:
    """SIGSTOP interrupts what waits in the kernel. A call that has submitted something before says
    nothing of it: so it is the second one that fails."""
    server.pause()
    server.resume()
    server.process.wait_until_asleep(server.patience)
    server.pause()
    server.send_signal(signal.SIGUSR1)
    server.resume()
    server.wait_for_log_lines(1)
    server.connect().echo(b"alive")


@pytest.mark.rule(rules.METRICS)
def test_the_ring_is_counted(start: Callable[..., Server], where: str) -> None:
    server = start("--metrics", where)
    client = server.connect()
    client.echo(b"warm")
    with Strace(server) as tracer:
        before = metrics.scrape(where, server.patience)
        for _ in range(200):
            client.echo(b"counted")
        after = metrics.scrape(where, server.patience)
    calls = after["echo_ring_enter_calls_total"] - before["echo_ring_enter_calls_total"]
    seen = tracer.calls()["io_uring_enter"]
    assert 200 <= calls <= seen <= calls + 30, f"{calls} calls are counted, and {seen} were seen"
    assert after["echo_ring_submitted_total"] - before["echo_ring_submitted_total"] >= 400
    assert after["echo_ring_completed_total"] - before["echo_ring_completed_total"] >= 200


@pytest.mark.rule(rules.METRICS)
def test_completions_that_did_not_fit_are_counted(start: Callable[..., Server], where: str) -> None:
    server = start("--metrics", where, "--ring", "entries=4")
    clients = [server.connect() for _ in range(64)]
    for client in clients:
        client.echo(b"here")
    server.pause()
    for client in clients:
        client.send_messages(b"all together")
    server.resume()
    for client in clients:
        client.expect(b"all together")
    assert metrics.scrape(where, server.patience)["echo_ring_overflows_total"] > 0


@pytest.mark.rule(rules.METRICS)
def test_who_waits_for_a_place_is_counted(start: Callable[..., Server], where: str) -> None:
    server = start("--metrics", where, "--max-connections", "1")
    first, second = server.connect(), server.connect()
    first.echo(b"inside")
    second.send_messages(b"waiting")
    metrics.wait_for(server, where, lambda now: now["echo_connection_waits_total"] == 1)
    first.close()
    second.expect(b"waiting")


@pytest.mark.rule(rules.SCRAPED_LOCALLY)
@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "[::1]"])
def test_a_loopback_address_serves(start: Callable[..., Server], host: str) -> None:
    where = f"{host}:{free_port()}"
    server = start("--metrics", where)
    assert metrics.scrape(where, server.patience)["echo_connections_open"] == 0


@pytest.mark.rule(rules.SCRAPED_LOCALLY)
@pytest.mark.parametrize("wrong", WRONG)
def test_no_other_address_does(start: Callable[..., Server], wrong: str) -> None:
    expect_end(start("--metrics", wrong, ready=False), 2, "--metrics", "loopback")


@pytest.mark.rule(rules.SCRAPED_LOCALLY)
def test_a_socket_that_was_left_behind_is_replaced_and_a_file_is_not(
    start: Callable[..., Server], where: str
) -> None:
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(where)
    server = start("--metrics", where)
    metrics.scrape(where, server.patience)
    file = Path(where).with_name("precious")
    file.write_text("not to be lost\n")
    expect_end(start("--metrics", str(file), ready=False), 1, "--metrics", str(file), "exists")
    assert file.read_text() == "not to be lost\n"


@pytest.mark.rule(rules.SCRAPED_LOCALLY)
def test_an_address_in_use_is_named(start: Callable[..., Server]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        expect_end(start("--metrics", where, ready=False), 1, "--metrics", where, "in use")


@pytest.mark.needs("metrics", "takeover")
@pytest.mark.rule(rules.METRICS)
@pytest.mark.parametrize("workers", ["1", "3"])
def test_a_successor_answers_at_the_same_address(
    start: Callable[..., Server], tmp_path: Path, workers: str
) -> None:
    where = f"127.0.0.1:{free_port()}"
    gate = ("--takeover", str(tmp_path / "gate"), "--drain-timeout", "60s")
    options = (*gate, "--metrics", where, "--workers", workers)
    old = start(*options)
    stays = old.connect()
    stays.echo(b"counted by the old one")
    new = start(*options)
    # In between either may answer, and one of them does.
    metrics.wait_for(new, where, lambda now: now["echo_connections_accepted_total"] == 0)
    metrics.expect_to_remain(where, "echo_connections_accepted_total", 0, new.patience)
    new.connect().echo(b"counted by the new one")
    metrics.wait_for(new, where, lambda now: now["echo_answers_total"] == 1)
    stays.echo(b"the old one is still there")


@pytest.mark.needs("metrics", "takeover")
@pytest.mark.rule(rules.METRICS)
def test_a_successor_may_answer_elsewhere_or_not_at_all(
    start: Callable[..., Server], tmp_path: Path
) -> None:
    gate = ("--takeover", str(tmp_path / "gate"), "--drain-timeout", "60s")
    first, second = (f"127.0.0.1:{free_port()}" for _ in range(2))
    servers = [start(*gate, "--metrics", first)]
    stays = servers[0].connect()
    stays.echo(b"keeps the old one")
    servers.append(start(*gate, "--workers", "2"))
    for _ in range(20):
        servers[-1].connect().echo(b"not taken for a scraper")
    assert wait_until(lambda: is_refused(first, 1), servers[0].patience), "it is still open"
    for where in (second, first):
        servers.append(start(*gate, "--workers", "2", "--metrics", where))
        metrics.scrape(where, servers[-1].patience)
    stays.echo(b"still there")
    for server in servers:  # each may have accepted what was meant for its successor
        server.close_clients()
    for replaced in servers[:-1]:
        assert replaced.wait_exit() == 0


def is_refused(where: str, patience: float) -> bool:
    try:
        metrics.connect(where, patience).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.rule(rules.SCRAPED_LOCALLY)
@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.0\r\n\r\n", b"404"),
        (b"GET /metrics2 HTTP/1.0\r\n\r\n", b"404"),
        (b"GET /metrics?name=x HTTP/1.1\r\nHost: a\r\n\r\n", b"200"),
        (b"GET /metrics HTTP/1.0\n\n", b"200"),
        (b"POST /metrics HTTP/1.0\r\n\r\n", b"405"),
        (b"\r\n\r\n", b"400"),
        (b"GET /metrics HTTP/1.0\r\nX: " + b"y" * 5000, b"400"),
    ],
)
def test_what_is_no_scrape_is_told_so(
    start: Callable[..., Server], where: str, request_: bytes, status: bytes
) -> None:
    server = start("--metrics", where)
    answer = metrics.ask(where, request_, server.patience)
    assert answer.startswith(b"HTTP/1.0 " + status + b" "), answer[:80]
    assert (b"\r\nAllow: GET, HEAD\r\n" in answer) == (status == b"405"), answer


@pytest.mark.rule(rules.SCRAPED_LOCALLY)
@pytest.mark.parametrize("path", [b"/metrics", b"/elsewhere"])
def test_head_gets_the_head_alone(start: Callable[..., Server], where: str, path: bytes) -> None:
    server = start("--metrics", where)
    head, whole = (
        metrics.ask(where, method + b" " + path + b" HTTP/1.0\r\n\r\n", server.patience)
        for method in (b"HEAD", b"GET")
    )
    length = re.compile(rb"\r\nContent-Length: (\d+)\r\n")
    end = b"\r\n\r\n"
    assert length.sub(b"", head) == length.sub(b"", whole[: whole.index(end)] + end)
    promised = length.search(head)
    assert promised and (int(promised[1]) > 0) == (path == b"/metrics"), head


@pytest.fixture
def crowd() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.mark.clock
@pytest.mark.rule(rules.SLOW_SCRAPER)
def test_slow_scrapers_hold_up_nobody_for_long(
    start: Callable[..., Server], where: str, crowd: ExitStack
) -> None:
    server = start("--metrics", where)
    slow = [crowd.enter_context(metrics.connect(where, server.patience))
            for _ in range(metrics.SCRAPERS_MAX)]  # fmt: skip
    for scraper in slow:
        scraper.send(b"GET /met")
    client = server.connect()
    for _ in range(100):
        client.echo(b"not held up")
    assert metrics.scrape(where, SCRAPE_SECONDS + server.patience)["echo_answers_total"] == 100
    for scraper in slow:
        assert scraper.recv(1) == b"", "it was given up, and not told anything"


@pytest.mark.rule(rules.SLOW_SCRAPER)
def test_a_scraper_that_vanishes_ends_nothing(start: Callable[..., Server], where: str) -> None:
    server = start("--metrics", where)
    for request in (b"", b"GET /metrics", b"GET /metrics HTTP/1.0\r\n\r\n"):
        for _ in range(2 * metrics.SCRAPERS_MAX):
            scraper = metrics.connect(where, server.patience)
            scraper.sendall(request)
            scraper.close()
    server.connect().echo(b"alive")
    metrics.scrape(where, server.patience)


@pytest.mark.rule(rules.SLOW_SCRAPER)
def test_a_scraper_that_resets_ends_nothing(start: Callable[..., Server]) -> None:
    where = f"127.0.0.1:{free_port()}"
    server = start("--metrics", where)
    for _ in range(2 * metrics.SCRAPERS_MAX):
        with metrics.connect(where, server.patience) as scraper:
            scraper.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            scraper.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
    metrics.scrape(where, server.patience)
    server.connect().echo(b"alive")
