"""Messages over a stream of bytes: the answers are whole and in order, however the stream
is cut."""

import errno
import socket
import time
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rules
from harness import moments
from harness.client import Client
from harness.examples import for_each_example, payload_lists
from harness.frames import (
    EVERY_LENGTH_BELOW, HEADER_BYTES, distinct_payloads, frame, frames, header, large_lengths,
    patterned)
from harness.limits import need_ipv6
from harness.server import Server, Start
from harness.timing import AT_ONCE_SECONDS, LARGE_AT_ONCE_SECONDS, happens_often
from harness.verdict import ContractBroken, Silent

pytestmark = [pytest.mark.needs("framing"), pytest.mark.every_ring]

THREE_MESSAGES = (b"", b"a", b"hello")
BUFFER_SIZES = (4096, 8192, 16384, 65536, 65540)  # sizes that servers like to read at once
SIZES = (1460, 4096, 40_000, 65_536)  # a packet, a page, less than a buffer, the largest message
CONTENTS = (  # bytes that some functions, terminals or protocols misunderstand
    b"\r\n", b"\n", b"a line\r\nand another\n", b"\t blanks ", b"\0", b"ends in NUL\0\0", b"\x04",
    b"\x1a", b"\xff\xf4\xff\xfd\x06", b"\xef\xbb\xbfe\xcc\x81\xed\xa0\x80", b"+++", b"quit",
    b"GET / HTTP/1.1\r\n\r\n", b"%s%n", b"'\"\\",
)  # fmt: skip
BATCHES = [distinct_payloads(300, 100), *([patterned(size)] for size in SIZES)]


@pytest.mark.rule(rules.ECHO)
def test_a_message_comes_back(client: Client) -> None:
    client.echo(b"hello")


@pytest.mark.rule(rules.OPEN_ENDED)
def test_a_connection_stays_open_while_its_client_does(client: Client) -> None:
    client.expect_silence()
    for number in range(20):
        client.echo(b"%d" % number)
        client.expect_silence(0.01)


@pytest.mark.rule(rules.ECHO)
def test_a_message_of_every_length_comes_back(client: Client) -> None:
    echo_each(client, range(EVERY_LENGTH_BELOW))


def echo_each(client: Client, lengths: Iterable[int]) -> None:
    """Expects a message of each length back, one after the other."""
    for length in lengths:
        try:
            client.echo(patterned(length))
        except ContractBroken as broken:
            broken.args = (f"a message of {length} bytes: {broken}",)
            raise


@pytest.mark.rule(rules.ECHO)
def test_the_length_is_little_endian(client: Client) -> None:
    client.send(b"\x01\x00\x00\x00a")
    client.expect_bytes(b"\x01\x00\x00\x00a")
    payload = bytes(0x0102)
    client.send(b"\x02\x01\x00\x00" + payload)
    client.expect_bytes(b"\x02\x01\x00\x00" + payload)


@pytest.mark.rule(rules.ZERO_LENGTH)
def test_a_zero_length_message_is_answered_and_is_not_the_end(client: Client) -> None:
    client.echo(b"")
    client.echo(b"after it")
    client.echo(b"")


