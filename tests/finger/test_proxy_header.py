"""--proxy-protocol: which connections begin with a PROXY header, and which address counts as the
client's."""

import signal
import socket
import struct
import time
from collections.abc import Callable

import pytest

import rules
from conftest import ANSWER
from kit.client import FingerClient
from kit.reference import RELAY_DENIED
from kit.server import FingerServer, Start

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.PROXY_HEADER)]

PROXY = "127.0.0.2"  # trusted, unlike 127.0.0.1
OPTION = ("--proxy-protocol", f"{PROXY},fd00::/8", "--query-timeout", "10s")
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def text(client: str = "192.0.2.7") -> bytes:
    """Makes a header of version 1."""
    return f"PROXY TCP4 {client} 203.0.113.1 50412 79\r\n".encode()


def binary(client: str = "192.0.2.7") -> bytes:
    """Makes a header of version 2."""
    ends = struct.pack("!4s4sHH", socket.inet_aton(client), socket.inet_aton("203.0.113.1"),
                       50412, 79)
    return SIGNATURE + struct.pack("!BBH", 0x21, 0x11, len(ends)) + ends

LOCAL = SIGNATURE + struct.pack("!BBH", 0x20, 0, 0)  # a health check
UNSPECIFIED = SIGNATURE + struct.pack("!BBH", 0x21, 0, 0)
VERSIONS = pytest.mark.parametrize("made", [text, binary], ids=["v1", "v2"])


def by_proxy(server: FingerServer, sent: bytes = b"") -> FingerClient:
    """Connects as the proxy, and sends this."""
    client = server.connect(host="127.0.0.1", source=PROXY)
    client.try_send(sent)
    return client


@VERSIONS
@pytest.mark.every_ring
def test_header_and_query_may_come_in_one_segment(start: Start, made: Callable[..., bytes]) -> None:
    server = start(*OPTION)
    client = by_proxy(server, made() + b"alice\r\n")
    client.expect_answer(ANSWER)
    assert server.wait_for_exchange().peer == "192.0.2.7:50412"


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", LOCAL, UNSPECIFIED],
                         ids=["UNKNOWN", "LOCAL", "UNSPEC"])
def test_a_header_without_a_client_leaves_the_proxys_address(start: Start, header: bytes) -> None:
    server = start(*OPTION)
    client = by_proxy(server, header + b"alice\r\n")
    client.expect_answer(ANSWER)
    if header == LOCAL:
        server.ask(b"bob", host="127.0.0.1")
        assert server.wait_for_exchange().query == "bob", "what says that it is a check is logged"
    else:
        assert server.wait_for_exchange().peer.startswith(f"{PROXY}:")


@pytest.mark.rule(rules.RELAY)
@pytest.mark.parametrize(("host", "answer"), [(b"203.0.113.1", RELAY_DENIED),
                                              (b"127.0.0.1", ANSWER)])  # fmt: skip
def test_the_address_that_was_asked_is_the_sockets_and_not_the_headers(
    start: Start, host: bytes, answer: bytes
) -> None:
    server = start(*OPTION)
    by_proxy(server, text() + b"alice@" + host + b"\r\n").expect_answer(answer)


@VERSIONS
@pytest.mark.rule(rules.PROXY_TRUST)
def test_to_anyone_else_a_header_is_a_query(start: Start, made: Callable[..., bytes]) -> None:
    server = start(*OPTION)
    assert server.ask(b"alice", host="127.0.0.1") == ANSWER
    liar = server.connect(host="127.0.0.1")
    liar.send(made() + b"alice\r\n")
    assert liar.receive_until_end() != ANSWER
    assert all(each.peer.startswith("127.0.0.1:") for each in server.exchanges())


def expect_closed(server: FingerServer, sent: bytes, why: str) -> None:
    """Expects that the proxy gets no answer, and that the log says why."""
    client = by_proxy(server, sent)
    assert client.receive_until_gone() == b""
    (line,) = server.wait_for_log_lines(1)
    assert line.startswith(f"{PROXY}:") and why in line


@pytest.mark.rule(rules.PROXY_TRUST)
@pytest.mark.parametrize("sent", [b"alice\r\n", b"PROXY nonsense\r\nalice\r\n",
                                  text("1.2.3.4\0") + b"alice\r\n"],
                         ids=["none", "malformed", "NUL"])
def test_a_proxys_connection_without_a_header_is_closed(start: Start, sent: bytes) -> None:
    expect_closed(start(*OPTION), sent, "PROXY header")


@pytest.mark.rule(rules.PROXY_BOUNDED)
@pytest.mark.parametrize(
    "endless", [b"PROXY UNKNOWN " + b"x" * 200,
                SIGNATURE + struct.pack("!BBH", 0x21, 0x11, 8177) + b"x" * 8177], ids=["v1", "v2"]
)
def test_a_header_that_is_too_long_is_refused(start: Start, endless: bytes) -> None:
    expect_closed(start(*OPTION), endless, "message too long")


@pytest.mark.rule(rules.PROXY_BOUNDED)
@pytest.mark.parametrize("more", [1, 521, 1500, 8164])
def test_bytes_after_the_addresses_are_skipped(start: Start, more: int) -> None:
    """The rest may be a client's certificate, for instance, in a header of up to 8 KiB."""
    server = start(*OPTION)
    addresses = binary()[len(SIGNATURE) + 4 :]
    size = struct.pack("!BBH", 0x21, 0x11, len(addresses) + more)
    client = by_proxy(server, SIGNATURE + size + addresses + b"\xee" * more + b"alice\r\n")
    client.expect_answer(ANSWER)
    assert server.wait_for_exchange().peer.startswith("192.0.2.7:")


