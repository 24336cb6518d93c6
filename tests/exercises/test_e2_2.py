"""E2.2: a server that counts."""

import pytest

from harness.server import Server

pytestmark = pytest.mark.program("{port}")

MIB = 1 << 20


def counted(server: Server, *pieces: bytes) -> bytes:
    """The server's answer to a client that sends these pieces, one after the other."""
    with server.connect() as client:
        for piece in pieces:
            client.send(piece)
        client.half_close()
        return client.receive_until_end()


@pytest.mark.parametrize(("pieces", "wanted"), [
    ([], b"0 bytes, 0 lines\n"),
    ([b"one\ntwo"], b"7 bytes, 1 lines\n"),
    ([b"\n" * 100_000], b"100000 bytes, 100000 lines\n"),
    ([bytes(range(256))] * 1000, b"256000 bytes, 1000 lines\n"),
])  # fmt: skip
def test_it_says_how_much_has_come(server: Server, pieces: list[bytes], wanted: bytes) -> None:
    """A client that finished sending gets a line with the number of bytes and of line feeds, such
    as `7 bytes, 1 lines`, and then the end of the stream. Any bytes are allowed."""
    assert counted(server, *pieces) == wanted


def test_one_comes_after_the_other(server: Server) -> None:
    """The count begins at 0 for every client."""
    for number in range(1, 20):
        assert counted(server, b"\n" * number) == b"%d bytes, %d lines\n" % (number, number)


def test_much_takes_no_more_memory_than_a_little(server: Server) -> None:
    """A client may send more than the machine has memory for, so the server doesn't keep the bytes
    that it has counted."""
    counted(server, b"a little")
    server.process.forget_peak()
    before = server.process.peak_memory_bytes()
    assert counted(server, *[bytes(MIB)] * 48) == b"%d bytes, 0 lines\n" % (48 * MIB)
    assert server.process.peak_memory_bytes() - before < 16 * MIB


def test_a_client_that_leaves_takes_nobody_along(server: Server) -> None:
    """A client may leave before its answer, with a close or a reset. The next client is served as
    if nothing had happened."""
    for _ in range(20):
        client = server.connect()
        client.send(b"count this")
        client.reset()
        client = server.connect()
        client.send(b"and this")
        client.close()
    assert counted(server, b"still there\n") == b"12 bytes, 1 lines\n"
