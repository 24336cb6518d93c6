"""--metrics: where the daemon may be asked for what it has counted, and by whom it is held up."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import rules
from conftest import ALICE
from harness.subject import free_port
from kit import metrics
from kit.reference import converted
from kit.server import Start

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.SCRAPED_LOCALLY)]

ANSWER = converted(ALICE)
SCRAPE_SECONDS = 2.0
NOT_LOOPBACK = ("", "9179", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x",
                "::1:9179", "[127.0.0.1]:9179", "0.0.0.0:9179", "[::]:9179", "192.0.2.7:9179",
                "localhost:9179", "[::ffff:127.0.0.1]:9179")  # fmt: skip


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "[::1]"])
def test_a_loopback_address_serves(start: Start, host: str) -> None:
    where = f"{host}:{free_port()}"
    server = start("--metrics", where)
    server.expect(b"alice", ANSWER)
    assert metrics.outcome(metrics.scrape(where, server.patience), "answered") == 1


@pytest.mark.parametrize("wrong", NOT_LOOPBACK)
def test_no_other_address_does(start: Start, wrong: str) -> None:
    start("--metrics", wrong, ready=False).expect_refusal(2, "--metrics", "loopback")


def test_a_socket_that_was_left_behind_is_replaced_and_a_file_is_not(
    start: Start, where: str
) -> None:
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(where)
    server = start("--metrics", where)
    metrics.scrape(where, server.patience)
    file = Path(where).with_name("precious")
    file.write_text("not to be lost\n")
    start("--metrics", str(file), ready=False).expect_refusal(1, "--metrics", str(file), "exists")
    assert file.read_text() == "not to be lost\n"


def test_an_address_in_use_is_named(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        start("--metrics", where, ready=False).expect_refusal(1, "--metrics", where, "in use")


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
    start: Start, where: str, request_: bytes, status: bytes
) -> None:
    server = start("--metrics", where)
    answer = metrics.ask(where, request_, server.patience)
    assert answer.startswith(b"HTTP/1.0 " + status + b" "), answer[:80]
    assert (b"\r\nAllow: GET, HEAD\r\n" in answer) == (status == b"405"), answer


@pytest.mark.parametrize("path", [b"/metrics", b"/elsewhere"])
def test_head_gets_the_head_alone(start: Start, where: str, path: bytes) -> None:
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
def test_slow_scrapers_hold_up_nobody_for_long(start: Start, where: str, crowd: ExitStack) -> None:
    server = start("--metrics", where)
    slow = [crowd.enter_context(metrics.connect(where, server.patience))
            for _ in range(metrics.SCRAPERS_MAX)]  # fmt: skip
    for scraper in slow:
        scraper.send(b"GET /met")
    for _ in range(20):
        server.expect(b"alice", ANSWER)
    found = metrics.scrape(where, SCRAPE_SECONDS + server.patience)
    assert metrics.outcome(found, "answered") == 20
    for scraper in slow:
        assert scraper.recv(1) == b"", "it was given up, and not told anything"


@pytest.mark.rule(rules.SLOW_SCRAPER)
@pytest.mark.parametrize("request_, then", [
    (b"", "stay"), (b"GET /met", "stay"), (b"", "close"), (b"GET /met", "close"),
    (b"GET /metrics HTTP/1.0\r\n\r\n", "close"), (b"GET /metrics HTTP/1.0\r\n\r\n", "reset"),
], ids=["silent", "half", "gone", "gone-half", "gone-whole", "reset"])  # fmt: skip
def test_whatever_fifty_scrapers_do_they_hold_up_nobody(
    start: Start, crowd: ExitStack, request_: bytes, then: str
) -> None:
    where = f"127.0.0.1:{free_port()}"
    server = start("--metrics", where)
    for _ in range(50):
        scraper = crowd.enter_context(metrics.connect(where, server.patience))
        if then == "reset":
            scraper.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        scraper.sendall(request_)
        if then != "stay":
            scraper.close()
    begin = time.monotonic()
    for _ in range(20):
        server.expect(b"alice", ANSWER)
    assert metrics.outcome(metrics.scrape(where, server.patience), "answered") == 20
    assert time.monotonic() - begin < SCRAPE_SECONDS, "somebody had to wait for them"
