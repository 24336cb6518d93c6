"""--protocol http: bodies are read and thrown away, never taken for the next request. Where a body
ends is told by RFC 9112: 6 (length and coding), 7.1 (chunks); here are its cases in three tables.
"""

import pytest

import rules
from harness.client import Client
from harness.http import (about, body_is, expect_hello, expect_refused_body, expect_status,
                          get)
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
    """A chunked body."""
    encoded = b"".join(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces)
    return encoded + b"0\r\n" + trailer + b"\r\n"


BODIES = {  # headers, and a body that is over where it ends
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
    # However long the body is: extensions are few beside the data.
    "extensions-of-a-signed-upload": (
        [CHUNKED], chunks(*[bytes(8192)] * 110, extension=b";chunk-signature=" + b"f" * 64)),
    "an-extension-to-each-of-many-sizes": (
        [CHUNKED], chunks(*[bytes(100)] * 9000, extension=b";a")),
}
LENGTHS_IN_DOUBT = (  # headers of a request with the body `hello`
    ["Content-Length: 5", CHUNKED], [CHUNKED, "Content-Length: 5"],
    ["content-length: 5", CHUNKED.lower()],
    ["Content-Length: 5", "Content-Length: 6"], ["content-length: 5", "CONTENT-LENGTH: 6"],
    ["Content-Length: 5, 6"], ["Content-Length: five"], ["Content-Length:"],
    ["Content-Length: -1"], ["Content-Length: +5"], ["Content-Length: 0x5"],
    ["Content-Length: 5 5"], ["Content-Length: 5.0"], ["Content-Length: 5;"],
    ["Content-Length: 9223372036854775808"],  # 2^63
    ["Content-Length: 18446744073709551616"],  # 2^64
    ["Content-Length: 99999999999999999999999999"],
    ["Content-Length : 5"], ["Transfer-Encoding : chunked"], ["transfer-encoding : chunked"],
    ["X-Any : thing"],
    ["Transfer-Encoding: gzip"], ["Transfer-Encoding: identity"], ["Transfer-Encoding: xchunked"],
    ["Transfer-Encoding: chunked, gzip"], ["Transfer-Encoding: chunked, chunked"],
    ["Transfer-Encoding: chunked, identity"], [CHUNKED, CHUNKED],
    [CHUNKED, "Transfer-Encoding: gzip"], ['Transfer-Encoding: "chunked"'],
    ["Transfer-Encoding: chunked;"], ["Transfer-Encoding:"],
)
BROKEN_CHUNKS = {
    "no-number": b"nonsense\r\n",
    "no-digit": b"\r\nhello\r\n0\r\n\r\n",
    "extension-without-a-size": b";a=b\r\nhello\r\n0\r\n\r\n",
    "minus": b"-1\r\n\r\n",
    "plus": b"+5\r\nhello\r\n0\r\n\r\n",
    "hexadecimal-as-in-c": b"0x5\r\nhello\r\n0\r\n\r\n",
    "blank-before": b" 5\r\nhello\r\n0\r\n\r\n",
    "blank-inside": b"5 5\r\nhello\r\n0\r\n\r\n",
    "65-bits": b"fffffffffffffffff\r\n",
    "too-much-data": b"5\r\nhello-too-long\r\n0\r\n\r\n",
    "other-bytes-after-the-data": b"5\r\nhelloXX0\r\n\r\n",
    "nothing-after-the-data": b"5\r\nhello0\r\n\r\n",
    "a-line-feed-after-the-data": b"5\r\nhello\n0\r\n\r\n",
    "a-line-feed-after-the-size": b"5\nhello\r\n0\r\n\r\n",
    "a-line-feed-in-the-extension": b"5;a\nhello\r\n0\r\n\r\n",
    "a-return-in-the-extension": b"5;a\rb\r\nhello\r\n0\r\n\r\n",
    "two-returns": b"5\r\r\nhello\r\n0\r\n\r\n",
    "nul-after-the-size": b"5\0\r\nhello\r\n0\r\n\r\n",
    "a-line-feed-after-the-last-size": b"0\r\n\n",
    "a-request-in-a-trailer": b"0\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "no-colon-in-a-trailer": b"0\r\nTrailer\r\n\r\n",
    "blank-before-the-colon-of-a-trailer": b"0\r\nTrailer : x\r\n\r\n",
    "a-folded-trailer": b"0\r\n x\r\n\r\n",
    "a-trailer-without-a-name": b"0\r\n: x\r\n\r\n",
    "a-line-feed-after-a-trailer": b"0\r\nTrailer: x\n\r\n",
    "a-return-in-a-trailer": b"0\r\nTrailer\rx\r\n\r\n",
    "nul-in-a-trailer": b"0\r\nTrailer: x\0\r\n\r\n",
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
    # What follows is the beginning of a long body, though it looks like requests.
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


@pytest.mark.rule(rules.HTTP_AMBIGUOUS)
@pytest.mark.parametrize("headers", LENGTHS_IN_DOUBT, ids="+".join)
def test_a_body_whose_length_is_in_doubt_is_refused(client: Client, headers: list[str]) -> None:
    client.send(get("/", *headers, body=b"hello") + TRICK)
    expect_refused_body(client)


@pytest.mark.rule(rules.HTTP_AMBIGUOUS)
def test_chunks_in_http_1_0_are_refused(client: Client) -> None:
    client.send(get("/", CHUNKED, version="HTTP/1.0", body=chunks(b"hello")) + TRICK)
    expect_refused_body(client)


@pytest.mark.rule(rules.HTTP_BROKEN_CHUNK)
@pytest.mark.parametrize("case", BROKEN_CHUNKS)
def test_a_broken_chunk_ends_the_connection(client: Client, case: str) -> None:
    client.send(get("/", CHUNKED, body=BROKEN_CHUNKS[case]) + TRICK)
    with body_is(case, BROKEN_CHUNKS[case]):
        expect_refused_body(client)


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
