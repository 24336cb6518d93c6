"""The index leads to where a thing is explained. That it is current, and that its links lead
somewhere, test_book.py tests of every page."""

import re

import book_index
import pytest
from blocks import ROOT

BOOK = ROOT / "book"
INDEX = BOOK / "appendix-p-index.md"


@pytest.mark.parametrize(("word", "place"), [
    ("EMFILE", "appendix-n-event-loops.md#emfile-or-too-many-open-files"),
    ("EADDRINUSE",
     "appendix-j-what-tcp-does.md#address-already-in-use-with-time_wait-and-so_reuseaddr"),
    ("CLOSE-WAIT", "03-closing.md#an-end-on-one-side"),
    ("TIME-WAIT", "03-closing.md#what-the-port-remembers"),
    ("EINTR", "appendix-j-what-tcp-does.md#eintr-and-sa_restart"),
    ("SIGHUP", "14-hardening.md#reloading-without-root"),
    ("SIGQUIT", "15-beyond.md#a-manager-with-a-gate"),
    ("connect", "appendix-n-event-loops.md#connect-without-blocking-and-with-a-timeout"),
    ("EPIPE", "03-closing.md#the-signal-that-comes-with-a-reset"),
    ("SO_REUSEADDR",
     "appendix-j-what-tcp-does.md#address-already-in-use-with-time_wait-and-so_reuseaddr"),
    ("select", "appendix-n-event-loops.md#select-and-descriptors-from-1024-on"),
    ("getaddrinfo", "appendix-j-what-tcp-does.md#names-and-getaddrinfo"),
])
def test_a_word_leads_to_its_section(word: str, place: str) -> None:
    assert place in [section.place for section in book_index.explained(word)]


def test_every_errno_of_the_tables_is_in_the_index() -> None:
    index = INDEX.read_text()
    tables = re.findall(r"^\| (`E.*?) \|", (BOOK / "appendix-a-errno.md").read_text(), re.MULTILINE)
    errnos = {name for cell in tables for name in re.findall(r"`(E\w+)`", cell)}
    assert len(errnos) > 30
    assert not errnos - set(re.findall(r"^- `(E\w+)`, \d+, \*", index, re.MULTILINE))


def test_what_is_put_first_by_hand_is_there_and_no_count_finds_it_first(
        monkeypatch: pytest.MonkeyPatch) -> None:
    by_hand = dict(book_index.FIRST)
    assert not {word for word, place in by_hand.items()
                if book_index.explained(word)[0].place != place}
    monkeypatch.setattr(book_index, "FIRST", {})
    assert not {word for word, place in by_hand.items()
                if book_index.explained(word)[0].place == place}


def test_every_box_is_a_symptom_and_so_is_what_else_is_seen() -> None:
    titles = {title for section in book_index.sections()
              for title in book_index.BOX.findall(section.text)}
    symptoms = INDEX.read_text().partition("index symptoms -->")[2].partition("<!-- /table")[0]
    assert len(titles) > 20 and symptoms.count("\n- ") == len(titles) + len(book_index.SEEN)
