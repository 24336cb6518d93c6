"""E15.2: who is asking, if a proxy asks."""

import subprocess
from collections.abc import Iterator

import pytest

from harness.polling import readable
from harness.subject import free_port
from kit.tested import Words
from kit.own import LOCAL, MESSAGE, SIGNATURE, Client, binary, line, running

pytestmark = pytest.mark.program("{port} {trusted}")

PROXY, UNKNOWN = "127.0.0.1", "127.0.0.2"
GOOD = {
    "v1": (line("192.0.2.7"), "192.0.2.7 51000"),
    "v1 of IPv6": (line("2001:db8::7"), "2001:db8::7 51000"),
    "v2": (binary("192.0.2.7"), "192.0.2.7 51000"),
    "v2 of IPv6": (binary("2001:db8::7"), "2001:db8::7 51000"),
    "v2 with more fields": (binary("192.0.2.7", 1, b"\3\0\4\1\2\3\4"), "192.0.2.7 1"),
}
OF_THE_PROXY = {
    "UNKNOWN": b"PROXY UNKNOWN\r\n",
    "UNKNOWN with words": b"PROXY UNKNOWN 1 2 3 4\r\n",
    "LOCAL": LOCAL,
    "LOCAL of any family": SIGNATURE + b"\x20\x41\0\4abcd",
    "an unspecified family": SIGNATURE + b"\x21\0\0\4abcd",
    "a stream of Unix sockets": SIGNATURE + b"\x21\x31\0\xd8" + bytes(216),
    "datagrams of Unix sockets": SIGNATURE + b"\x21\x32\0\xd8" + bytes(216),
}
BAD = {
    "none": MESSAGE,
    "a third version": SIGNATURE + b"\x31\x11\0\x0c" + bytes(12),
    "no room for addresses": SIGNATURE + b"\x21\x11\0\4abcd",
    "a family beyond the last": SIGNATURE + b"\x21\x41\0\4abcd",
    "a transport beyond the last": SIGNATURE + b"\x21\x13\0\x0c" + bytes(12),
    "another protocol": b"PROXY UDP4 192.0.2.7 198.51.100.1 51000 79\r\n",
    "a port too large": b"PROXY TCP4 192.0.2.7 198.51.100.1 65536 79\r\n",
    "an address of the other family": b"PROXY TCP4 2001:db8::7 2001:db8::1 51000 79\r\n",
    "a line without an end": b"PROXY TCP4 " + b"1" * 200,
    "a line feed alone": b"PROXY TCP4 192.0.2.7 198.51.100.1 51000 79\n",
}


class Server:
    """The reader's server, and its lines about clients."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, patience: float) -> None:
        self._process, self._port, self._patience = process, port, patience

    def connect(self, source: str = PROXY) -> Client:
        return Client(self._port, self._patience, source)

    def said(self) -> str:
        """The server's next line."""
        assert self._process.stdout is not None
        if not readable(self._process.stdout, self._patience):
            pytest.fail("no line on stdout says who the client is", pytrace=False)
        return self._process.stdout.readline().decode().strip()


@pytest.fixture
def server(words: Words, patience: float) -> Iterator[Server]:
    """A server that trusts 127.0.0.1."""
    port = free_port()
    with running(words(port=str(port), trusted=PROXY), patience) as process:
        yield Server(process, port, patience)


@pytest.mark.parametrize("case", GOOD)
def test_the_header_names_the_client(server: Server, case: str) -> None:
    """A connection from the trusted address begins with a header, of version 1 or 2. The server
    prints the client's address and port, such as `192.0.2.7 51000`, and serves the bytes that
    follow."""
    header, client_is = GOOD[case]
    client = server.connect()
    client.send(header + MESSAGE)
    assert client.answer() == MESSAGE
    assert server.said() == client_is


@pytest.mark.parametrize("case", OF_THE_PROXY)
def test_a_header_without_a_client_is_the_proxys_own(server: Server, case: str) -> None:
    """A connection whose header names no client is served, too. The client is then the peer."""
    client = server.connect()
    client.send(OF_THE_PROXY[case] + MESSAGE)
    assert client.answer() == MESSAGE
    assert server.said().startswith(PROXY)


@pytest.mark.parametrize("case", ["v1", "v2"])
def test_a_header_may_come_byte_by_byte(server: Server, case: str) -> None:
    """The header is read even if it arrives byte by byte."""
    client = server.connect()
    for byte in GOOD[case][0] + MESSAGE:
        client.send(bytes([byte]))
    assert client.answer() == MESSAGE


@pytest.mark.parametrize("case", BAD)
def test_a_bad_header_closes_the_connection(server: Server, case: str) -> None:
    """A connection from the trusted address without a valid header is closed without an answer."""
    client = server.connect()
    client.send(BAD[case])
    client.socket.shutdown(1)
    assert client.answer() == b""


def test_a_unknowns_header_is_not_believed(server: Server) -> None:
    """From any other address there are no headers, so the bytes are taken for a message."""
    unknown = server.connect(UNKNOWN)
    unknown.send(line("192.0.2.7") + MESSAGE)
    assert unknown.answer() == b""
    assert server.said().startswith(UNKNOWN)


def test_a_unknown_without_a_header_is_served(server: Server) -> None:
    """A connection from any other address is served without a header."""
    unknown = server.connect(UNKNOWN)
    unknown.send(MESSAGE)
    assert unknown.answer() == MESSAGE
    assert server.said().startswith(UNKNOWN)
