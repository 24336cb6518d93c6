"""Places at --max-clients, and the time for a query: silent clients can't shut others out."""

import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

import rules
from conftest import ANSWER
from harness.proc import wait_until
from kit.client import FingerClient
from kit.reference import LARGE, NO_PLAN, QUERY_TIMEOUT, converted
from kit.server import FingerServer, Start

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.DISPLACED)]

SIXTEEN = [f"127.0.0.{number}" for number in range(20, 36)]
SILENT_EACH = 40
PROXY = "127.0.0.2"


def begun(server: FingerServer, **how: str) -> FingerClient:
    """Returns a client that sent a part of its query, which the server has received."""
    client = server.connect(**how)
    client.send_in_pieces(b"ali")
    return client


def test_the_place_of_the_oldest_without_a_query_goes_to_the_next(start: Start) -> None:
    server = start("--max-clients", "3", "--query-timeout", "1m", "--deadline", "1m")
    old, *others = [begun(server) for _ in range(3)]
    server.expect(b"alice", ANSWER)
    old.expect_end()  # an orderly end, since there is no answer that could look whole
    assert wait_until(lambda: len(server.exchanges()) == 2, server.patience), server.log_lines()
    assert [each.outcome for each in server.exchanges()] == ["displaced", "answered"]
    for client in others:
        client.send(b"ce\r\n")
        client.expect_answer(ANSWER)


def test_a_query_that_is_whole_in_the_turn_in_which_its_place_is_wanted_shuts_nobody_out(
    start: Start
) -> None:
    """Its client may keep the place or lose it. The other client is silent, so a new one must not
    wait for an answer that nobody reads."""
    server = start("--max-clients", "2", "--query-timeout", "1m", "--deadline", "1m")
    server.users.replace("alice", LARGE)
    old = server.connect(receive_buffer=4096)
    old.send_in_pieces(b"ali")
    silent = begun(server)
    time.sleep(0.5)  # a client that came just now wouldn't be displaced
    server.send_signal(signal.SIGSTOP)
    new = server.asking(b"bob")
    old.send(b"ce\r\n")
    server.send_signal(signal.SIGCONT)
    new.expect_answer(NO_PLAN)
    silent.close()


def test_no_place_is_taken_away_before_somebody_wants_it(start: Start) -> None:
    server = start("--max-clients", "3", "--query-timeout", "1m")
    for client in [begun(server) for _ in range(3)]:
        client.expect_silence(0.1)
        client.send(b"ce\r\n")
        client.expect_answer(ANSWER)


class Silent(threading.Thread):
    """Silent connections from one address, with a new one for each that the server closes."""

    def __init__(self, server: FingerServer, source: str) -> None:
        super().__init__()
        self.server, self.source = server, source
        self.ending, self.opened = False, 0

    def run(self) -> None:
        with ExitStack() as stack:
            held: list[socket.socket] = []
            while not self.ending:
                while len(held) < SILENT_EACH:
                    one = stack.enter_context(socket.socket())
                    one.bind((self.source, 0))
                    one.setblocking(False)
                    one.connect_ex(self.server.address)
                    held.append(one)
                    self.opened += 1
                time.sleep(0.05)
                held = [one for one in held if not gone(one)]


def gone(one: socket.socket) -> bool:
    """Returns true if the server closed the connection."""
    if one.fileno() < 0:
        return True
    one.setblocking(False)
    try:
        at_end = one.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        at_end = True
    if at_end:
        one.close()
    return at_end


@pytest.fixture
def silent(server: FingerServer) -> Iterator[list[Silent]]:
    """Clients from sixteen addresses, as many as the server accepts."""
    threads = [Silent(server, source) for source in SIXTEEN]
    for thread in threads:
        thread.start()
    yield threads
    for thread in threads:
        thread.ending = True
    for thread in threads:
        thread.join()


@pytest.mark.clock
def test_sixteen_addresses_do_not_shut_others_out(
    server: FingerServer, silent: list[Silent]
) -> None:
    assert wait_until(lambda: all(each.opened >= SILENT_EACH for each in silent), server.patience)
    time.sleep(1)
    for _ in range(5):
        begin = time.monotonic()
        server.expect(b"alice", ANSWER, source="127.0.0.9")
        assert time.monotonic() - begin < 2, "it had to wait for them"


@pytest.mark.clock
@pytest.mark.rule(rules.QUERY_TIMEOUT)
@pytest.mark.parametrize("sent", [b"", b"ali"], ids=["nothing", "a-part"])
def test_a_query_that_does_not_come_has_less_time_than_the_exchange(
    start: Start, sent: bytes
) -> None:
    server = start("--query-timeout", "300ms", "--deadline", "1m")
    begin = time.monotonic()
    client = server.connect()
    client.try_send(sent)
    client.expect_answer(QUERY_TIMEOUT)
    assert 0.3 <= time.monotonic() - begin < 5


@pytest.mark.clock
@pytest.mark.rule(rules.QUERY_TIMEOUT)
def test_the_query_by_default_has_two_seconds(server: FingerServer) -> None:
    begin = time.monotonic()
    begun(server).expect_answer(QUERY_TIMEOUT)
    assert 2 <= time.monotonic() - begin < 7


@pytest.mark.clock
@pytest.mark.rule(rules.QUERY_TIMEOUT)
def test_when_the_query_is_there_its_timeout_counts_no_more(start: Start) -> None:
    server = start("--query-timeout", "300ms", "--deadline", "1m")
    server.users.replace("alice", LARGE)
    client = server.asking(b"alice", receive_buffer=4096)
    time.sleep(1)
    client.let_window_grow()
    client.expect_answer(converted(LARGE))


def by_proxy(server: FingerServer, address: str) -> FingerClient:
    """Connects through a proxy for a client with this address, and sends a part of a query."""
    client = server.connect(source=PROXY)
    client.try_send(f"PROXY TCP6 {address} 2001:db8::1 50412 79\r\nali".encode())
    return client


def served(server: FingerServer, address: str) -> bool:
    client = by_proxy(server, address)
    client.try_send(b"ce\r\n")
    return client.receive_until_gone() == ANSWER


@pytest.mark.rule(rules.MAX_PER_IP)
def test_one_site_has_four_times_what_one_network_has(start: Start) -> None:
    server = start("--proxy-protocol", PROXY, "--max-per-ip", "4", "--query-timeout", "1m",
                   "--deadline", "1m")  # fmt: skip
    network = [by_proxy(server, f"2001:db8:9::{number}") for number in range(1, 7)]
    assert wait_until(lambda: sum(gone(each.socket) for each in network) == 2, server.patience)
    held = [by_proxy(server, f"2001:db8:7:{number:x}::1") for number in range(40)]
    assert wait_until(lambda: sum(gone(each.socket) for each in held) == 40 - 4 * 4,
                      server.patience)  # fmt: skip
    assert not served(server, "2001:db8:7:ffff::1")
    assert served(server, "2001:db8:8::1")
    for client in held:
        client.close()
    assert wait_until(lambda: served(server, "2001:db8:7:ffff::1"), server.patience)
