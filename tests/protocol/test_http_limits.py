"""--protocol http: an HTTP server keeps the rules for every server, too: limits, timeouts,
the log."""

import time
from collections.abc import Callable

import pytest

import rules
from harness.client import Client
from harness.http import expect_hello, expect_refusal, expect_status, get, padded
from harness.memory import connections, in_units, need_own_memory
from harness.proc import wait_until
from harness.server import Server, Start

pytestmark = pytest.mark.needs("http")

HEAD_BYTES_MAX = 8192
ENDLESS_BYTES = 8 << 20  # more than is allowed
CHUNKED = "Transfer-Encoding: chunked"
TIMEOUT, LATE = 0.4, 4.0
SLOW = ("--protocol", "http", "--read-timeout", "400ms")


def in_short_lines(total_bytes: int) -> bytes:
    """Makes a request of `total_bytes`, with many headers."""
    lines = [f"X-{number:04}: {'y' * 90}" for number in range(total_bytes // 100 - 2)]
    short = total_bytes - len(get("/", *lines, "X: "))
    return get("/", *lines, "X: " + "z" * short)


def in_one_path(total_bytes: int) -> bytes:
    """Makes a request of `total_bytes`, most of them in the request line."""
    return get("/" + "p" * (total_bytes - len(get("/"))))


def send_until_it_rests(server: Server, client: Client, data: bytes) -> int:
    """Sends until the server takes no more and isn't just busy. Returns how much it took."""
    sent = 0
    while taken := client.send_until_stuck(data[sent:]):
        sent += taken
        wait_until(lambda: rests(server), server.patience)
    return sent


def rests(server: Server) -> bool:
    """Returns true if the server sleeps, and has wanted no processor time for a moment."""
    before = server.process.wanted_seconds()
    time.sleep(0.05)
    return server.process.is_asleep() and server.process.wanted_seconds() - before < 0.005


HEADS = pytest.mark.parametrize("head", [in_short_lines, in_one_path, padded])


@HEADS
@pytest.mark.rule(rules.HTTP_TOO_LARGE)
def test_the_limit_of_the_header_section_counts_every_byte_of_it(
    web: Server, head: Callable[[int], bytes]
) -> None:
    client = web.connect()
    client.send(head(HEAD_BYTES_MAX))
    expect_hello(client)
    client.send(head(HEAD_BYTES_MAX + 1))
    expect_refusal(client, 431)


@HEADS
@pytest.mark.rule(rules.HTTP_TOO_LARGE)
@pytest.mark.parametrize("cut", [1, 4000, HEAD_BYTES_MAX - 1])
def test_the_limit_of_the_header_section_holds_however_it_is_cut(
    web: Server, head: Callable[[int], bytes], cut: int
) -> None:
    client = web.connect()
    largest, too_large = head(HEAD_BYTES_MAX), head(HEAD_BYTES_MAX + 1)
    client.send_in_pieces(get() + largest[:cut])  # the bytes of the first request don't count
    expect_hello(client)
    client.send_in_pieces(largest[cut:] + too_large[:cut])
    expect_hello(client)
    client.try_send(too_large[cut:])
    expect_refusal(client, 431)


@pytest.mark.rule(rules.BOUNDED_MEMORY)
@pytest.mark.parametrize(
    "begun, more",
    [
        (get()[:-2] + b"X: ", b"x"),
        (get("/", CHUNKED, body=b"1;"), b"e"),
        (get("/", CHUNKED, body=b"0\r\n"), b"T: t\r\n"),
        (get("/", CHUNKED), b"0"),
        (get(), b"\r\n"),
    ],
    ids=["header", "chunk-extension", "trailer", "chunk-size", "empty-lines"],
)
def test_a_request_that_never_ends_costs_bounded_memory(
    web: Server, begun: bytes, more: bytes
) -> None:
    need_own_memory(web)
    with web.connect() as client:
        client.send(get() + begun)
        expect_hello(client)
        client.let_it_arrive()
    web.process.forget_peak()
    before = web.process.memory_bytes()
    client = web.connect()
    allowed = connections() + web.target.at_work
    send_until_it_rests(web, client, begun + more * ((ENDLESS_BYTES + allowed.bytes) // len(more)))
    kept = web.process.peak_memory_bytes() - before
    assert kept < allowed.bytes, f"{in_units(kept)} for what never ends; {allowed}"


@pytest.mark.rule(rules.BOUNDED_MEMORY)
def test_a_client_that_reads_no_answer_costs_bounded_memory(web: Server) -> None:
    need_own_memory(web)
    with web.connect() as client:
        client.send(get())
        expect_hello(client)
    before = web.process.memory_bytes()
    client = web.connect(receive_buffer=4096)
    allowed = connections() + web.target.at_work
    stream = get() * 800_000
    taken = send_until_it_rests(web, client, stream)
    assert taken < len(stream), "everything was taken from a client that never reads"
    kept = web.process.memory_bytes() - before
    assert kept < allowed.bytes, f"{in_units(kept)} for a client that never reads; {allowed}"


@pytest.mark.clock
@pytest.mark.needs("http", "read-timeout")
@pytest.mark.rule(rules.READ_TIMEOUT)
def test_the_time_begins_again_with_each_request(start: Start) -> None:
    client = start(*SLOW).connect()
    for _ in range(4):
        time.sleep(TIMEOUT / 2)
        client.send(get())
        expect_hello(client)
    begin = time.monotonic()
    client.expect_end(within=TIMEOUT + LATE)
    waited = time.monotonic() - begin
    assert waited > TIMEOUT / 2, f"closed {waited:.2f} s after a request, not {TIMEOUT}"


@pytest.mark.clock
@pytest.mark.needs("http", "read-timeout")
@pytest.mark.rule(rules.BYTES_DO_NOT_EXTEND)
@pytest.mark.parametrize(
    "begun, more",
    [
        (get("/", "Content-Length: 100000"), b"b"),
        (get("/", CHUNKED), b"1\r\nb\r\n"),
        (b"", b"\r\n"),
    ],
    ids=["body", "chunks", "empty-lines"],
)
def test_a_request_that_never_completes_is_closed_in_time(
    start: Start, begun: bytes, more: bytes
) -> None:
    client = start(*SLOW).connect()
    begin = time.monotonic()
    client.send(begun)
    while not client.has_input():
        waited = time.monotonic() - begin
        assert waited < TIMEOUT + LATE, f"still open after {waited:.1f} s instead of {TIMEOUT}"
        client.try_send(more)
        time.sleep(0.02)
    client.expect_end()


@pytest.mark.clock
@pytest.mark.needs("http", "read-timeout")
@pytest.mark.rule(rules.BYTES_DO_NOT_EXTEND)
def test_being_told_to_continue_does_not_extend_the_time(start: Start) -> None:
    client = start("--protocol", "http", "--read-timeout", "2s").connect()
    begin = time.monotonic()
    time.sleep(1.6)  # late, so that a time that begins anew ends much later
    client.send(get("/", "Content-Length: 5", "Expect: 100-continue"))
    client.expect_bytes(b"HTTP/1.1 100 Continue\r\n\r\n")
    client.expect_end(within=2 + LATE)
    waited = time.monotonic() - begin
    assert waited < 3.3, f"closed after {waited:.1f} s instead of 2: 100 Continue is no answer"


@pytest.mark.needs("http", "logs")
@pytest.mark.rule(rules.LOGS)
@pytest.mark.parametrize(
    "begun",
    [
        b"G",
        get()[:-2],
        get("/", "Content-Length: 10", body=b"short"),
        get("/", CHUNKED, body=b"5\r\nab"),
        get("/", CHUNKED, body=b"0\r\n"),
    ],
    ids=["first-byte", "head", "body", "chunk", "trailer"],
)
def test_an_end_inside_a_request_is_logged_once(web: Server, begun: bytes) -> None:
    with web.connect() as client:
        client.send_and_half_close(get() + begun)
        expect_hello(client)
        client.expect_end()
    web.expect_stop()
    lines = web.log_lines()
    assert len(lines) == 1, f"{len(lines)} lines for an end inside a request: {lines}"


@pytest.mark.needs("http", "logs")
@pytest.mark.rule(rules.LOGS)
def test_answered_requests_leave_no_line(web: Server) -> None:
    asked = [
        (get(), 200),
        (get(method="HEAD"), 200),
        (get(method="PUT"), 405),
        (get("/", "Connection: close"), 200),
        (get(version="HTTP/1.0"), 200),
        (get("/", "Content-Length: 5", body=b"hello"), 200),
        (b"nonsense\r\n\r\n", 400),
    ]
    for request, status in asked:
        with web.connect() as client:
            client.send_and_half_close(request)
            expect_status(client, status, to_head=request.startswith(b"HEAD"))
            client.expect_end()
    web.expect_stop()
    lines = web.log_lines()
    assert not lines, f"nothing happened that is worth a line; 400 is an answer, too: {lines}"


@pytest.mark.needs("http", "logs")
@pytest.mark.rule(rules.ESCAPED)
def test_a_request_cannot_steer_a_terminal(start: Start) -> None:
    server = start("--protocol", "http", "--verbose")
    for nasty in (b"GET /\x1b[2J HTTP/1.1\r\n\r\n", get("/", "X: \x1b]0;owned\x07"), b"\x9b\n"):
        with server.connect() as client:
            client.send_and_half_close(nasty)
            client.receive_until_end()
    server.expect_stop()
    for line in server.log_lines():
        assert line.isascii() and line.isprintable(), f"not escaped: {line!r}"
