"""--protocol http: requests, answers, and whether the connection stays open."""

import subprocess
import time
from statistics import median

import pytest

import rules
from harness.client import Client
from harness.held import server_has_ended
from harness.http import HELLO, Response, expect_hello, expect_refusal, expect_status, get, padded
from harness.lingering import UNREAD, LingeringClose
from harness.memory import ROUNDS_MAX, least_growth, need_own_memory
from harness.needed import need_program
from harness.proc import wait_until
from harness.server import Server, Start
from harness.verdict import ContractBroken

pytestmark = pytest.mark.needs("http")

HEAD_BYTES_MAX = 8192
GROWTH_MAX = 128 * 1024
CLOSED_SECONDS = 1.0  # no harm is done if a server holds its answers longer


@pytest.fixture
def client(web: Server) -> Client:
    """A client of a server that speaks HTTP."""
    return web.connect()


def expect_connection(answer: Response, wanted: str) -> None:
    """Expects the answer to say whether the connection stays open."""
    value = answer.headers.get("connection", "nothing")
    assert value.lower() == wanted, f"the answer says {value!r} of its Connection, not {wanted!r}"


@pytest.mark.rule(rules.HTTP_OK)
@pytest.mark.parametrize("path", ["/", "/index.html", "/a/b?c=d&e=f", "/%20%C3%A9", "*"])
def test_get_of_any_path_says_hello(client: Client, path: str) -> None:
    client.send(get(path))
    expect_hello(client)


@pytest.mark.rule(rules.HTTP_OK)
def test_head_has_the_headers_of_get_and_no_body(client: Client) -> None:
    client.send(get(method="HEAD") + get())
    of_head = expect_hello(client, to_head=True)
    of_get = expect_hello(client)
    of_head.headers["date"] = of_get.headers["date"] = ""
    assert of_head.headers == of_get.headers, (
        f"HEAD has the headers {of_head.headers}, and GET {of_get.headers}")


@pytest.mark.rule(rules.HTTP_EMPTY_LINE)
def test_empty_lines_before_a_request_are_passed_over(client: Client) -> None:
    client.send(b"\r\n" + get() + b"\r\n\r\n" + get())
    expect_hello(client)
    expect_hello(client)


@pytest.mark.rule(rules.HTTP_ANY_CASE)
@pytest.mark.parametrize(
    "headers",
    [
        ("Connection: close",),
        ("Connection: Close",),
        ("Connection: keep-alive, close",),
        ("Connection: close, TE",),
        ("connection: close",),
        ("CONNECTION: CLOSE",),
        ("cOnNeCtIoN:close",),
        ("Connection: \t close \t ",),
        ("Connection: TE", "connection: close"),
    ],
    ids=lambda headers: "+".join(map(ascii, headers)),
)
def test_connection_close_is_heard_however_it_is_written(
    client: Client, headers: tuple[str, ...]
) -> None:
    client.send(get("/", *headers) + get("/never-looked-at"))
    answer = expect_hello(client)
    try:
        client.expect_end()
    except ContractBroken as broken:
        broken.args = (f"after a request that said {headers[-1]!r}: {broken}",)
        raise
    expect_connection(answer, "close")


@pytest.mark.rule(rules.HTTP_ANY_CASE)
@pytest.mark.parametrize("header", ["connection: keep-alive", "CONNECTION:Keep-Alive"])
def test_keep_alive_is_heard_however_it_is_written(client: Client, header: str) -> None:
    for _ in range(2):
        client.send(get("/", header, version="HTTP/1.0"))
        expect_hello(client)


@pytest.mark.rule(rules.HTTP_KEEP)
def test_http_1_0_is_answered_and_closed(client: Client) -> None:
    client.send(b"GET / HTTP/1.0\r\n\r\n")
    answer = expect_hello(client)
    kept = answer.headers.get("connection", "close").lower() == "keep-alive"
    assert not kept, "HTTP/1.0 did not ask for it, and is told `Connection: keep-alive`"
    client.expect_end()


@pytest.mark.rule(rules.HTTP_KEEP)
def test_http_1_0_that_asks_for_it_is_kept_and_told_so(client: Client) -> None:
    for _ in range(3):
        client.send(get("/", "Connection: keep-alive", version="HTTP/1.0"))
        expect_connection(expect_hello(client), "keep-alive")


@pytest.mark.rule(rules.HTTP_PIPELINE)
def test_pipelined_requests_are_answered_in_order(client: Client) -> None:
    kinds = ["GET", "HEAD", "PUT", "GET", "HEAD"] * 20
    client.send(b"".join(get(method=kind) for kind in kinds))
    for kind in kinds:
        if kind == "PUT":
            expect_status(client, 405)
        else:
            expect_hello(client, to_head=kind == "HEAD")


@pytest.mark.rule(rules.HTTP_OK)
def test_a_head_may_come_byte_by_byte(client: Client) -> None:
    request = get("/slow")
    client.send_in_pieces(*(bytes([byte]) for byte in request[:-1]))
    client.expect_silence()
    client.send(request[-1:])
    expect_hello(client)


