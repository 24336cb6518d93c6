"""An HTTP client that is just large enough to see every byte of an answer."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from harness.client import Client
from harness.verdict import ContractBroken

HELLO = b"hello\n"
HEAD_END = b"\r\n\r\n"
SHOWN_BYTES = 40  # of a body


@dataclass(frozen=True)
class Response:
    """A status line, headers (names in lower case) and the body."""

    status: int
    headers: dict[str, str]
    body: bytes
    version: str = "HTTP/1.1"


def get(
    path: str = "/",
    *headers: str,
    method: str = "GET",
    version: str = "HTTP/1.1",
    body: bytes = b"",
) -> bytes:
    """Returns a request as bytes, with a Host header."""
    lines = [f"{method} {path} {version}", "Host: localhost", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def padded(total_bytes: int) -> bytes:
    """Returns a request whose header section has this many bytes, in one header."""
    filler = total_bytes - len(get("/", "X-Filler: "))
    return get("/", "X-Filler: " + "x" * filler)


def receive_head(client: Client) -> bytes:
    """Receives everything up to the blank line, which is included."""
    head = b""
    while not head.endswith(HEAD_END):
        head += client.receive(1, "a response")
    return head


def parse_head(client: Client, head: bytes) -> Response:
    """Parses a head. Anything odd about it is the server's fault."""
    status_line, *lines = head.decode("latin-1").split("\r\n")[:-2]
    parts = status_line.split(" ", 2)
    if len(parts) != 3 or not parts[0].startswith("HTTP/1.") or not parts[1].isdigit():
        raise client.broken(f"this is no status line: {status_line!r}")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise client.broken(f"this is no header: {line!r}")
        if name.lower() in headers:
            raise client.broken(f"the header {name} came twice")
        headers[name.lower()] = value.strip()
    return Response(int(parts[1]), headers, b"", parts[0])


def receive_response(client: Client, *, to_head: bool = False) -> Response:
    """Receives the next response. With `to_head` it answers a HEAD request and has no body."""
    response = parse_head(client, receive_head(client))
    length = int(response.headers.get("content-length", "0"))
    body = b"" if to_head else client.receive(length, "the body of a response")
    return Response(response.status, response.headers, body, response.version)


def expect_hello(client: Client, *, to_head: bool = False) -> Response:
    """Expects the next response to be the six bytes of `hello` and a line end."""
    response = receive_response(client, to_head=to_head)
    if response.status != 200:
        raise client.broken(f"status {response.status} instead of 200")
    if response.headers.get("content-length") != "6":
        raise client.broken(f"Content-Length {response.headers.get('content-length')} instead of 6")
    if response.headers.get("content-type", "").split(";")[0] != "text/plain":
        raise client.broken(
            f"Content-Type {response.headers.get('content-type')} instead of text/plain"
        )
    if response.body != (b"" if to_head else HELLO):
        raise client.broken(f"the body is {response.body!r}")
    return response


def expect_status(client: Client, status: int, *, to_head: bool = False) -> Response:
    """Expects the next response to have this status."""
    response = receive_response(client, to_head=to_head)
    if response.status != status:
        raise client.broken(f"status {response.status} instead of {status}")
    return response


@contextmanager
def about(what: str) -> Iterator[None]:
    """Puts the subject in front of a failure."""
    try:
        yield
    except ContractBroken as broken:
        broken.args = (f"{what}: {broken}",)
        raise


def body_is(case: str, body: bytes) -> AbstractContextManager[None]:
    """Names the body in a failure, such as `blank-before`, and shows it, because the timeline shows
    only a request's head."""
    more = "" if len(body) <= SHOWN_BYTES else f" and {len(body) - SHOWN_BYTES} bytes more"
    return about(
        f"a request with this body: {case.replace('-', ' ')}, {body[:SHOWN_BYTES]!r}{more}")


def expect_refusal(client: Client, status: int) -> Response:
    """Expects the next response to have this status, and then the end of the connection."""
    response = expect_status(client, status)
    client.expect_end()
    return response