@pytest.mark.rule(rules.ECHO)
def test_the_payload_may_hold_any_bytes(client: Client) -> None:
    client.echo(bytes(range(256)), header(0), header(5) + b"inner", b"\xff" * 8)
    for content in CONTENTS:
        client.echo(content, content * (20_000 // len(content)))


@pytest.mark.rule(rules.ANY_SLICING)
def test_one_byte_at_a_time_gives_the_same_answers(client: Client) -> None:
    client.send_in_pieces(*(bytes([byte]) for byte in frames(THREE_MESSAGES)))
    client.expect(*THREE_MESSAGES)


@pytest.mark.rule(rules.ANY_SLICING)
def test_every_cut_of_three_messages_gives_the_same_answers(client: Client) -> None:
    stream = frames(THREE_MESSAGES)
    for cut in range(1, len(stream)):
        client.send_in_pieces(stream[:cut], stream[cut:])
        client.expect(*THREE_MESSAGES)


@pytest.mark.rule(rules.ECHO)
def test_a_message_of_the_largest_size_comes_back(client: Client) -> None:
    payload = distinct_payloads(1, 65536)[0]
    client.echo(payload)
    client.echo(payload, payload, b"and a small one")
    echo_each(client, large_lengths())


@pytest.mark.rule(rules.ANY_SLICING)
@pytest.mark.parametrize("size", BUFFER_SIZES)
def test_a_length_prefix_may_lie_across_the_end_of_a_buffer(client: Client, size: int) -> None:
    # If two bytes of a prefix end the buffer, the other two have no room. A server that then reads
    # zero bytes thinks that its client is gone.
    for overhang in range(HEADER_BYTES + 1):
        first = bytes(size - HEADER_BYTES - overhang)
        stream = frame(first) + frame(b"second")
        client.send_in_pieces(stream[:size], stream[size:])
        client.expect(first, b"second")


@pytest.mark.rule(rules.ORDER)
def test_a_thousand_answers_come_in_the_order_of_their_messages(client: Client) -> None:
    try:
        client.echo(b"", b"", b"x", b"")
        payloads = [b"%d" % number * (number % 7) for number in range(1000)]
        client.echo(*payloads)
    except Silent as error:
        error.rule = rules.ANY_SLICING  # what came together with others is dropped
        raise


@pytest.mark.rule(rules.ORDER)
def test_a_large_message_overtakes_no_small_one(client: Client) -> None:
    for large in (1000, 20_000, 40_000, 65_536):
        client.echo(b"first", bytes(large), b"", b"in between", bytes(large), b"last")


@pytest.mark.rule(rules.ANY_SLICING)
def test_random_messages_in_random_slices_come_back(server: Server) -> None:
    @given(payloads=payload_lists(), cuts=st.lists(st.integers(0, 80_000), max_size=8))
    def check(payloads: list[bytes], cuts: list[int]) -> None:
        stream = frames(payloads)
        places = [0, *sorted({cut % len(stream) for cut in cuts}), len(stream)]
        with server.connect() as client:
            client.send_in_pieces(*(stream[a:b] for a, b in zip(places, places[1:]) if a < b))
            client.expect(*payloads)

    for_each_example(check)


@pytest.mark.rule(rules.NOT_EARLY)
@pytest.mark.parametrize("missing", [1, 5, 8], ids=lambda n: f"{n}-bytes-missing")
def test_nothing_is_answered_before_the_message_is_complete(client: Client, missing: int) -> None:
    stream = frame(b"hello")
    client.send_in_pieces(stream[:-missing])
    # If the server starts a process for each client, that may take as long.
    client.expect_silence(0.2)
    client.send(stream[-missing:])
    client.expect(b"hello")


@pytest.mark.rule(rules.NOT_EARLY)
def test_nothing_is_answered_before_a_large_message_is_complete(client: Client) -> None:
    for size in SIZES:
        stream = frame(patterned(size))
        for cut in (HEADER_BYTES, len(stream) // 2, len(stream) - 1):
            client.send_in_pieces(stream[:cut])
            client.expect_silence()
            client.send(stream[cut:])
            client.expect(patterned(size))


@pytest.mark.rule(rules.NOT_LATE)
@pytest.mark.parametrize("begun", [1, 4, 7], ids=lambda n: f"{n}-bytes-of-the-next")
def test_a_complete_message_is_answered_though_the_next_has_only_begun(
    client: Client, begun: int
) -> None:
    following = frame(b"following")
    client.send(frame(b"complete") + following[:begun])
    client.expect(b"complete")
    client.send(following[begun:])
    client.expect(b"following")


@pytest.mark.clock
@pytest.mark.rule(rules.NOT_LATE)
def test_no_timer_has_to_end_before_an_answer(server: Server) -> None:
    for cut in (0, 2, 4, 7):
        expect_at_once(server, [b"hello"], AT_ONCE_SECONDS, cut)
    for payloads in BATCHES:
        expect_at_once(server, payloads, LARGE_AT_ONCE_SECONDS)


def expect_at_once(server: Server, payloads: list[bytes], within: float, cut: int = 0) -> None:
    """Expects the answers as soon as the messages are whole, of which the first `cut` bytes come
    earlier. Each try has a new connection, because a server may be late once on each."""
    stream = frames(payloads)

    def is_in_time() -> bool:
        with server.connect() as client:
            client.echo(b"here")  # a server may start a process for each client
            client.send_in_pieces(*filter(None, [stream[:cut]]))
            begin = time.monotonic()
            client.send(stream[cut:])
            client.expect(*payloads)
            return time.monotonic() - begin < within

    if not happens_often(is_in_time):
        after = f", of which {cut} came before the others," if cut else ""
        raise server.clients[-1].broken(
            f"the answer to {len(payloads)} of {len(payloads[0])} bytes{after} took over {within} "
            "s, hardly ever less. Does the kernel hold its end back, as with TCP_CORK or MSG_MORE, "
            "or does the server sleep, or wait for a timer?")


@pytest.mark.needs("framing", "ready-line")
@pytest.mark.rule(rules.NO_DELAY)
@moments.after
def test_every_connection_has_tcp_nodelay(server: Server, before: str) -> None:
    client = moments.client_after(server, before)
    client.echo(b"accepted")
    expect_no_delay(server, client)
    for size in (5, 5, 5, 40_000):
        client.echo(patterned(size))
    expect_no_delay(server, client)


@pytest.mark.needs("framing", "ready-line", "concurrency")
@pytest.mark.rule(rules.NO_DELAY)
def test_connections_beside_one_another_have_tcp_nodelay(server: Server) -> None:
    clients = [server.connect() for _ in range(3)]
    for client in clients:
        client.echo(b"accepted")
    server.pause()  # so that the server accepts the next ones in one turn
    clients += [server.connect() for _ in range(5)]
    server.resume()
    for client in clients:
        client.echo(b"accepted")
    expect_no_delay(server, *clients)


@pytest.mark.needs("framing", "addresses")
@pytest.mark.rule(rules.NO_DELAY)
def test_connections_over_ipv6_have_tcp_nodelay(start: Start) -> None:
    need_ipv6()
    server = start("--host", "::1")
    client = server.connect()
    client.echo(b"accepted")
    expect_no_delay(server, client)


def expect_no_delay(server: Server, *clients: Client) -> None:
    """Expects TCP_NODELAY on the server's end of each of these connections."""
    ends = {client.socket.getsockname()[1]: client for client in clients}
    for process, number, _ in server.tree.each_socket():
        try:
            borrowed = process.borrow_socket(number)
        except PermissionError as error:
            pytest.skip(f"a look into another process is not permitted here: {error}")
        except OSError as error:
            if error.errno not in (errno.EBADF, errno.ESRCH):
                raise
            continue  # the previous client's socket, which was closed after we listed it
        with borrowed:
            client = ends.pop(_peer_port(borrowed), None)
            if client and not borrowed.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY):
                raise client.broken(
                    f"TCP_NODELAY is not set on the server's socket for {client.name}, descriptor "
                    f"{number}: it has to be set on each socket that accept(2) returns")
    if ends:
        names = ", ".join(client.name for client in ends.values())
        pytest.skip(
            f"no process that the command has started has the socket of {names}: was it handed to "
            "another?")


def _peer_port(candidate: socket.socket) -> int | None:
    try:
        return candidate.getpeername()[1]
    except (OSError, IndexError):
        return None  # a listening socket, or not an internet socket