@pytest.mark.rule(rules.HTTP_OK)
def test_a_large_head_byte_by_byte_costs_linear_work(web: Server) -> None:
    # If the server searches for the blank line from the start at each byte, the work grows with the
    # square of the length. So the last bytes of a long head mustn't cost more than those of a short
    # one.
    def cost_of_the_last_bytes(total: int) -> float:
        head = padded(total)
        with web.connect() as client:
            client.send_in_pieces(head[:-200])
            before = web.process.cpu_seconds()
            client.send_in_pieces(*(bytes([byte]) for byte in head[-200:]))
            expect_hello(client)
            return web.process.cpu_seconds() - before

    # We take the median, because on a busy machine several bytes may come in one receive, and then
    # they're cheap.
    ratio = median(
        cost_of_the_last_bytes(HEAD_BYTES_MAX) / cost_of_the_last_bytes(300) for _ in range(5)
    )
    assert ratio < 2, f"the last bytes of 8 KiB cost {ratio:.1f} times those of 300; at most 2"


@pytest.mark.rule(rules.HTTP_METHOD)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"])
def test_another_method_is_refused_and_the_connection_kept(client: Client, method: str) -> None:
    client.send(get(method=method, version="HTTP/1.1"))
    allow = expect_status(client, 405).headers.get("allow")
    assert allow == "GET, HEAD", f"405 comes with `Allow: {allow}` instead of `Allow: GET, HEAD`"
    client.send(get())
    expect_hello(client)


@pytest.mark.rule(rules.HTTP_TOO_LARGE)
def test_a_head_without_an_end_is_refused_as_soon_as_it_is_too_large(client: Client) -> None:
    client.send(padded(20_000)[: HEAD_BYTES_MAX + 1])
    expect_refusal(client, 431)


@pytest.mark.rule(rules.HTTP_FLAT)
def test_ten_thousand_requests_on_one_connection_do_not_cost_memory(web: Server) -> None:
    need_own_memory(web)
    client = web.connect()
    client.send(get())
    answer_bytes = len(client.receive_what_is_there(10_000))
    batch = get() * 500

    def ten_thousand() -> None:
        for _ in range(20):
            answers = client.exchange(batch, 500 * answer_bytes)
            count = answers.count(HELLO)
            assert count == 500, f"{count} of 500 answers have the body"

    ten_thousand()  # fills all the server's buffers, which it keeps
    rounds = ROUNDS_MAX if web.target.piece_bytes else 1  # garbage levels off, but a leak doesn't
    grown = least_growth(web.process.memory_bytes, ten_thousand, GROWTH_MAX, rounds)
    assert grown < GROWTH_MAX, (
        f"{grown} bytes more after ten thousand requests; at most {GROWTH_MAX}"
    )
    client.expect_silence()


@pytest.mark.rule(rules.CLOSE_WITHOUT_RESET)
@pytest.mark.parametrize("last", [
    b"nonsense\r\n\r\n", padded(9000), get("/", "Connection: close"), get(version="HTTP/1.0"),
], ids=["malformed", "too-large", "close", "http-1-0"])
def test_input_after_the_last_request_destroys_no_answer(web: Server, last: bytes) -> None:
    client = web.connect(receive_buffer=4096)
    client.send(get() * 300 + last)
    wait_until(lambda: server_has_ended(client), CLOSED_SECONDS)
    client.try_send(UNREAD)
    client.let_window_grow()
    with LingeringClose(client):
        answers = client.receive_until_end()
    assert answers.count(b"HTTP/1.1 ") == 301, f"only {answers.count(HELLO)} of 300 bodies came"


@pytest.mark.clock
@pytest.mark.needs("http", "read-timeout")
@pytest.mark.rule(rules.HTTP_SLOW)
def test_a_slow_request_is_closed_without_an_answer(start: Start) -> None:
    server = start("--protocol", "http", "--read-timeout", "300ms")
    # We look at our clock first, because the server's may run before connect() returns.
    begin = time.monotonic()
    client = server.connect()
    for byte in padded(4000):
        if not client.try_send(bytes([byte])) or client.has_input():
            break
        time.sleep(0.02)
    client.expect_end()
    waited = time.monotonic() - begin
    assert 0.3 <= waited < 4.3, f"closed after {waited:.2f} s instead of 0.3, or a little more"


@pytest.mark.rule(rules.HTTP_OK)
def test_curl_is_served(web: Server) -> None:
    need_program("curl")
    url = f"http://{web.address[0]}:{web.address[1]}"
    command = ["curl", "-sS", "--http1.1", "--noproxy", "*", "-w", "%{http_code} %{num_connects}\n"]
    run = subprocess.run(
        [*command, f"{url}/one", f"{url}/two"], capture_output=True, text=True, timeout=30
    )
    assert run.stdout == "hello\n200 1\nhello\n200 0\n", run.stdout + run.stderr
