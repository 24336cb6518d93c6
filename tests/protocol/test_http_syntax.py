"""--protocol http: malformed requests, sorted by the place of the mistake: a number, a token, a
blank, the end of a line. In each place the usual parsers accept more than RFC 9112 does: `int`,
`strtol`, `isdigit`, `strip`, a pattern with \\s or without an end. We leave out the cases that the
RFC leaves to the server (a line feed alone in a head, white space around a request line).
"""

from dataclasses import dataclass

import pytest

import rules
from harness.client import Client
from harness.http import about, expect_hello, expect_refusal, expect_status, get, receive_response
from harness.server import Server

pytestmark = pytest.mark.needs("http")

TRICK = get("/smuggled")
LENGTH = b"Content-Length: %d" % len(TRICK)
HOST = b"GET / HTTP/1.1\r\nHost: a\r\n"
CHUNKS = HOST + b"Transfer-Encoding: chunked\r\n\r\n"
REFUSED, OTHER_CODING, OTHER_VERSION = (400,), (400, 501), (400, 505)
# Beside a blank and a tab, some parsers take these for white space; a NUL ends a string in C.
WHITE = (b"\x0b", b"\x0c", b"\x1c", b"\x1f", b"\x85", b"\xa0", b"\0")


def between_white(token: bytes) -> tuple[bytes, ...]:
    """Surrounds the token with characters that strip() removes, in Python or elsewhere."""
    return (*(one + token for one in WHITE), *(token + one for one in WHITE))


def no_number(digit: bytes) -> tuple[bytes, ...]:
    """Strings that aren't numbers in any base, although a generous parser accepts them."""
    other_digits = ("５", "٥", "²")
    return (
        b"", b"+" + digit, b"-" + digit, b"0x" + digit, b"0X" + digit, b"0o" + digit,
        b"0_" + digit, digit + b"_", digit + b".0", digit + b"L", digit + b"u",
        digit + b" " + digit, digit + b"'0", b'"%s"' % digit, *between_white(digit),
        *(one.encode() for one in other_digits), "²".encode("latin-1"),
    )


