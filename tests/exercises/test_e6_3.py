"""E6.3: a loop, and a pool for what takes long."""

import time

import pytest

from harness.server import Server

pytestmark = pytest.mark.program("{port}")

POOL = 4


def test_a_line_is_echoed(server: Server) -> None:
    """A line that isn't a `wait` is sent back as soon as it is complete."""
    client = server.connect()
    client.send_in_pieces(b"he", b"llo\nand")
    assert client.receive(6) == b"hello\n"
    client.send(b" more\n")
    assert client.receive(9) == b"and more\n"


def test_what_takes_long_is_answered_when_it_is_done(server: Server) -> None:
    """The answer to `wait 50` is `done 50`, at least 50 ms later."""
    client = server.connect()
    begin = time.monotonic()
    client.send(b"wait 50\n")
    assert client.receive(8) == b"done 50\n"
    assert time.monotonic() - begin >= 0.05


def test_others_do_not_wait_for_it(server: Server) -> None:
    """While one client's line takes seconds, other clients get their echo at once."""
    patient, other = server.connect(), server.connect()
    patient.send(b"wait 2000\n")
    for number in range(50):
        line = b"line %d\n" % number
        other.send(line)
        assert other.receive(len(line)) == line
    assert not patient.has_input(), "2 s are over already: the others have waited"
    assert patient.receive(10) == b"done 2000\n"


def test_answers_come_in_the_order_of_the_lines(server: Server) -> None:
    """A client's answers come in the order of its lines, even if the second answer is ready before
    the first."""
    client = server.connect()
    client.send(b"wait 200\nwait 1\nhello\n")
    assert client.receive(22) == b"done 200\ndone 1\nhello\n"


@pytest.mark.clock
def test_four_at_a_time(server: Server) -> None:
    """Four lines that take long are worked on at the same time, and no more than four. The process
    has one thread for the loop and four for work, for any number of clients."""
    clients = [server.connect() for _ in range(8)]
    begin = time.monotonic()
    for client in clients:
        client.send(b"wait 300\n")
    clients[0].send(b"and an echo\n")
    for client in clients:
        assert client.receive(9) == b"done 300\n"
    took = time.monotonic() - begin
    assert 0.6 <= took < 1.5, f"8 times 300 ms took {took:.2f} s; four at a time, it is 0.6"
    assert server.process.thread_count() <= 1 + POOL


def test_who_never_reads_costs_little(server: Server) -> None:
    """If a client doesn't read its answers, the server stops reading its lines, and serves the
    others."""
    before = server.process.memory_bytes()
    deaf = server.connect(receive_buffer=4096)
    deaf.send_until_stuck((b"x" * 3999 + b"\n") * 5000, pause=0.5)  # 20 MB
    server.connect().exchange(b"hello\n", 6)
    grown = server.process.memory_bytes() - before
    assert grown < 4 << 20, f"it has grown by {grown} bytes"


def test_who_asks_and_leaves_harms_nobody(server: Server) -> None:
    """A client that leaves before its answer is ready costs nothing. A client that half-closes
    still gets its answers."""
    at_rest = server.process.descriptor_count()
    for _ in range(5):
        leaver = server.connect()
        leaver.send(b"wait 50\n")
        leaver.reset()
    polite = server.connect()
    polite.send(b"wait 100\nbye\n")
    polite.half_close()
    assert polite.receive_until_end() == b"done 100\nbye\n"
    server.wait_for_descriptors(at_rest)
