"""However a connection ends, the server gets back its descriptor, thread, memory and place."""

import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest

import rules
from harness.at_rest import descriptors_at_rest, expect_descriptors_back
from harness.client import Client
from harness.frames import header, long_stream
from harness.held import MOMENT_SECONDS, finish_and_read_late, server_has_ended
from harness.http import expect_hello, get
from harness.lingering import LINGER_SECONDS, TOO_LONG
from harness.memory import growth_at_rest, in_units, least_growth
from harness.proc import wait_until
from harness.rule import Rule
from harness.server import Server, Start
from harness.stopping import SAME_STOP_SECONDS
from harness.verdict import ContractBroken

pytestmark = pytest.mark.rule(rules.RESTORE)

AT_ONCE = 40
KEPT_BYTES_MAX = 512 * 1024
# The beginning of a message, which the server has to keep somewhere.
BEGINNING = header(65536) + bytes(60_000)
FEW_BYTES = (1, 3, 4, 5)  # inside the length, after it, and inside the payload
NEVER_READING = 4
HELD_AT_ONCE = 1
ACCEPTED_BEFORE = 4
LATE_SOON = ("--max-connections", str(AT_ONCE), "--read-timeout", "100ms")


def expect_end_by(rule: Rule, client: Client) -> None:
    """Expects the server to end the connection, as `rule` says; otherwise the server broke that
    rule. But if it hasn't even accepted the client, it lacks a place that an earlier client had."""
    try:
        client.expect_end()
    except ContractBroken as broken:
        with suppress(OSError):  # the connection is gone, or the kernel doesn't say
            if client.is_in_the_backlog():
                broken.args = (f"{broken}: it was not accepted, though the clients before it are "
                               "gone, and so were their places to be",)
                raise
        broken.rule = rule
        raise


def says_goodbye(client: Client, _: int = 0) -> None:
    """Leaves after a message."""
    client.echo(bytes(60_000))
    client.close()


def inside_a_message(
    leaves: Callable[[Client], None], cuts: Sequence[int]
) -> Callable[[Client, int], None]:
    """Leaves in this way inside a message; each client sends a different number of its bytes."""

    def ends(client: Client, number: int) -> None:
        client.echo(b"accepted")
        client.send(BEGINNING[: cuts[number % len(cuts)]])
        leaves(client)

    return ends


def half_closes_and_reads_late(client: Client, _: int) -> None:
    """Finishes while the server holds answers, and reads them before leaving."""
    finish_and_read_late(client)
    client.close()


def resets_with_answers_held(client: Client, _: int) -> None:
    """Leaves without having read the answers that the server holds."""
    client.send_until_stuck(long_stream())
    client.reset()


def announces_too_much(client: Client, _: int) -> None:
    """Announces too long a message, so the server ends the connection."""
    client.send(TOO_LONG)
    expect_end_by(rules.TOO_LONG, client)
    client.close()


def resets_when_the_server_has_ended(client: Client, _: int) -> None:
    """Sends a reset when the server has ended the connection and waits for the client's end."""
    client.send(TOO_LONG)
    expect_end_by(rules.TOO_LONG, client)
    client.reset()


WAYS_TO_END = {  # how many clients come at a time, and how each of them ends
    "says_goodbye": (AT_ONCE, says_goodbye),
    "announces_too_much": (AT_ONCE, announces_too_much),
    "resets_when_the_server_has_ended": (AT_ONCE, resets_when_the_server_has_ended),
    "breaks_off-few-bytes-of-it": (AT_ONCE, inside_a_message(Client.close, FEW_BYTES)),
    "breaks_off-many-bytes-of-it": (AT_ONCE, inside_a_message(Client.close, [len(BEGINNING)])),
    "resets-few-bytes-of-it": (AT_ONCE, inside_a_message(Client.reset, FEW_BYTES)),
    "resets-many-bytes-of-it": (AT_ONCE, inside_a_message(Client.reset, [len(BEGINNING)])),
    "half_closes_and_reads_late": (HELD_AT_ONCE, half_closes_and_reads_late),
    "resets_with_answers_held": (HELD_AT_ONCE, resets_with_answers_held),
}


def asks(client: Client) -> None:
    """Requests a page, and stays to request more."""
    client.send(get("/"))
    expect_hello(client)


def speaks_no_http(client: Client, _: int) -> None:
    """Sends a request that isn't HTTP, so the server answers with an error and ends
    the connection."""
    client.send(b"nonsense\r\n\r\n")
    client.receive_until_end()
    client.close()