NO_FIELDS = (  # neither a header nor a line of a trailer
    b"No colon", b": no name", b"Name : x", b"Name\t: x", b"Na me: x", b"Na(me: x", b'"Name": x',
    *(name + b": x" for name in between_white(b"Name")), b"Na\x7fme: x", b"Na\rme: x",
    b"Name: a\0b",
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A place in a request: the bytes before it and after it, which bytes are right there, and
    which are wrong."""

    before: bytes
    right: tuple[bytes, ...]
    after: bytes
    wrong: tuple[bytes, ...]
    statuses: tuple[int, ...] = REFUSED


IN_HEADS = {
    "request-line": Place(b"", (b"GET / HTTP/1.1", b"GET /?a=/../%00 HTTP/1.1"), b"\r\n\r\n", (
        b"nonsense", b"GET /", b"GET HTTP/1.1", b"GET / HTTP/1.1 extra", b"\0\1\2\3",
        b"G\x7fT / HTTP/1.1", b"GET\0 / HTTP/1.1", b"GET /\0 HTTP/1.1", b"GET /\x7f HTTP/1.1")),
    "version": Place(b"GET / ", (b"HTTP/1.1",), b"\r\n\r\n", (
        b"HTTP", b"HTTP/1", b"HTTP/1.", b"HTTP/.1", b"http/1.1", b"FTP/1.1", b"XHTTP/1.1",
        b"HTTP/1.1.1", b"HTTP/1.10", b"HTTP/01.1", b"HTTP/1,1", b"HTTP/0x1.1", b"HTTP/1.1x",
        *(b"HTTP/1." + one for one in no_number(b"1")
          if not one.endswith((b"\x0b", b"\x0c"))))),
    "version-of-another-protocol": Place(b"GET / ", (b"HTTP/1.1",), b"\r\n\r\n", (
        b"HTTP/0.9", b"HTTP/2.0", b"HTTP/3.1", b"HTTP/9.9"), OTHER_VERSION),
    "header": Place(HOST, (
        b"Name:x", b"Name: \t x \t ", b"Name:", b"Na!#$%&'*+-.^_`|~m3: x", b"Name: a\tb\xe9\xff",
    ), b"\r\n\r\n", (b"Host: b", *NO_FIELDS)),
}
IN_LENGTHS = {
    "length": Place(HOST + b"Content-Length:", (
        b"5", b" 5", b"\t 5 \t", b"0005"), b"\r\n\r\nhello", (
        *no_number(b"5"), b"five", b"5e0", b"5;", b"5, 5", b"5,", b"5, 6",
        *(b"%d" % one for one in (2**63, 2**64, 2**64 + 5, 10**26)))),
    "second-length": Place(HOST + b"Content-Length: 5\r\n", (b"Content-Length: 5",),
        b"\r\n\r\nhello", (
        b"Content-Length: 6", b"CONTENT-LENGTH: 6", b"Content-Length: 5, 5", b"Content-Length:",
        b"Transfer-Encoding: chunked", b"transfer-encoding: CHUNKED")),
    "name-of-a-length": Place(HOST, (b"Content-Length", b"content-length", b"CONTENT-LENGTH"),
        b": 5\r\n\r\nhello", (b"Content-Length ", b"Content-Length\t",
                              *between_white(b"Content-Length"))),
    "coding": Place(HOST + b"Transfer-Encoding:", (
        b"chunked", b" chunked", b" \tChunked\t ", b"CHUNKED"),
        b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n", (
        b"", b"gzip", b"identity", b"xchunked", b"chunkedx", b"chunked gzip", b"chunked, gzip",
        b"chunked, chunked", b"chunked, identity", b"chunked;", b"chunked;q=1", b'"chunked"',
        "chun\u212aed".encode(), *between_white(b"chunked")), OTHER_CODING),
    "second-coding": Place(HOST + b"Transfer-Encoding: chunked\r\n", (b"Name: x",),
        b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n", (
        b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip", b"Content-Length: 5",
        b"content-length: 5"), OTHER_CODING),
    "name-of-a-coding": Place(HOST, (b"Transfer-Encoding", b"transfer-encoding"),
        b": chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", (
        b"Transfer-Encoding ", *between_white(b"Transfer-Encoding"))),
    "coding-in-http-1-0": Place(
        b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n", (b"Content-Length: 5\r\n\r\nhello",), b"",
        (b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",), OTHER_CODING),
}
IN_CHUNKS = {
    "chunk-size": Place(CHUNKS, (b"5", b"0005", b"5 \t", b"5;a", b"5 ; a = b"),
        b"\r\nhello\r\n0\r\n\r\n", (
        *no_number(b"5"), b"nonsense", b" 5", b"\t5", b"5\r", b"5,", b"5h", b";a=b", b"f" * 17,
        b"5;\0", b"5;a\rb")),
    "last-chunk-size": Place(CHUNKS + b"5\r\nhello\r\n", (b"0", b"000", b"0 ", b"0;a"),
        b"\r\n\r\n", (*no_number(b"0"), b" 0")),
    "end-of-a-size": Place(CHUNKS + b"5", (b"\r\n",), b"hello\r\n0\r\n\r\n", (
        b"", b"\n", b"\r", b"\n\r", b"\r\r\n", b";a\n")),
    "end-of-data": Place(CHUNKS + b"5\r\nhello", (b"\r\n",), b"0\r\n\r\n", (
        b"", b"\n", b"\r", b"\n\r", b"\r\r\n", b" \r\n", b"XX", b"-too-long\r\n")),
    "end-of-the-last-size": Place(CHUNKS + b"0", (b"\r\n", b"\r\nName: x\r\n"), b"\r\n", (
        b"\n", b"\r", b"\n\r", b"\r\r\n")),
    "trailer": Place(CHUNKS + b"0\r\n", (b"Name:x", b"Name: a\tb\xe9"), b"\r\n\r\n", (
        *NO_FIELDS, b"GET / HTTP/1.1", b" Name: x", b"\tName: x",
        *(b"Name: " + one for one in (b"\1", b"\x0b", b"\x1b", b"\x7f")))),
    "end-of-a-trailer-line": Place(CHUNKS + b"0\r\nName: x", (b"\r\n",), b"\r\n", (
        b"\n", b"\r", b"\n\r", b"\r\r\n")),
    "end-of-the-trailer": Place(CHUNKS + b"0\r\nName: x\r\n", (b"\r\n",), b"", (
        b"\n", b"\r", b"\n\r", b" \r\n")),
}  # fmt: skip
# These don't end a line. RFC 9112, 2.2: a bare CR is refused, or counts as a blank. 5.2: so does a
# line that begins with a blank, and before the first header the server may also ignore that line.
NO_LINE_ENDS = (b"\r\n ", b"\r\n\t", b"\r", b"\0", b"\x0b", b"\x0c", b"\x1c", b"\x85",
                "\u2028".encode())

# If a value continues on the next line, the server refuses the request or reads a blank in between.
# The columns: the bytes before the end of the line, those after it, the body, and the permitted
# answers.
FOLDED = (
    (b"Name: a", b"b", b"", (200, 400)), (b"Content-Length:", b"3", b"abc", (200, 400)),
    (b"Content-Length: 3", b"", b"abc", (200, 400)), (b"Content-Length: 3", b"4", b"abc", REFUSED),
    (b"Content-Length: 3", b", 3", b"abc", REFUSED),
    (b"Transfer-Encoding: chunked", b"x", b"0\r\n\r\n", OTHER_CODING),
)  # fmt: skip


@pytest.fixture
def client(web: Server) -> Client:
    """A client of a server that speaks HTTP."""
    return web.connect()


@pytest.mark.rule(rules.HTTP_MALFORMED)
@pytest.mark.parametrize("place", IN_HEADS)
def test_a_malformed_request_is_answered_with_400_and_closed(web: Server, place: str) -> None:
    expect_refused(web, place, IN_HEADS[place])


@pytest.mark.rule(rules.HTTP_AMBIGUOUS)
@pytest.mark.parametrize("place", IN_LENGTHS)
def test_a_body_whose_length_is_in_doubt_is_refused(web: Server, place: str) -> None:
    expect_refused(web, place, IN_LENGTHS[place])


@pytest.mark.rule(rules.HTTP_BROKEN_CHUNK)
@pytest.mark.parametrize("place", IN_CHUNKS)
def test_a_broken_chunk_ends_the_connection(web: Server, place: str) -> None:
    expect_refused(web, place, IN_CHUNKS[place])


def expect_refused(server: Server, name: str, place: Place) -> None:
    """Expects answers to everything that's right here, all on one connection, and a refusal for
    everything that's wrong, each on its own."""
    name = name.replace("-", " ")
    with server.connect() as client:
        for right in place.right:
            with about(f"{name} {right!r}, which is right"):
                client.send(place.before + right + place.after)
                expect_hello(client)
    for wrong in place.wrong:
        with server.connect() as client, about(f"{name} {wrong!r}"):
            client.send(place.before + wrong + place.after + TRICK)
            expect_one_of(client, place.statuses)


@pytest.mark.rule(rules.HTTP_AMBIGUOUS)
@pytest.mark.parametrize("before", [b"GET / HTTP/1.1", HOST + b"Name: x"], ids=["first", "later"])
def test_a_length_that_does_not_begin_a_line_is_no_length(web: Server, before: bytes) -> None:
    for end in NO_LINE_ENDS:
        with web.connect() as client, about(f"{end!r} before {LENGTH!r}"):
            client.send(before + end + LENGTH + b"\r\n\r\n" + TRICK)
            # The server ignored that line, or joined it to the one before, so the next request is
            # answered.
            expect_one_of(client, (200, 400))


@pytest.mark.rule(rules.HTTP_AMBIGUOUS)
def test_a_value_that_goes_on_in_the_next_line_is_refused_or_read_whole(web: Server) -> None:
    for fold in (b"\r\n ", b"\r\n\t", b"\r\n \r\n "):
        for name, more, body, statuses in FOLDED:
            with web.connect() as client, about(f"{name + fold + more!r}"):
                client.send(HOST + name + fold + more + b"\r\n\r\n" + body + TRICK)
                expect_one_of(client, statuses)


@pytest.mark.rule(rules.HTTP_MALFORMED)
def test_a_later_minor_version_is_refused_or_answered(client: Client) -> None:
    client.send(get(version="HTTP/1.2") + TRICK)
    expect_one_of(client, (200, *OTHER_VERSION))


def expect_one_of(client: Client, statuses: tuple[int, ...]) -> None:
    """Expects one of these statuses. A refusal ends the connection; otherwise the next request is
    answered."""
    answer = receive_response(client)
    if answer.status not in statuses:
        raise client.broken(f"status {answer.status} instead of 400")
    if answer.status == 200:
        expect_hello(client)
        client.expect_silence()
    else:
        client.expect_end()


@pytest.mark.rule(rules.HTTP_MALFORMED)
def test_requests_before_a_malformed_one_are_answered(client: Client) -> None:
    client.send(get() + get(method="HEAD") + b"nonsense\r\n\r\n")
    expect_hello(client)
    expect_hello(client, to_head=True)
    expect_refusal(client, 400)


@pytest.mark.rule(rules.HTTP_METHOD)
def test_a_method_that_only_resembles_get_is_another_method(client: Client) -> None:
    for method in ("get", "Get", "GE", "GETS", "head", "HEADER"):
        with about(f"the method {method}"):
            client.send(get(method=method))
            expect_status(client, 405)


@pytest.mark.rule(rules.HTTP_KEEP)
def test_a_value_that_only_resembles_close_keeps_the_connection(client: Client) -> None:
    for value in ("closed", "not-close", "close-later", "TE"):
        with about(f"Connection: {value}"):
            client.send(get("/", f"Connection: {value}"))
            expect_hello(client)
    client.send(get())
    expect_hello(client)
