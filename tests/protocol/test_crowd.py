"""Many clients: all at once, one after another, and leaving in any order."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import rules
from harness.at_rest import expect_rest
from harness.client import Client
from harness.difference import difference
from harness.examples import for_each_example
from harness.frames import HEADER_BYTES, distinct_payloads, drawn_length, frame, frames
from harness.held import send_until_the_server_holds_answers
from harness.limits import backlog_max, need_descriptors
from harness.lingering import TOO_LONG
from harness.polling import readable
from harness.server import Server, Start
from harness.timing import LATE
from harness.verdict import ContractBroken

SMALL_LENGTHS = 1100  # two clients send a message of each
LEAVING = 4
FIREHOSE = Path(__file__).parent / "harness" / "firehose.py"


@pytest.mark.clock
@pytest.mark.needs("concurrency")
@pytest.mark.rule(rules.BYSTANDER)
def test_a_silent_client_does_not_stop_the_next_one(server: Server) -> None:
    server.connect()
    half = server.connect()
    half.send(frame(b"half a message")[:9])
    begin = time.monotonic()
    server.connect().echo(b"served beside two who say nothing")
    waited = time.monotonic() - begin
    assert waited < LATE, f"served after {waited:.1f} s: had the silent ones to leave first?"


@pytest.mark.needs("concurrency")
@pytest.mark.rule(rules.BYSTANDER)
def test_a_client_that_sends_and_reads_nothing_holds_up_nobody(server: Server) -> None:
    neighbour = server.connect()
    neighbour.echo(b"here before it")
    never_reads = server.connect(receive_buffer=4096)
    never_reads.send_until_stuck(frame(bytes(60_000)) * 200)
    neighbour.echo(b"and beside it")
    server.connect().echo(b"here after it")


# This test comes before those that a short backlog only slows down, because a client repeats a
# dropped connect after a second.
@pytest.mark.needs("concurrency")
@pytest.mark.rule(rules.BACKLOG)
def test_a_thousand_clients_that_come_at_once_have_room_in_the_backlog(server: Server) -> None:
    need_descriptors(1100)
    server.pause()
    for _ in range(min(1000, backlog_max())):
        server.connect()  # fails with a message about the backlog if that's too short
    server.resume()
    try:
        server.clients[-1].echo(b"the last of them")
    except ContractBroken as error:
        error.rule = rules.CROWD  # it had room in the backlog
        raise


@pytest.mark.needs("crowd")
@pytest.mark.rule(rules.CROWD)
def test_a_thousand_clients_are_served_at_once(server: Server) -> None:
    need_descriptors(1100)
    clients = [server.connect() for _ in range(1000)]
    for turn in range(2):
        payloads = distinct_payloads(1000, 20 + 100 * turn)
        for client, payload in zip(clients, payloads):
            client.send_messages(payload)
        for client, payload in zip(clients, payloads):
            client.expect(payload)
    for number, client in enumerate(clients):
        (client.close, client.reset, client.half_close)[number % 3]()
    server.connect().echo(b"one more")


@pytest.mark.needs("crowd", "light-clients", "max-connections")
@pytest.mark.rule(rules.CROWD)
def test_no_descriptor_is_too_high_a_number(start: Start) -> None:
    # select(2) ends at 1,024, and a server's own table may have a fixed size, too.
    need_descriptors(4400)
    server = start("--max-connections", "5000")
    clients = [server.connect() for _ in range(4200)]
    for client in (*clients[:3], *clients[980:1060], *clients[4050:]):
        client.echo(b"served")


@pytest.mark.needs("concurrency")
@pytest.mark.rule(rules.OWN_ANSWERS)
@pytest.mark.parametrize("how", ["close", "reset", "half_close"])
def test_after_others_left_inside_a_message_each_client_gets_its_own(
    server: Server, how: str
) -> None:
    """The server frees the memory of their incomplete messages once, and may then reuse it."""
    for _ in range(LEAVING):
        client = server.connect()
        client.send(frame(b"never to be whole")[:9])
        client.let_it_arrive()
        getattr(client, how)()
    server.connect().echo(b"beside")
    payloads = [b"%d: of nobody else" % number for number in range(2 * LEAVING)]
    clients = [server.connect() for _ in payloads]
    for part in (slice(0, 7), slice(7, None)):
        for client, payload in zip(clients, payloads):
            client.send(frame(payload)[part])
            client.let_it_arrive()
    for client, payload in zip(clients, payloads):
        client.expect(payload)


def own_messages(owner: int, sizes: list[int]) -> bytes:
    """Makes messages of these sizes. Any few bytes in a row tell which client they belong to."""
    mark = b"%d:" % owner
    return frames((mark * (size // len(mark) + 1))[:size] for size in sizes)


def has_anothers(received: bytes, owner: int, owners: int) -> bool:
    """Returns true if these bytes have some of another's messages in them. What is lost was given
    to nobody."""
    return any(b"%d:%d:" % (other, other) in received for other in range(owners) if other != owner)


@pytest.mark.needs("concurrency")
@pytest.mark.rule(rules.ECHO)
def test_clients_that_speak_at_once_get_their_own_answers(server: Server) -> None:
    # We send messages of all lengths and cut them anywhere, so whenever the server looks, some are
    # complete and it has to keep the beginnings of others. Two clients send each length.
    chance = random.Random(5)
    sizes = [[drawn_length(chance) >> 2 for _ in range(8)] for _ in range(60)]
    for length in range(SMALL_LENGTHS):
        for own in chance.sample(sizes, 2):
            own.insert(chance.randrange(len(own)), length)
    streams = [own_messages(owner, own) for owner, own in enumerate(sizes)]
    clients = [server.connect() for _ in streams]
    unsent = list(streams)
    while any(unsent):
        server.pause()  # so that the server sees all the pieces in one turn
        for owner, client in enumerate(clients):
            piece = unsent[owner][: chance.randrange(1, 12_000)]
            client.send(piece)
            unsent[owner] = unsent[owner][len(piece) :]
        server.resume()
        clients[-1].let_it_arrive()
    for owner, (client, own, stream) in enumerate(zip(clients, sizes, streams)):
        client.half_close()
        received = client.receive_until_end()
        if received != stream:
            number, length = first_that_differs(own, stream, received)
            broken = client.broken(
                f"{client.name} got something else from its message {number} on, one of {length} "
                "bytes: beside it, others had messages of that length")
            if has_anothers(received, owner, len(clients)):
                broken.rule = rules.OWN_ANSWERS
            raise broken


def first_that_differs(sizes: list[int], sent: bytes, received: bytes) -> tuple[int, int]:
    """Returns the number and the length of the first message that came back changed."""
    begin = 0
    for number, size in enumerate(sizes, 1):
        end = begin + HEADER_BYTES + size
        if received[begin:end] != sent[begin:end]:
            return number, size
        begin = end
    return len(sizes), sizes[-1]


@pytest.mark.needs("backpressure", "concurrency")
@pytest.mark.rule(rules.ECHO)
def test_clients_that_read_late_get_their_own_answers(server: Server) -> None:
    # The server holds answers for all the clients, and those of each client are different. Where a
    # receive began with a message, the answers may still be in the receive buffer, so each burst of
    # whole messages is sent alone.
    due = []
    for owner in range(3):
        client = server.connect(receive_buffer=4096)
        size = 100 + 731 * owner
        burst = own_messages(owner, [size] * (16_000 // (HEADER_BYTES + size)))
        sent, _ = send_until_the_server_holds_answers(client, burst=burst)
        due.append(burst * (sent // len(burst)))
    for client in server.clients:
        client.half_close()
    for owner, (client, stream) in enumerate(zip(server.clients, due)):
        received = client.receive_until_end()
        if received != stream:
            broken = client.broken(difference(f"what {client.name} got", stream, received))
            if has_anothers(received, owner, len(due)):
                broken.rule = rules.OWN_ANSWERS
            raise broken


@pytest.mark.needs("concurrency")
@pytest.mark.rule(rules.SURVIVE)
@pytest.mark.parametrize(
    "leaving",
    [(0,), (2,), (4,), (0, 4), (1, 2), (3, 4), (0, 1, 2, 3), (1, 2, 3, 4), (0, 1, 2, 3, 4)],
    ids=lambda who: "-".join(map(str, who)),
)
@pytest.mark.parametrize("how", ["close", "reset"])
def test_whoever_leaves_at_the_same_moment_the_others_stay(
    server: Server, leaving: tuple[int, ...], how: str
) -> None:
    clients = [server.connect() for _ in range(5)]
    for client in clients:
        client.echo(b"here")
    server.pause()  # so that they all leave in one turn of the server's loop
    for number in leaving:
        getattr(clients[number], how)()
    staying = [client for number, client in enumerate(clients) if number not in leaving]
    for client in staying:
        client.send_messages(b"staying")
    server.resume()
    for client in staying:
        client.expect(b"staying")
    server.connect().echo(b"a new connection in a place that came free")


@pytest.mark.needs("concurrency")
@pytest.mark.rule(rules.SURVIVE)
def test_any_pattern_of_coming_and_going_serves_whoever_is_there(server: Server) -> None:
    come, go, break_off, talk = range(4)
    step = st.tuples(st.sampled_from([come, come, go, break_off, talk, talk]), st.integers(0, 1000))

    @given(steps=st.lists(step, max_size=40))
    @example(steps=[(come, 0), (come, 0), (talk, 1)])  # two are connected, and the second speaks
    def check(steps: list[tuple[int, int]]) -> None:
        present: list[Client] = []  # the model: the clients that should be connected
        for action, which in steps:
            if action == come:
                present.append(server.connect())
            elif present:
                client = present[which % len(present)]
                if action == talk:
                    client.echo(b"%d" % which)
                else:
                    present.remove(client)
                    client.close() if action == go else client.reset()
        for client in present:
            client.echo(b"present")
            client.close()

    for_each_example(check)


@pytest.mark.clock
@pytest.mark.needs("fairness")
@pytest.mark.rule(rules.FAIRNESS)
def test_a_flood_does_not_starve_its_neighbour(server: Server) -> None:
    host, port = server.address
    words = [sys.executable, str(FIREHOSE), host, str(port), "2"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as flood:
        try:
            assert flood.stdout is not None
            assert readable(flood.stdout, server.patience), (
                f"a client that sends all the time got no answer within {server.patience:g} s")
            said = flood.stdout.readline()
            assert said == "flowing\n", f"the flood has ended: {said!r}"
            pinger = server.connect()
            slowest = 0.0
            for number in range(30):
                begin = time.monotonic()
                pinger.echo(b"ping %d" % number)
                slowest = max(slowest, time.monotonic() - begin)
            assert slowest < 2.0, f"a ping took {slowest:.2f} s beside the flood; at most 2 s"
        finally:
            flood.kill()


@pytest.mark.clock
@pytest.mark.needs("rest-when-idle")
@pytest.mark.rule(rules.REST)
def test_a_server_with_nothing_to_do_takes_no_processor_time(server: Server) -> None:
    client = server.connect()
    client.echo(b"idle from now on")
    time.sleep(0.1)
    expect_rest(server)
    client.send(TOO_LONG)
    client.expect_end()
    expect_rest(server, "of waiting for the end of a client's stream")


@pytest.mark.clock
@pytest.mark.needs("rest-when-idle")
@pytest.mark.rule(rules.REST)
def test_an_urgent_byte_is_not_looked_at_again_and_again(server: Server) -> None:
    # POLLPRI stays until we receive that byte with MSG_OOB, or later bytes without it.
    client = server.connect()
    client.echo(b"urgent from now on")
    client.send_urgent(b"!")
    expect_rest(server, "since an urgent byte has come")


@pytest.mark.clock
@pytest.mark.needs("rest-when-idle", "concurrency")
@pytest.mark.rule(rules.REST)
@pytest.mark.parametrize("how", ["close", "half_close", "reset"])
@pytest.mark.parametrize("sent", [frame(b"not complete")[:5], frame(bytes(30_000)) * 400],
                         ids=["inside-a-message", "in-mid-answer"])
def test_clients_that_left_are_not_looked_at_again_and_again(
    server: Server, sent: bytes, how: str
) -> None:
    # poll(2) keeps reporting an end, an error or a hang-up until the server acts on it.
    stays = server.connect()
    stays.echo(b"here")
    for _ in range(3):
        client = server.connect(receive_buffer=4096)
        client.echo(b"here")
        client.send_until_stuck(sent, pause=0.03)
        getattr(client, how)()
    time.sleep(0.1)
    expect_rest(server, "for clients that have left")
    stays.echo(b"still here")
