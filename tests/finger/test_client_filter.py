"""finger/finger: what of an answer reaches the terminal. RFC 1288, 3.3."""

import random
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client_program import Scripted, finger, pieces, program  # noqa: F401
from harness.console import Terminal

EVERY_BYTE = bytes(range(256))
INVISIBLE = {  # Unicode's Default_Ignorable_Code_Point
    *[0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0],
    *range(0x180B, 0x1810),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFE00, 0xFE10),
    *range(0xFFF0, 0xFFF9),
    *range(0x1BCA0, 0x1BCA4),
    *range(0x1D173, 0x1D17B),
    *range(0xE0000, 0xE1000),
}
SEEN_THOUGH_FORMAT = {  # signs that span numbers, or stand for words; hieroglyphs' joiners
    *range(0x600, 0x606),
    *[0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD],
    *range(0x13430, 0x13440),
}
BIDIRECTIONAL = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}


@pytest.fixture
def shown(finger) -> Callable[..., bytes]:
    """What is seen of an answer: shown(answer, "-8", locale="C")."""

    def ask(answer: bytes | Callable[..., object], *words: str, **how: str) -> bytes:
        with Scripted(answer) as server:
            run = finger(*words, "alice@127.0.0.1", port=server.port, **how).run()
            assert (run.status, run.stderr) == (0, b"")
            return run.stdout

    return ask


def escaped(data: bytes) -> str:
    """How bytes are shown that may not be."""
    return "".join(f"\\x{byte:02x}" for byte in data)


def is_unfit(character: str) -> bool:
    """Whether it is to be shown as an escape, though it is well-formed UTF-8."""
    code = ord(character)
    nothing = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    category = unicodedata.category(character)
    return category in {"Cc", "Zl", "Zp"} or nothing or 0xFFF9 <= code <= 0xFFFB


def reference(answer: bytes, utf8: bool) -> str:
    """The same in a few lines of Python, for a whole answer."""
    out = ""
    text = answer.decode("utf-8" if utf8 else "ascii", errors="surrogateescape")
    for character in text.replace("\r\n", "\n"):
        data = character.encode(errors="surrogateescape")
        if character in "\t\n":
            out += character
        elif 0xDC80 <= ord(character) <= 0xDCFF or is_unfit(character):
            out += escaped(data)
        elif ord(character) not in INVISIBLE:
            out += character
    return out if out == "" or out.endswith("\n") else out + "\n"


@pytest.mark.parametrize("locale", ["C", "POSIX", "xx_XX.nosuch"])
def test_without_utf8_only_ascii_is_shown(shown, locale: str) -> None:
    wanted = "".join(
        chr(byte) if 32 <= byte <= 126 or byte in b"\t\n" else escaped(bytes([byte]))
        for byte in EVERY_BYTE
    )
    assert shown(EVERY_BYTE + b"\r\n", locale=locale) == wanted.encode() + b"\n"


def test_with_8_every_byte_above_126_passes(shown) -> None:
    high = EVERY_BYTE[127:]
    assert shown(high + b"\r\nlone\rcr\x1b", "-8") == high + b"\nlone\\x0dcr\\x1b\n"
    assert shown(high + b"\n", "-8", locale="C") == high + b"\n"


def test_raw_changes_nothing(shown) -> None:
    answer = EVERY_BYTE + b"\r\n\r\r\n\n no end"
    for words in (["--raw"], ["--raw", "-8"], ["-8", "--raw"]):
        assert shown(answer, *words) == answer


LETTERS = "Zoë, Ζωή, Зоя, זואי, زوي, 佐伊, 조이, ゾーイ 🂡\n"


@pytest.mark.parametrize(("answer", "wanted"), [
    (LETTERS, LETTERS),
    ("Grüße\n".encode("latin-1"), "Gr\\xfc\\xdfe\n"),
    ("a\r\nb\nc\r\n\r\nd", "a\nb\nc\n\nd\n"),
    ("rm -rf /\rls      \r\n", "rm -rf /\\x0dls      \n"),
    ("a\u202etxt.exe\u202c\u2066b\u2069\n", "atxt.exeb\n"),
], ids=["letters", "no-utf8", "line-ends", "a-lone-CR", "directions"])  # fmt: skip
def test_in_a_utf8_locale_what_can_be_seen_is_shown(
    shown, answer: str | bytes, wanted: str
) -> None:
    assert shown(answer if isinstance(answer, bytes) else answer.encode()).decode() == wanted


@pytest.mark.parametrize("text", ["é", "€", "🂡", "\u202e", "\r\n", "\x9b"])
def test_characters_may_come_in_pieces(shown, text: str) -> None:
    data = text.encode()
    for cut in range(1, len(data)):
        answer = pieces(b"a" + data[:cut], data[cut:] + b"b\r\n")
        assert shown(answer).decode() == reference(b"a" + data + b"b\r\n", utf8=True)


def test_a_character_that_does_not_end_is_shown_as_digits(shown) -> None:
    assert shown(pieces(b"a\xe2\x82", b"b\r", b"c")) == rb"a\xe2\x82b\x0dc" + b"\n"
    assert shown(b"a\xe2\x82") == rb"a\xe2\x82" + b"\n"


def test_every_character_of_unicode(shown) -> None:
    """Letters are seen, controls are not obeyed, directions have no effect."""
    codes = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF and c != ord("\n")]
    answer = "".join(f"<{chr(code)}>\r\n" for code in codes)
    lines = shown(answer.encode()).decode().split("\n")
    assert len(lines) == len(codes) + 1
    for code, line in zip(codes, lines):
        character, name = chr(code), f"U+{code:04X}"
        category = unicodedata.category(character)
        if code in INVISIBLE or unicodedata.bidirectional(character) in BIDIRECTIONAL:
            assert line == "<>", f"{name} is not left out"
        elif category[0] == "L":
            assert line == f"<{character}>", f"the letter {name} is not shown"
        elif character != "\t" and is_unfit(character):
            assert line == f"<{escaped(character.encode())}>", f"{name} is not shown as digits"
        elif category == "Cf":
            assert code in SEEN_THOUGH_FORMAT, f"{name} is shown, and cannot be seen"


PIECE = st.one_of(
    st.binary(max_size=6),
    st.text(max_size=6).map(lambda text: text.encode(errors="replace")),
    st.sampled_from([b"\r", b"\n", b"\r\n", b"\x1b[2J", "\u202e".encode(), b"\xe2\x82", b"\xc2"]),
)


def test_random_answers_in_random_pieces(finger) -> None:
    """One connection each would take long: the answers follow one another."""

    @given(st.lists(PIECE, max_size=60), st.randoms(use_true_random=False), st.booleans())
    def check(parts: list[bytes], dice: random.Random, utf8: bool) -> None:
        answer = b"".join(parts) + b"x\r\n"
        cuts = sorted(dice.randrange(len(answer)) for _ in range(3))
        slices = [answer[a:b] for a, b in zip([0, *cuts], [*cuts, len(answer)])]
        with Scripted(pieces(*slices, pause=0.003)) as server:
            locale = "C.UTF-8" if utf8 else "C"
            run = finger("alice@127.0.0.1", port=server.port, locale=locale).run()
        assert run.stdout.decode() == reference(answer, utf8)

    check()


def test_on_a_terminal_it_looks_the_same(finger) -> None:
    with Scripted("Zoë\r\n\x1b[31mred\a\r\n".encode()) as server:
        with Terminal(finger("alice@127.0.0.1", port=server.port)) as terminal:
            terminal.wait_for("Zoë\n\\x1b[31mred\\x07\n")
            terminal.ended(0)
