"""finger/finger: the part of an answer that reaches the terminal. RFC 1288, 3.3."""

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
SEEN_THOUGH_FORMAT = {  # signs that span numbers, or stand for words, and hieroglyphs' joiners
    *range(0x600, 0x606),
    *[0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD],
    *range(0x13430, 0x13440),
}
JOINERS = {0x200C, 0x200D}  # Unicode's Join_Control
SELECTORS = {  # Unicode's Variation_Selector
    *[0x180B, 0x180C, 0x180D, 0x180F],
    *range(0xFE00, 0xFE10),
    *range(0xE0100, 0xE01F0),
}
BIDIRECTIONAL = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}


@pytest.fixture
def shown(finger) -> Callable[..., bytes]:
    """The visible form of an answer: shown(answer, "-8", locale="C")."""

    def ask(answer: bytes | Callable[..., object], *words: str, **how: str) -> bytes:
        with Scripted(answer) as server:
            run = finger(*words, "alice@127.0.0.1", port=server.port, **how).run()
            assert (run.status, run.stderr) == (0, b"")
            return run.stdout

    return ask


def escaped(data: bytes) -> str:
    """Returns the bytes as the escapes that stand for forbidden ones."""
    return "".join(f"\\x{byte:02x}" for byte in data)


def is_unfit(character: str) -> bool:
    """Returns true if the character must be escaped, although it's well-formed UTF-8."""
    code = ord(character)
    nothing = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    category = unicodedata.category(character)
    return category in {"Cc", "Zl", "Zp"} or nothing or 0xFFF9 <= code <= 0xFFFB


def reference(answer: bytes, utf8: bool) -> str:
    """The filter for a whole answer, in a few lines of Python."""
    out = joiner = ""
    text = answer.decode("utf-8" if utf8 else "ascii", errors="surrogateescape")
    for character in text.replace("\r\n", "\n"):
        code, data = ord(character), character.encode(errors="surrogateescape")
        if code in JOINERS:
            joiner = joiner or (character if out[-1:] > "\x7f" else "")
        elif code in SELECTORS:
            if not joiner and out[-1:] > "\x7f" and ord(out[-1]) not in SELECTORS:
                out += character
        elif 0xDC80 <= code <= 0xDCFF or is_unfit(character) and character not in "\t\n":
            out, joiner = out + escaped(data), ""
        elif code not in INVISIBLE:
            out, joiner = out + (joiner if code > 0x7F else "") + character, ""
    return out if out == "" or out.endswith("\n") else out + "\n"


@pytest.mark.parametrize("locale", [
    "xx_XX.UTF-8", "xx_XX.utf8", "xx_XX.UTF-8@euro", "UTF-8",
])  # fmt: skip
@pytest.mark.parametrize("variable", ["LC_ALL", "LC_CTYPE", "LANG"])
def test_a_locale_that_is_not_installed_is_believed_if_it_says_utf8(
    shown, locale: str, variable: str
) -> None:
    """The terminal is on a different machine, and ssh(1) passed on the name of its locale."""
    assert shown("Zoë\n".encode(), locale=locale, variable=variable).decode() == "Zoë\n"


@pytest.mark.parametrize("locale", ["C", "POSIX", "xx_XX", "xx_XX.nosuch", "xx_XX.UTF-16"])
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


FAMILY = "👨\u200d👩\u200d👧"
HEART = "\u2764\ufe0f"


@pytest.mark.parametrize("text", [
    "می\u200cروم",  # "I go", and a different word without the ZWNJ
    "ක්\u200dෂ",  # a conjunct of Sinhala
    FAMILY, HEART, HEART + "\u200d🔥", f"I {HEART} {FAMILY}.",
    "葛\U000e0100城",  # one of two ways to write that name
], ids=["persian", "sinhala", "family", "heart", "heart-on-fire", "in-a-text",
        "ideograph"])  # fmt: skip
def test_characters_that_join_letters_or_choose_their_form_stay(shown, text: str) -> None:
    """Without these, Persian and Indic words become different ones, and one emoji
    becomes several."""
    assert shown(text.encode()).decode() == text + "\n"
    data = text.encode()
    for cut in range(1, len(data)):
        assert shown(pieces(data[:cut], data[cut:])).decode() == text + "\n"


@pytest.mark.parametrize(("answer", "wanted"), [
    ("ro\u200dot", "root"),
    ("ro\ufe0fot", "root"),
    ("é\u200d.\u200dé", "é.é"),
    ("\u200dé\u200d", "é"),
    ("é\u200d\x1bé", "é\\x1bé"),
    ("é\u200d\u200c\u200dé", "é\u200dé"),
    ("é\ufe0f\ufe0e\U000e0100é", "é\ufe0fé"),
    ("é\u200d\ufe0fé", "é\u200dé"),
    ("é\u202e\u200d\u2066é", "é\u200dé"),
], ids=["joiner-in-ascii", "selector-in-ascii", "one-side", "ends", "escape", "joiners",
        "selectors", "joiner-selected", "directions"])  # fmt: skip
def test_joiners_that_join_nothing_are_left_out(shown, answer: str, wanted: str) -> None:
    """These are invisible, and make two names look like one."""
    assert shown(answer.encode()).decode() == wanted + "\n"


@pytest.mark.parametrize("text", ["é", "€", "🂡", "\u202e", "\r\n", "\x9b"])
def test_characters_may_come_in_pieces(shown, text: str) -> None:
    data = text.encode()
    for cut in range(1, len(data)):
        answer = pieces(b"a" + data[:cut], data[cut:] + b"b\r\n")
        assert shown(answer).decode() == reference(b"a" + data + b"b\r\n", utf8=True)


def test_a_character_that_does_not_end_is_shown_as_digits(shown) -> None:
    assert shown(pieces(b"a\xe2\x82", b"b\r", b"c")) == rb"a\xe2\x82b\x0dc" + b"\n"
    assert shown(b"a\xe2\x82") == rb"a\xe2\x82" + b"\n"
    assert shown(b"a\r\n\xe2\x82") == b"a\n" + rb"\xe2\x82" + b"\n"


def test_every_character_of_unicode(shown) -> None:
    """Letters are visible, controls aren't obeyed, and directions have no effect."""
    codes = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF and c != ord("\n")]
    answer = "".join(f"<{chr(code)}>\r\n" for code in codes)
    lines = shown(answer.encode(), "--timeout", "1m").decode().split("\n")  # megabytes
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
    st.text("\u200c\u200d\ufe0fé\u202e.", max_size=6).map(str.encode),
)


def test_random_answers_in_random_pieces(finger) -> None:
    """A connection for each answer would take long, so the answers follow one another."""

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