def too_large_a_head(client: Client, _: int) -> None:
    """Sends so long a head that the server ends the connection before its end."""
    client.send(get("/" + "p" * 9000))
    client.receive_until_end()
    client.close()


def speaks(client: Client) -> None:
    """Has a message answered, and stays."""
    client.echo(b"one of as many as there are places")


def clients_come(
    server: Server, ends: Callable[[Client, int], None], count: int = AT_ONCE
) -> None:
    """Connects `count` clients, and lets each end in this way. If a client fills the server with
    answers, it gets a small receive buffer."""
    buffer = 4096 if count == HELD_AT_ONCE else None
    for number, client in enumerate([server.connect(receive_buffer=buffer) for _ in range(count)]):
        ends(client, number)
    server.clients.clear()


def expect_all_given_back(
    server: Server,
    one_round: Callable[[], None],
    places: int = AT_ONCE,
    is_served: Callable[[Client], None] = speaks,
    first_round: Callable[[], None] | None = None,
    limit_rule: Rule = rules.MAX_CONNECTIONS,
) -> None:
    """Expects further rounds to cost no more than the first, and then all places to be free."""
    descriptors = descriptors_at_rest(server, is_served)
    threads = server.process.thread_count()

    def until_all_have_left(come: Callable[[], None] = one_round) -> None:
        nonlocal descriptors
        descriptors = expect_descriptors_back(server, descriptors, come)

    until_all_have_left(first_round or one_round)
    if not server.process.is_sanitized():
        memory = server.process.memory_bytes
        grown = least_growth(memory, until_all_have_left, KEPT_BYTES_MAX)
        if grown >= KEPT_BYTES_MAX:  # a leak, or garbage that hasn't been collected yet
            grown = growth_at_rest(memory, until_all_have_left, KEPT_BYTES_MAX)
        assert grown < KEPT_BYTES_MAX, (
            f"{in_units(grown)} more after {places} clients, in each of many rounds")
    server.wait_for_threads(threads, 1 + server.target.runtime_threads)
    for client in [server.connect() for _ in range(places)]:
        is_served(client)
    expect_no_place_too_many(server, places, limit_rule)


def expect_no_place_too_many(server: Server, places: int, limit_rule: Rule) -> None:
    """Expects further clients to wait, because a place that was given back twice is one too many.
    We pause the server, so that nobody leaves while we count. A loop may accept one client before
    it looks for a place."""
    more = [server.connect() for _ in range(places + AT_ONCE)]
    time.sleep(MOMENT_SECONDS)
    server.pause()
    with suppress(OSError):  # the kernel doesn't say
        held = sum(client.is_held_by_the_server() for client in server.clients)
        if held > places + ACCEPTED_BEFORE:
            raise ContractBroken(
                f"{held} clients are accepted at the same time, and --max-connections is {places}. "
                "Many had left before, all in the same way: is a place given back twice there?",
                more[0], rule=limit_rule)
    server.resume()


@pytest.mark.needs("restore", "max-connections")
@pytest.mark.parametrize(("places", "ends"), WAYS_TO_END.values(), ids=WAYS_TO_END)
def test_a_connection_that_ends_gives_back_all_it_had(
    start: Start, places: int, ends: Callable[[Client, int], None]
) -> None:
    server = start("--max-connections", str(places))
    expect_all_given_back(server, lambda: clients_come(server, ends, places), places)


@pytest.mark.clock
@pytest.mark.needs("restore", "max-connections")
def test_a_connection_whose_client_never_ends_its_stream_gives_back_all_it_had(
    start: Start,
) -> None:
    server = start("--max-connections", str(AT_ONCE))
    at_rest = descriptors_at_rest(server, speaks)

    def they_stay() -> None:
        for client in [server.connect() for _ in range(AT_ONCE)]:
            client.send(TOO_LONG)
            expect_end_by(rules.TOO_LONG, client)
        wait_until(lambda: server.process.descriptor_count() <= at_rest, LINGER_SECONDS)

    expect_descriptors_back(server, at_rest, they_stay)
    for client in [server.connect() for _ in range(AT_ONCE)]:
        speaks(client)


