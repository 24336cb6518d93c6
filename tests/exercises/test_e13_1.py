"""E13.1: a filter between an unknown server's answer and a terminal."""

import random

import pytest

from harness.polling import readable
from kit.tested import Begin, Run

pytestmark = pytest.mark.program("")

SHOWN = {
    "plain": (b"Back in May.\r\n", b"Back in May.\n"),
    "a line feed alone": (b"one\ntwo\n", b"one\ntwo\n"),
    "no end": (b"one", b"one"),
    "tab, tilde, backslash": (b"a\tb~c\\d", b"a\tb~c\\d"),
    "letters of other languages": ("Jörg, Łukasz, 雪".encode(), "Jörg, Łukasz, 雪".encode()),
    "a colour": (b"\x1b[31mred", b"\\x1b[31mred"),
    "a bell and a backspace": (b"\x07a\x08b", b"\\x07a\\x08b"),
    "delete": (b"a\x7fb", b"a\\x7fb"),
    "CR alone": (b"root\rme\n", b"root\\x0dme\n"),
    "CR at the end": (b"root\r", b"root\\x0d"),
    "CR CR LF": (b"a\r\r\n", b"a\\x0d\n"),
    "a C1 control": (b"\xc2\x9b31m", b"\\xc2\\x9b31m"),
    "a byte that is no UTF-8": (b"J\xf6rg", b"J\\xf6rg"),
    "a slash, two bytes long": (b"\xc0\xaf", b"\\xc0\\xaf"),
    "half a surrogate": (b"\xed\xa0\x80", b"\\xed\\xa0\\x80"),
    "beyond the last": (b"\xf5\x80\x80\x80", b"\\xf5\\x80\\x80\\x80"),
    "cut at the end": (b"sn\xe9\x9b", b"sn\\xe9\\x9b"),
    "cut by a letter": (b"\xe9\x9bx", b"\\xe9\\x9bx"),
    "from right to left": ("a\u202ebc".encode(), b"a\\xe2\\x80\\xaebc"),
    "a separator of lines": ("a\u2028b".encode(), b"a\\xe2\\x80\\xa8b"),
}


@pytest.mark.parametrize("case", SHOWN)
def test_what_may_be_seen_is_shown(run: Run, case: str) -> None:
    """Bytes from 32 to 126, tab, line ends and visible characters in UTF-8 pass, and CRLF becomes a
    line feed. Every other byte is written as a backslash, x and two digits."""
    sent, wanted = SHOWN[case]
    ended = run(input=sent)
    assert ended.stdout == wanted, f"{sent!r} is shown as {ended.stdout!r}, wanted {wanted!r}"
    assert ended.returncode == 0, ended.stderr.decode()


def test_the_slices_change_nothing(begin: Begin, patience: float) -> None:
    """The text is the same for any slices, even if they cut a character in two."""
    cases = list(SHOWN.values()) * 3
    random.Random(79).shuffle(cases)
    sent = b"|".join(sent for sent, _ in cases)
    wanted = b"|".join(shown for _, shown in cases)
    running = begin()
    for byte in sent:
        running.stdin.write(bytes([byte]))
    running.stdin.close()
    assert running.stdout.read() == wanted
    assert running.wait(patience) == 0


def test_a_line_is_shown_when_it_is_there(begin: Begin, patience: float) -> None:
    """Text that can't change any more is shown at once, because the server may take its time with
    the rest."""
    running = begin()
    running.stdin.write(b"Back in May.\r\n\xe9")
    assert readable(running.stdout, patience), "a whole line, and nothing is shown"
    assert running.stdout.read(100) == b"Back in May.\n"
    running.stdin.write(b"\x9b\xaa")
    assert readable(running.stdout, patience), "the rest of a character, and nothing is shown"
    assert running.stdout.read(100) == b"\xe9\x9b\xaa"
