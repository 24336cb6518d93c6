"""--protocol http: bodies are read and thrown away, never taken for the next request."""


import pytest

import rules
from harness.client import Client
from harness.http import expect_hello, expect_refusal, expect_status, get
from harness.server import Server
from harness.verdict import ContractBroken

pytestmark = pytest.mark.needs("http")

LONG_BODIES = (2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**32 + 5, 2**53 + 1, 2**63 - 1)
TRICK = get("/smuggled")  # a body that looks like a request
CHUNKED = "Transfer-Encoding: chunked"


@pytest.fixture
def client(web: Server) -> Client:
    """A client of a server that speaks HTTP."""
    return web.connect()


def chunks(*pieces: bytes, trailer: bytes = b"", extension: bytes = b"") -> bytes:
    """A chunked body."""
    encoded = b"".join(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces)
    return encoded + b"0\r\n" + trailer + b"\r\n"


@pytest.mark.rule(rules.HTTP_BODY)
@pytest.mark.parametrize("method, status", [("GET", 200), ("POST", 405)])
@pytest.mark.parametrize(
    "body", [b"", b"x", TRICK, TRICK * 3000], ids=["empty", "small", "trick", "large"]
)
def test_a_body_with_a_length_is_thrown_away(
    client: Client, method: str, status: int, body: bytes
) -> None:
    client.send(get("/", f"Content-Length: {len(body)}", method=method, body=body) + get())
    expect_status(client, status)
    expect_hello(client)
    client.expect_silence()


@pytest.mark.rule(rules.HTTP_BODY)
@pytest.mark.parametrize("method, status", [("GET", 200), ("POST", 405)])
@pytest.mark.parametrize(
    "body",
    [
        chunks(),
        chunks(b"x", b"yy", TRICK),
        chunks(TRICK * 3000),
        chunks(TRICK, extension=b";name=value"),
        chunks(TRICK, trailer=b"X-Trailer: one\r\nX-Other: two\r\n"),
        b"A\r\n0123456789\r\n0aB\r\n%s\r\n0\r\n\r\n" % bytes(0xAB),
    ],
    ids=["empty", "small", "large", "extension", "trailer", "capitals"],
)
def test_a_chunked_body_is_decoded_and_thrown_away(
    client: Client, method: str, status: int, body: bytes
) -> None:
    client.send(get("/", CHUNKED, method=method, body=body) + get())
    expect_status(client, status)
    expect_hello(client)
    client.expect_silence()


@pytest.mark.rule(rules.HTTP_ANY_CASE)
@pytest.mark.parametrize(
    "request_bytes",
    [
        get("/", f"content-length: {len(TRICK)}", body=TRICK),
        get("/", f"CONTENT-LENGTH:{len(TRICK)} \t", body=TRICK),
        get("/", CHUNKED.lower(), body=chunks(TRICK)),
        get("/", CHUNKED.upper(), body=chunks(TRICK)),
        get("/", CHUNKED.replace(" ", ""), body=chunks(TRICK)),
    ],
    ids=["lower-length", "upper-length", "lower-coding", "upper-coding", "no-blank"],
)
def test_what_announces_a_body_may_be_written_in_any_case(
    client: Client, request_bytes: bytes
) -> None:
    client.send(request_bytes)
    expect_hello(client)
    client.expect_silence()


@pytest.mark.rule(rules.HTTP_LONG_BODY)
@pytest.mark.parametrize("length", LONG_BODIES)
def test_a_body_may_be_longer_than_32_bits_can_say(client: Client, length: int) -> None:
    expect_more_is_awaited(client, get("/", f"Content-Length: {length}"), length)


@pytest.mark.rule(rules.HTTP_LONG_BODY)
@pytest.mark.parametrize("size", LONG_BODIES)
def test_a_chunk_may_be_longer_than_32_bits_can_say(client: Client, size: int) -> None:
    expect_more_is_awaited(client, get("/", CHUNKED) + b"%x\r\n" % size, size)


def expect_more_is_awaited(client: Client, head: bytes, length: int) -> None:
    """What follows is the beginning of a long body, though it looks like requests."""
    client.send_in_pieces(head, b"hello\r\n0\r\n\r\n" + TRICK * 1000)
    try:
        client.expect_silence()
    except ContractBroken as broken:
        broken.args = (f"a body of {length} bytes has only begun: {broken}",)
        raise


@pytest.mark.rule(rules.HTTP_BODY)
def test_a_body_may_come_in_pieces(client: Client) -> None:
    for request in (
        get("/", f"Content-Length: {len(TRICK)}", body=TRICK),
        get("/", CHUNKED, body=chunks(TRICK, b"end")),
    ):
        client.send_in_pieces(*(request[at : at + 7] for at in range(0, len(request), 7)))
        expect_hello(client)
    client.expect_silence()


@pytest.mark.rule(rules.HTTP_BODY)
def test_pipelined_requests_with_bodies_are_told_apart(client: Client) -> None:
    one = get("/", f"Content-Length: {len(TRICK)}", body=TRICK)
    two = get("/", CHUNKED, body=chunks(TRICK, TRICK))
    client.send((one + two + get()) * 30)
    for _ in range(90):
        expect_hello(client)
    client.expect_silence()


@pytest.mark.rule(rules.HTTP_AMBIGUOUS)
@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 5", CHUNKED),
        (CHUNKED, "Content-Length: 5"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("content-length: 5", "CONTENT-LENGTH: 6"),
        ("content-length: 5", CHUNKED.lower()),
        ("Content-Length: 5, 6",),
        ("Content-Length: five",),
        ("Content-Length: -1",),
        ("Content-Length: +5",),
        ("Content-Length: 0x5",),
        ("Content-Length: 5 5",),
        ("Content-Length:",),
        ("Content-Length: 9223372036854775808",),  # 2^63
        ("Content-Length: 18446744073709551616",),  # 2^64
        ("Content-Length: 99999999999999999999999999",),
        ("Content-Length : 5",),
        ("Transfer-Encoding : chunked",),
        ("transfer-encoding : chunked",),
        ("X-Any : thing",),
    ],
    ids=lambda headers: "+".join(headers),
)
def test_a_body_whose_length_is_in_doubt_is_refused(
    client: Client, headers: tuple[str, ...]
) -> None:
    client.send(get("/", *headers, body=b"hello") + TRICK)
    expect_refusal(client, 400)


@pytest.mark.rule(rules.HTTP_MALFORMED)
@pytest.mark.parametrize(
    "body",
    [b"nonsense\r\n", b"5\r\nhello-too-long\r\n0\r\n\r\n", b"-1\r\n\r\n", b"fffffffffffffffff\r\n"],
)
def test_a_broken_chunk_ends_the_connection(client: Client, body: bytes) -> None:
    client.send(get("/", CHUNKED, body=body) + TRICK)
    expect_refusal(client, 400)


@pytest.mark.rule(rules.HTTP_EXPECT)
def test_expect_100_continue_is_ignored(client: Client) -> None:
    client.send_in_pieces(get("/", "Expect: 100-continue", "Content-Length: 5"))
    client.send(b"hello" + get())
    expect_hello(client)
    expect_hello(client)
    client.expect_silence()


@pytest.mark.rule(rules.HTTP_BODY)
def test_an_end_inside_a_body_is_an_end(client: Client) -> None:
    client.send_and_half_close(get("/", "Content-Length: 1000", body=b"only this"))
    client.receive_until_end()