@pytest.mark.needs("restore", "max-connections")
@pytest.mark.parametrize("leaves", [Client.close, Client.reset], ids=["ends", "resets"])
def test_a_connection_that_was_over_before_there_was_a_place_gives_back_all_it_had(
    start: Start, leaves: Callable[[Client], None]
) -> None:
    server = start("--max-connections", str(AT_ONCE))

    def they_come() -> None:
        served = [server.connect() for _ in range(AT_ONCE)]
        for client in served:
            speaks(client)
        for client in [server.connect() for _ in range(AT_ONCE)]:
            client.send(BEGINNING)
            leaves(client)
        for client in served:
            client.close()
        server.clients.clear()

    expect_all_given_back(server, they_come)


@pytest.mark.needs("restore", "max-connections", "read-timeout")
@pytest.mark.parametrize("begun", [b"", BEGINNING], ids=["silent", "inside-a-message"])
def test_a_connection_whose_time_is_up_gives_back_all_it_had(start: Start, begun: bytes) -> None:
    expect_late_ones_give_back(start(*LATE_SOON), begun)


@pytest.mark.needs("restore", "max-connections", "read-timeout", "workers")
def test_with_workers_a_connection_whose_time_is_up_gives_back_all_it_had(start: Start) -> None:
    expect_late_ones_give_back(start(*LATE_SOON, "--workers", "2"), b"", rules.WORKERS)


def expect_late_ones_give_back(
    server: Server, begun: bytes, limit_rule: Rule = rules.MAX_CONNECTIONS
) -> None:
    """Lets as many clients as there are places get this far, and expects the server to close them.
    The clients that use the places afterwards are late, too, because on a busy machine a client
    might not speak within 100 ms.
    """

    def is_late(client: Client) -> None:
        expect_end_by(rules.READ_TIMEOUT, client)

    def they_come() -> None:
        clients = [server.connect() for _ in range(AT_ONCE)]
        for client in clients:
            client.send(begun)
        for client in clients:
            is_late(client)
            client.close()
        server.clients.clear()

    expect_all_given_back(server, they_come, is_served=is_late, limit_rule=limit_rule)


@pytest.mark.clock
@pytest.mark.needs("restore", "max-connections", "read-timeout")
def test_a_client_that_never_reads_gives_back_all_it_had(start: Start) -> None:
    server = start("--max-connections", str(NEVER_READING), "--read-timeout", "200ms")

    clients: list[Client] = []
    stream = long_stream()  # made beforehand, because that takes longer than a client has

    def they_stay() -> None:
        server.close_clients()
        clients[:] = [server.connect(receive_buffer=4096) for _ in range(NEVER_READING)]
        for client in clients:
            client.send_until_stuck(stream)

    def they_come() -> None:
        they_stay()
        with suppress(OSError):
            wait_until(lambda: all(map(server_has_ended, clients)), server.patience)
            server.close_clients()

    # The first clients stay for as long as the server lingers, and later ones leave when it ends
    # them.
    try:
        expect_all_given_back(server, they_come, NEVER_READING, first_round=they_stay)
    except ContractBroken as broken:
        with suppress(OSError):  # the connection is gone, or the kernel doesn't say
            if not all(map(server_has_ended, clients)):
                broken.rule = rules.WRITE_TIMEOUT  # the server doesn't consider them late
        raise


@pytest.mark.needs("restore", "drain", "crowd")
def test_in_a_stop_each_connection_gives_back_what_it_had_when_it_ends(start: Start) -> None:
    server = start("--drain-timeout", "30s")
    at_rest = descriptors_at_rest(server, says_goodbye)
    holds_it_up = server.connect(receive_buffer=4096)
    holds_it_up.send_until_stuck(long_stream())
    for client in [server.connect() for _ in range(AT_ONCE)]:
        client.echo(b"and now it says nothing")
    server.send_signal(signal.SIGTERM)
    # Only one client is left, and perhaps the listener, shut down.
    server.wait_for_descriptors(at_rest + 1 + server.target.runtime_descriptors)
    assert server.is_alive(), "it ended with answers that a client could still have taken"
    time.sleep(SAME_STOP_SECONDS)
    server.expect_stop()  # the second signal


@pytest.mark.needs("restore", "max-connections", "http")
@pytest.mark.parametrize("ends", [speaks_no_http, too_large_a_head], ids=lambda how: how.__name__)
def test_a_refused_request_gives_back_all_it_had(
    start: Start, ends: Callable[[Client, int], None]
) -> None:
    server = start("--protocol", "http", "--max-connections", str(AT_ONCE))
    expect_all_given_back(server, lambda: clients_come(server, ends), is_served=asks)
