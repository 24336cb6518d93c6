"""E9.2: a decoder of chunked bodies, as a filter."""

import random

import pytest

from harness.polling import readable
from kit.tested import Begin, Run

pytestmark = pytest.mark.program("")

PIECES_SEED = 5882

GOOD = {
    "one chunk": (b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
    "nothing": (b"0\r\n\r\n", b""),
    "two chunks": (b"5\r\nhello\r\n6\r\n, ring\r\n0\r\n\r\n", b"hello, ring"),
    "capital digits": (b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
    "zeros in front": (b"00005\r\nhello\r\n000\r\n\r\n", b"hello"),
    "an extension": (b'5;name="v;w"\r\nhello\r\n0 ; last\r\n\r\n', b"hello"),
    "trailers": (b"5\r\nhello\r\n0\r\nETag: 7\r\nDate: today\r\n\r\n", b"hello"),
    "line ends inside": (b"9\r\na\r\n0\r\n\r\nb\r\n0\r\n\r\n", b"a\r\n0\r\n\r\nb"),
    "what follows is not the body's": (b"1\r\na\r\n0\r\n\r\n5\r\nhello\r\n", b"a"),
    "a large chunk": (b"186A0\r\n" + bytes(100_000) + b"\r\n0\r\n\r\n", bytes(100_000)),
}
BAD = {
    "no size": b"\r\nhello\r\n0\r\n\r\n",
    "a sign": b"+5\r\nhello\r\n0\r\n\r\n",
    "0x in front": b"0x5\r\nhello\r\n0\r\n\r\n",
    "a blank in front": b" 5\r\nhello\r\n0\r\n\r\n",
    "an underline": b"1_0\r\n0123456789abcdef\r\n0\r\n\r\n",
    "a size that does not fit 64 bits": b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    "a chunk longer than its size": b"5\r\nhello!\r\n0\r\n\r\n",
    "a line that ends with LF alone": b"5\nhello\r\n0\r\n\r\n",
    "a lone CR in an extension": b"5;a\rb\r\nhello\r\n0\r\n\r\n",
    "NUL in an extension": b"5;\0\r\nhello\r\n0\r\n\r\n",
    "NUL in a trailer": b"5\r\nhello\r\n0\r\nA: \0\r\n\r\n",
    "a trailer that is no field": b"5\r\nhello\r\n0\r\nGET / HTTP/1.1\r\n\r\n",
    "no last chunk": b"5\r\nhello\r\n",
    "cut inside a chunk": b"5\r\nhel",
    "cut before the blank line": b"5\r\nhello\r\n0\r\n",
    "nothing at all": b"",
}


@pytest.mark.parametrize("case", GOOD)
def test_a_body_is_decoded(run: Run, case: str) -> None:
    """The data of the chunks goes to stdout, without sizes, extensions and trailers. After the last
    chunk and its blank line the program exits with 0."""
    encoded, body = GOOD[case]
    ended = run(input=encoded)
    assert ended.stdout == body, f"{encoded[:60]!r} was decoded as {ended.stdout[:60]!r}"
    assert ended.returncode == 0, f"{encoded[:60]!r} is fine; you said {ended.stderr[-200:]!r}"


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_chunked_body_is_refused(run: Run, case: str) -> None:
    """If a body breaks RFC 9112, 7.1, or ends too early, the program exits with 1, because the end
    of the body, and so the beginning of the next request, would be in doubt."""
    ended = run(input=BAD[case])
    assert ended.returncode == 1, f"{BAD[case]!r}: exit status {ended.returncode}, wanted 1"


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_the_slices_change_nothing(begin: Begin, size: int) -> None:
    """The body is the same for any slices of the stream."""
    running = begin()
    encoded, body = bytearray(), bytearray()
    for length in random.Random(PIECES_SEED).choices(range(1, 40), k=40):
        piece = random.Random(length).randbytes(length)
        encoded += b"%x;cut=here\r\n%s\r\n" % (length, piece)
        body += piece
    encoded += b"0\r\nTrailer: yes\r\n\r\n"
    for at in range(0, len(encoded), size):
        running.stdin.write(encoded[at:at + size])
    running.stdin.close()
    received = running.stdout.read()
    assert received == body, f"cut into {size} bytes each, the body is {received[:60]!r}"
    assert running.wait() == 0


def test_what_has_come_is_passed_on(begin: Begin, patience: float) -> None:
    """The data of a chunk goes to stdout as it arrives. A decoder that waits for the whole chunk
    needs room for any size that a client announces."""
    running = begin()
    running.stdin.write(b"FFFFFFF\r\nthe first of many")
    received = b""
    while len(received) < 17 and readable(running.stdout, patience):
        piece = running.stdout.read(100)
        if not piece:
            break
        received += piece
    assert received == b"the first of many", f"on stdout: {received!r}"


def test_a_line_without_an_end_is_refused(run: Run) -> None:
    """A line without an end after 16 KiB is malformed, because a decoder would have to keep it."""
    ended = run(input=b"5;" + b"x" * 20_000)
    assert ended.returncode == 1
    assert run(input=b"5;" + b"x" * 20_000 + b"\r\nhello\r\n0\r\n\r\n").returncode == 1
