"""--proxy-protocol: whose connections begin with a PROXY header, and what becomes of it."""

from __future__ import annotations

import signal
import socket
import struct
import time
from collections.abc import Callable

import pytest

import rules
from harness.frames import frame, header
from harness.server import Server

pytestmark = [pytest.mark.option("--proxy-protocol"), pytest.mark.needs("logs")]

PROXY = "127.0.0.2"  # trusted; 127.0.0.1 is not
OPTION = ("--proxy-protocol", f"{PROXY},fd00::/8")
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
TEXT = b"PROXY TCP4 192.0.2.7 203.0.113.1 50412 5882\r\n"
ENDS = struct.pack("!4s4sHH", socket.inet_aton("192.0.2.7"), socket.inet_aton("203.0.113.1"),
                   50412, 5882)
CLIENT = "192.0.2.7:50412"


def binary(command: int = 0x21, family: int = 0x11, rest: bytes = ENDS) -> bytes:
    """A header of version 2."""
    return SIGNATURE + struct.pack("!BBH", command, family, len(rest)) + rest


HEADERS = pytest.mark.parametrize("sent", [TEXT, binary()], ids=["v1", "v2"])


def log_after_stop(server: Server) -> list[str]:
    """All log lines: once the server has ended, none can be missing."""
    server.close_clients()
    server.expect_stop()
    return server.log_lines()


@HEADERS
@pytest.mark.every_ring
@pytest.mark.rule(rules.PROXY_HEADER)
def test_header_and_first_message_may_come_in_one_segment(
    start: Callable[..., Server], sent: bytes
) -> None:
    client = start(*OPTION).connect(source=PROXY)
    client.send(sent + frame(b"first"))
    client.expect(b"first")
    client.echo(b"second")


@HEADERS
@pytest.mark.rule(rules.PROXY_HEADER)
def test_a_header_may_come_a_byte_at_a_time(start: Callable[..., Server], sent: bytes) -> None:
    client = start(*OPTION).connect(source=PROXY)
    client.send_in_pieces(*[bytes([byte]) for byte in sent + frame(b"first")])
    client.expect(b"first")


@HEADERS
@pytest.mark.rule(rules.PROXY_LOGS)
def test_the_log_has_the_clients_address(start: Callable[..., Server], sent: bytes) -> None:
    server = start(*OPTION, "--max-message", "10")
    client = server.connect(source=PROXY)
    client.send(sent + header(11))
    client.expect_end()
    (line,) = log_after_stop(server)
    assert line == f"{CLIENT}: closed: message too long", f"not the client's address: {line}"


@pytest.mark.rule(rules.PROXY_HEADER)
@pytest.mark.parametrize("sent", [b"PROXY UNKNOWN\r\n", binary(0x20, 0, b""), binary(0x21, 0, b"")],
                         ids=["UNKNOWN", "LOCAL", "UNSPEC"])
def test_a_header_without_a_client_leaves_the_proxys_address(
    start: Callable[..., Server], sent: bytes
) -> None:
    server = start(*OPTION, "--max-message", "10")
    client = server.connect(source=PROXY)
    client.send(sent + frame(b"hello"))
    client.expect(b"hello")
    client.send(header(11))
    client.expect_end()
    (line,) = log_after_stop(server)
    assert line.startswith(f"{PROXY}:"), f"not the proxy's address: {line}"
    assert line.endswith("closed: message too long"), line


@HEADERS
@pytest.mark.rule(rules.PROXY_TRUST)
def test_to_anyone_else_a_header_is_a_message_like_any_other(
    start: Callable[..., Server], sent: bytes
) -> None:
    server = start(*OPTION, "--max-message", "65536")
    with server.connect() as client:
        client.echo(b"no header, no wait")
    with server.connect() as liar:
        liar.send(sent)  # its first four bytes are a length: some 1.3 GB, or 168 MB
        liar.expect_end()
    (line,) = log_after_stop(server)
    assert line.startswith("127.0.0.1:") and line.endswith("closed: message too long")


