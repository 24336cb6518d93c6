"""--protocol http: the server reads bodies and throws them away, and never takes one for the next
request. RFC 9112 says where a body ends: 6 (length and coding), 7.1 (chunks). The broken ones are
in test_http_syntax.py.
"""

import pytest

import rules
from harness.client import Client
from harness.http import about, body_is, expect_hello, expect_status, get
from harness.server import Server

pytestmark = pytest.mark.needs("http")

TRICK = get("/smuggled")  # a body that looks like a request
CHUNKED = "Transfer-Encoding: chunked"
LENGTH = f"Content-Length: {len(TRICK)}"
LONG_BODIES = (2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**32 + 5, 2**53 + 1, 2**63 - 1)
PIECE_BYTES = 7


@pytest.fixture
def client(web: Server) -> Client:
    """A client of a server that speaks HTTP."""
    return web.connect()


def chunks(*pieces: bytes, trailer: bytes = b"", extension: bytes = b"") -> bytes:
    """Encodes a chunked body."""
    encoded = b"".join(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces)
    return encoded + b"0\r\n" + trailer + b"\r\n"


BODIES = {  # headers, and a body that ends right there
    "length-empty": (["Content-Length: 0"], b""),
    "length-small": (["Content-Length: 1"], b"x"),
    "length-trick": ([LENGTH], TRICK),
    "length-large": ([f"Content-Length: {3000 * len(TRICK)}"], TRICK * 3000),
    "length-in-lower-case": ([LENGTH.lower()], TRICK),
    "length-in-upper-case": ([f"CONTENT-LENGTH:{len(TRICK)} \t"], TRICK),
    "length-with-zeros": ([f"Content-Length: 000{len(TRICK)}"], TRICK),
    "length-twice-the-same": ([LENGTH, LENGTH], TRICK),
    "chunks-none": ([CHUNKED], chunks()),
    "chunks-small": ([CHUNKED], chunks(b"x", b"yy", TRICK)),
    "chunks-large": ([CHUNKED], chunks(TRICK * 3000)),
    "chunks-lower": ([CHUNKED.lower()], chunks(TRICK)),
    "chunks-upper": ([CHUNKED.upper()], chunks(TRICK)),
    "chunks-no-blank": ([CHUNKED.replace(" ", "")], chunks(TRICK)),
    "sizes-in-capitals": ([CHUNKED], b"A\r\n0123456789\r\n0aB\r\n%s\r\n0\r\n\r\n" % bytes(0xAB)),
    "sizes-with-zeros": ([CHUNKED], b"0005\r\nhello\r\n0000\r\n\r\n"),
    "extension-name": ([CHUNKED], chunks(TRICK, extension=b";name")),
    "extension-value": ([CHUNKED], chunks(TRICK, extension=b";name=value;more=1")),
    "extension-quoted": ([CHUNKED], chunks(TRICK, extension=b';name="a;b"')),
    "extension-blanks": ([CHUNKED], chunks(TRICK, extension=b" \t; name = value")),
    "trailer": ([CHUNKED], chunks(TRICK, trailer=b"X-Trailer: one\r\nX-Other: two\r\n")),
    # A body may have any number of extensions, as long as they're small beside the data.
    "extensions-of-a-signed-upload": (
        [CHUNKED], chunks(*[bytes(8192)] * 110, extension=b";chunk-signature=" + b"f" * 64)),
    "an-extension-to-each-of-many-sizes": (
        [CHUNKED], chunks(*[bytes(100)] * 9000, extension=b";a")),
}


@pytest.mark.rule(rules.HTTP_BODY)
@pytest.mark.parametrize("method, status", [("GET", 200), ("POST", 405)])
@pytest.mark.parametrize("case", BODIES)
def test_a_body_is_thrown_away_up_to_its_end(
    client: Client, method: str, status: int, case: str
) -> None:
    headers, body = BODIES[case]
    client.send(get("/", *headers, method=method, body=body) + get("/", "Connection: close"))
    with body_is(case, body):
        expect_status(client, status)
        expect_hello(client)
        client.expect_end()


@pytest.mark.rule(rules.HTTP_BODY)
@pytest.mark.parametrize("case", [case for case, (_, body) in BODIES.items() if len(body) < 1000])
def test_a_body_may_come_in_pieces(client: Client, case: str) -> None:
    headers, body = BODIES[case]
    request = get("/", *headers, body=body)
    for begin in range(0, len(request), PIECE_BYTES):
        client.send_in_pieces(request[begin : begin + PIECE_BYTES])
    with body_is(case, body):
        expect_hello(client)
        client.expect_silence()


@pytest.mark.rule(rules.HTTP_LONG_BODY)
@pytest.mark.parametrize("length", LONG_BODIES)
@pytest.mark.parametrize("kind", ["body", "chunk"])
def test_a_body_may_be_longer_than_32_bits_can_say(client: Client, kind: str, length: int) -> None:
    # These bytes look like requests, but they're the beginning of a long body.
    head = get("/", f"Content-Length: {length}")
    if kind == "chunk":
        head = get("/", CHUNKED) + b"%x\r\n" % length
    client.send_in_pieces(head, b"hello\r\n0\r\n\r\n" + TRICK * 1000)
    with about(f"a {kind} of {length} bytes has only begun"):
        client.expect_silence()


@pytest.mark.rule(rules.HTTP_BODY)
def test_pipelined_requests_with_bodies_are_told_apart(client: Client) -> None:
    one = get("/", LENGTH, body=TRICK)
    two = get("/", CHUNKED, body=chunks(TRICK, TRICK))
    client.send((one + two + get()) * 30)
    for _ in range(90):
        expect_hello(client)
    client.expect_silence()


@pytest.mark.rule(rules.HTTP_EXPECT)
def test_a_client_that_waits_for_100_continue_gets_it_once(client: Client) -> None:
    # With a body of more than a megabyte, curl waits a second for the interim answer.
    for case, method, status in (("length-trick", "GET", 200), ("chunks-small", "POST", 405)):
        headers, body = BODIES[case]
        client.send_in_pieces(get("/", "eXpect: 100-Continue", *headers, method=method))
        expect_status(client, 100)
        client.send_in_pieces(body[:2], body[2:])
        expect_status(client, status)
    client.expect_silence()


@pytest.mark.rule(rules.HTTP_EXPECT)
def test_no_other_client_gets_100_continue(client: Client) -> None:
    for header, version in (("Expect", "HTTP/1.0"), ("X-Expect", "HTTP/1.1")):
        client.send_in_pieces(get(
            "/", f"{header}: 100-continue", LENGTH, "Connection: keep-alive", version=version))
        client.expect_silence()
        client.send(TRICK)
        expect_hello(client)


@pytest.mark.rule(rules.HTTP_BODY)
def test_an_end_inside_a_body_is_an_end(client: Client) -> None:
    client.send_and_half_close(get("/", "Content-Length: 1000", body=b"only this"))
    client.receive_until_end()