@pytest.mark.rule(rules.PROXY_LOGS)
def test_a_proxy_that_only_looks_whether_the_port_is_open_is_not_logged(start: Start) -> None:
    server = start(*OPTION)
    for _ in range(3):
        by_proxy(server).close()
        by_proxy(server).reset()
    with by_proxy(server, text() + b"alice\r\n") as client:
        client.expect_answer(ANSWER)
    assert server.stop() == 0
    assert [each.query for each in server.exchanges()] == ["alice"]
    assert len(server.log_lines()) == 2, f"not worth a line: {server.log_lines()}"
    assert "6 checks" in server.log_lines()[1]


@pytest.mark.rule(rules.PROXY_LIMIT)
def test_max_per_ip_counts_the_clients_and_not_the_proxy(start: Start) -> None:
    server = start(*OPTION, "--max-per-ip", "2")
    served = [by_proxy(server, binary(f"192.0.2.{host}") + b"ali") for host in (1, 1, 2, 2, 3)]
    for client in served:
        client.let_it_arrive()
    for host in (1, 2):
        turned_away = by_proxy(server, text(f"192.0.2.{host}") + b"ali")
        assert turned_away.receive_until_gone() == b""
    for client in served:
        client.send(b"ce\r\n")
        client.expect_answer(ANSWER)
        client.close()
    again = by_proxy(server, binary("192.0.2.1") + b"alice\r\n")
    again.expect_answer(ANSWER)


@pytest.mark.rule(rules.PROXY_LIMIT)
def test_a_proxys_own_check_is_answered_however_many_clients_it_cannot_name(start: Start) -> None:
    server = start(*OPTION, "--max-per-ip", "1")
    unknown = by_proxy(server, b"PROXY UNKNOWN\r\nali")
    unknown.let_it_arrive()
    assert by_proxy(server, b"PROXY UNKNOWN\r\nali").receive_until_gone() == b""
    for _ in range(2):
        by_proxy(server, LOCAL + b"alice\r\n").expect_answer(ANSWER)
    unknown.send(b"ce\r\n")
    unknown.expect_answer(ANSWER)
    assert server.stop() == 0
    assert "2 accepted, 1 turned away, 2 checks" in server.log_lines()[-1]


@pytest.mark.clock
@pytest.mark.rule(rules.PROXY_TIMEOUT)
@pytest.mark.parametrize("begun", [b"", text()[:-1], binary()[:-1]], ids=["nothing", "v1", "v2"])
def test_a_header_that_does_not_come_is_not_waited_for_long(start: Start, begun: bytes) -> None:
    server = start(*OPTION, "--deadline", "300ms", "--max-clients", "1")
    begin = time.monotonic()
    client = by_proxy(server, begun)
    client.receive_until_gone()
    waited = time.monotonic() - begin
    assert 0.3 <= waited < 4.3, f"closed after {waited:.2f} s instead of 0.3"
    assert "PROXY header: timed out" in server.wait_for_log_lines(1)[0]
    assert server.ask(b"alice", host="127.0.0.1") == ANSWER, "its place was not given back"


@pytest.mark.clock
@pytest.mark.rule(rules.DISPLACED)
@pytest.mark.parametrize("begun", [b"", text()[:-1]], ids=["nothing", "begun"])
def test_a_connection_without_a_header_loses_its_place(start: Start, begun: bytes) -> None:
    """Otherwise any user on the proxy's machine could take all places."""
    server = start(*OPTION, "--max-clients", "2")
    waiting = [by_proxy(server, begun) for _ in range(2)]
    begin = time.monotonic()
    server.expect(b"alice", ANSWER)
    waited = time.monotonic() - begin
    assert waited < 3, f"served after {waited:.2f} s, when a header was not waited for any more"
    assert waiting[0].receive_until_gone() == b""
    waiting[1].send(text()[len(begun) :] + b"alice\r\n")
    waiting[1].expect_answer(ANSWER)


@pytest.mark.clock
@pytest.mark.rule(rules.PROXY_TIMEOUT)
def test_the_deadline_counts_from_accept_and_not_from_the_header(start: Start) -> None:
    server = start(*OPTION, "--deadline", "2s", "--query-timeout", "10s")
    begin = time.monotonic()
    client = by_proxy(server)
    time.sleep(1.5)
    client.send(text() + b"ali")
    waited = client.wait_for_hang_up() - begin
    assert waited < 3, f"closed after {waited:.2f} s instead of 2"


@pytest.mark.every_ring
@pytest.mark.rule(rules.DRAIN)
def test_a_drain_answers_a_query_that_had_come_with_its_header(start: Start) -> None:
    server = start(*OPTION)
    half, whole = by_proxy(server), by_proxy(server)
    half.send_in_pieces(text()[:7])
    server.pause()
    whole.send(binary() + b"alice\r\n")
    server.send_signal(signal.SIGTERM)
    server.resume()
    whole.expect_answer(ANSWER)
    assert half.receive_until_gone() == b""
    assert server.wait_exit() == 0


def test_a_reload_waits_for_a_header_that_is_on_its_way(start: Start) -> None:
    server = start(*OPTION)
    client = by_proxy(server)
    client.send_in_pieces(text()[:7])
    server.send_signal(signal.SIGHUP)
    assert server.ask(b"alice", host="127.0.0.1") == ANSWER
    client.send_in_pieces(text()[7:])
    client.send(b"alice\r\n")
    client.expect_answer(ANSWER)