@pytest.mark.rule(rules.PROXY_TRUST)
def test_a_proxys_connection_without_a_header_is_closed(start: Callable[..., Server]) -> None:
    server = start(*OPTION)
    with server.connect(source=PROXY) as client:
        client.try_send(frame(b"hello"))
        client.wait_for_hang_up()
    (line,) = log_after_stop(server)
    assert line.startswith(f"{PROXY}:") and "PROXY header" in line


@pytest.mark.rule(rules.PROXY_BOUNDED)
@pytest.mark.parametrize(
    "endless", [b"PROXY UNKNOWN " + b"x" * 200, binary(0x21, 0x11, b"x" * 521)], ids=["v1", "v2"]
)
def test_a_header_that_is_too_long_is_refused(
    start: Callable[..., Server], endless: bytes
) -> None:
    server = start(*OPTION)
    with server.connect(source=PROXY) as client:
        client.try_send(endless)
        assert client.receive_until_gone() == b""
    (line,) = log_after_stop(server)
    assert "message too long" in line


@pytest.mark.clock
@pytest.mark.rule(rules.PROXY_TIMEOUT)
@pytest.mark.parametrize("begun", [b"", TEXT[:-1], binary()[:-1]], ids=["nothing", "v1", "v2"])
def test_a_header_that_does_not_come_is_not_waited_for_long(
    start: Callable[..., Server], begun: bytes
) -> None:
    server = start(*OPTION, "--read-timeout", "300ms")
    begin = time.monotonic()
    client = server.connect(source=PROXY)
    client.try_send(begun)
    client.receive_until_gone()
    waited = time.monotonic() - begin
    assert 0.3 <= waited < 4.3, f"closed after {waited:.2f} s instead of 0.3"
    (line,) = log_after_stop(server)
    assert "PROXY header: timed out" in line


@pytest.mark.rule(rules.PROXY_LOGS)
def test_a_proxy_that_only_looks_whether_the_port_is_open_is_not_logged(
    start: Callable[..., Server]
) -> None:
    server = start(*OPTION)
    for _ in range(3):
        server.connect(source=PROXY).close()
        server.connect(source=PROXY).reset()
    with server.connect(source=PROXY) as client:
        client.send(TEXT + frame(b"hello"))
        client.expect(b"hello")
    lines = log_after_stop(server)
    assert lines == [], f"nothing happened that is worth a line: {lines}"


@pytest.mark.needs("max-connections")
@pytest.mark.rule(rules.MAX_CONNECTIONS)
def test_a_connection_that_was_refused_gives_its_place_back(start: Callable[..., Server]) -> None:
    server = start(*OPTION, "--max-connections", "2")
    for sent in (b"", b"x", TEXT[:5]) * 3:
        with server.connect(source=PROXY) as client:
            client.try_send(sent)
    clients = [server.connect(source=PROXY) for _ in range(2)]
    for client in clients:
        client.send(TEXT + frame(b"hello"))
        client.expect(b"hello")


@pytest.mark.needs("drain")
@pytest.mark.rule(rules.DRAIN)
@HEADERS
def test_a_drain_answers_what_had_come_with_the_header(
    start: Callable[..., Server], sent: bytes
) -> None:
    server = start(*OPTION)
    early, late = server.connect(source=PROXY), server.connect(source=PROXY)
    half = server.connect(source=PROXY)
    half.send(sent[:7])
    early.send(sent + frame(b"early"))
    early.expect(b"early")
    server.pause()
    late.send(sent + frame(b"late"))
    server.send_signal(signal.SIGTERM)
    server.resume()
    late.expect(b"late")
    late.expect_end()
    half.expect_end()
    server.expect_exit()


@pytest.mark.needs("workers")
@pytest.mark.rule(rules.PROXY_HEADER)
def test_every_worker_takes_headers(start: Callable[..., Server]) -> None:
    server = start(*OPTION, "--workers", "3")
    clients = [server.connect(source=PROXY) for _ in range(30)]
    for client in clients:
        client.send(binary())
    for client in clients:
        client.echo(b"hello")
