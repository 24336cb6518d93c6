"""E13.3: a relay that cannot be used for everything."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from harness.server import Server
from kit.finger import ask
from kit.tested import Own

pytestmark = [pytest.mark.clock, pytest.mark.program("{port} {next} {hosts}")]

HOST, OTHER = "127.0.0.1", "127.0.0.2"
ANSWER = b"Building a telescope.\r\n" * 1000
DENIED = b"Error: Relay access denied\r\n"
EXCHANGE_SECONDS = 2.0
EARLY_SECONDS = 1.5  # a relay's clock may be coarse: one that counts ticks is a little early
LATE_SECONDS = 6.0


class Next:
    """The finger server that is asked in turn."""

    def __init__(self) -> None:
        self.listener = socket.create_server((HOST, 0))
        self.port = self.listener.getsockname()[1]
        self.asked: list[bytes] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(peer,), daemon=True).start()

    def _answer(self, peer: socket.socket) -> None:
        with peer, peer.makefile("rb") as lines:
            query = lines.readline()
            self.asked.append(query)
            if query.startswith(b"nobody"):
                time.sleep(2 * LATE_SECONDS)
            else:
                peer.sendall(ANSWER)


@pytest.fixture
def next_one() -> Iterator[Next]:
    """Somebody to ask."""
    made = Next()
    yield made
    made.listener.close()


@pytest.fixture
def relay(
    request: pytest.FixtureRequest, target: Own, next_one: Next, patience: float
) -> Iterator[Callable[..., Server]]:
    """Starts your relay: relay(hosts="127.0.0.1")."""
    servers: list[Server] = []

    def start(hosts: str, port: int = next_one.port) -> Server:
        words = target.filled(next=port, hosts=hosts)
        servers.append(Server(Own("yours", "program", tuple(words)), patience=patience))
        servers[-1].wait_until_ready()
        return servers[-1]

    yield start
    for server in servers:
        server.close_clients()
        server.kill()


@pytest.mark.parametrize("query, passed_on", [
    ("alice@{host}", b"alice\r\n"),
    ("@{host}", b"\r\n"),
    ("/W alice@{host}", b"/W alice\r\n"),
    ("alice@elsewhere@{host}", b"alice@elsewhere\r\n"),
])
def test_the_last_host_is_asked_for_the_rest(
    relay: Callable[..., Server], next_one: Next, query: str, passed_on: bytes
) -> None:
    """A query that ends with @ and an address on the list is put to that host, without this last
    part, and the answer is passed on as it is."""
    received = ask(relay(f"{OTHER},{HOST}"), query.format(host=HOST).encode())
    assert received == ANSWER, f"the answer was {received[:60]!r}"
    assert next_one.asked == [passed_on]


@pytest.mark.parametrize("query", [b"alice@127.0.0.3", b"alice@localhost", b"alice@", b"alice@\xff",
                                   b"alice@127.0.0.1@127.0.0.3"])
def test_a_host_that_is_not_on_the_list_is_not_asked(
    relay: Callable[..., Server], next_one: Next, query: bytes
) -> None:
    """Any other host is answered with `Error: Relay access denied`, and nobody is asked: who relays
    for everybody to everywhere is somebody's disguise."""
    assert ask(relay(f"{OTHER},{HOST}"), query) == DENIED
    assert not next_one.asked, f"was asked: {next_one.asked}"


def test_there_are_two_hops_at_the_most(relay: Callable[..., Server], next_one: Next) -> None:
    """More than two @ are denied: or a query could go round and round."""
    assert ask(relay(HOST), b"alice@127.0.0.1@127.0.0.1@127.0.0.1") == DENIED
    assert not next_one.asked


def test_a_query_for_the_relay_itself_finds_nobody(relay: Callable[..., Server]) -> None:
    """Here lives nobody: a name without a host is answered with `Error: No such user`."""
    assert ask(relay(HOST), b"alice") == b"Error: No such user\r\n"


def test_a_host_that_does_not_listen_is_an_error(relay: Callable[..., Server]) -> None:
    """Where nobody listens the client hears `Error: No answer`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert ask(relay(HOST, port=port), b"alice@127.0.0.1") == b"Error: No answer\r\n"


def test_a_host_that_says_nothing_is_left(relay: Callable[..., Server]) -> None:
    """A host that takes the query and says nothing is left after two seconds, `Error: No answer`;
    others are served meanwhile."""
    server = relay(HOST)
    began = time.monotonic()
    waiting = server.connect()
    waiting.send(b"nobody@127.0.0.1\r\n")
    assert ask(server, b"alice@127.0.0.1") == ANSWER
    assert time.monotonic() - began < EXCHANGE_SECONDS, "another client had to wait"
    assert waiting.receive_until_end() == b"Error: No answer\r\n"
    assert EARLY_SECONDS <= time.monotonic() - began < LATE_SECONDS
