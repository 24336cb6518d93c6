"""The page's table has exactly the messages that are in the daemon's sources."""

import re
from functools import cache
from pathlib import Path

import pytest

import rules
from harness.subject import REPOSITORY

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.LOGS)]

# All that an administrator may read on stderr comes from these files.
ROOMS = (".", "accounts", "process", "protocol", "proxy", "rights", "server")
SOURCES = (
    *(path for room in ROOMS for path in sorted((REPOSITORY / "finger" / room).glob("*.cc"))),
    *sorted((REPOSITORY / "common" / "server").glob("log*.cc")),
    REPOSITORY / "common" / "server" / "process.cc",
)
# These have texts of --help, with one exception, texts for clients, or pieces of a query's line.
OTHERS = {"error.cc", "options.cc"}
# Other strings in files that do have messages: more of the same, pieces of messages, and texts that
# the stages print, but not fingerd.
NO_MESSAGES = {
    "conversation_log.cc": ("on a file system", "{} {} bytes", "no plan", "timed out"),
    "look.cc": ("to look for homes",),
    "main.cc": ("Answers finger queries",),
    "owners.cc": ("to read the accounts",),
    "parent.cc": ("exit status", "to receive signals", "to talk to a worker",
                  "a second signal came", "it did not finish", "the daemon ends"),
    "process.cc": (": ", "the limit of {} descriptors"),
    "roster.cc": ("Nobody here has", "to read who has opted in", " and {} more"),
    "server.cc": ("for one client",),
}  # fmt: skip
TOKEN = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)'""", re.S)


def literals(source: str) -> list[str]:
    """Returns all strings, with adjacent ones joined."""
    source = re.sub(r"^#.*$", "", source, flags=re.M)
    found: list[str] = []
    end = -1
    for token in TOKEN.finditer(source):
        if token.group()[0] != '"':
            continue
        text = token.group()[1:-1]
        if end >= 0 and not source[end : token.start()].strip():
            found[-1] += text
        else:
            found.append(text)
        end = token.end()
    return found


def is_message(file: Path, text: str) -> bool:
    """Returns true if the text has two words or more, and isn't one of the exceptions."""
    words = len(re.findall(r"[A-Za-z]{2,}", text)) > 1 and " " in text
    return words and not text.startswith(NO_MESSAGES.get(file.name, ("\0",)))


def spelt(text: str) -> str:
    """Returns the page's spelling: an ellipsis for a variable part, also after a last colon."""
    text = re.sub(r"\{[^}]*\}", "…", text).replace("\\n", " ").strip()
    return re.sub(r"(… ?)+", "… ", text).strip()


@cache
def messages() -> dict[str, str]:
    """Returns the messages in the sources, and the file of each."""
    return {
        spelt(text): file.name
        for file in SOURCES
        if file.name not in OTHERS
        for text in literals(file.read_text())
        if is_message(file, text)
    }


@cache
def on_the_page() -> list[str]:
    page = (REPOSITORY / "finger" / "README.md").read_text()
    table = page.partition("## What it says, and what to do")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    assert len(rows) > 15, "the table is not found"
    return [quoted for row in rows for quoted in re.findall(r"`([^`]*)`", row)]


def fits(shown: str, message: str) -> bool:
    """Returns true if the page's text fits the message. An ellipsis matches anything, also the end
    of a message."""
    pattern = ".*".join(re.escape(piece) for piece in re.split(r" ?… ?", shown))
    return re.fullmatch(pattern, message) is not None


def test_each_message_is_on_the_page() -> None:
    missing = {text: file for text, file in messages().items()
               if not any(fits(shown, text) for shown in on_the_page())}  # fmt: skip
    assert not missing, missing


def test_the_page_has_no_other_message() -> None:
    rows = [shown for shown in on_the_page() if "…" in shown or len(shown.split()) > 4]
    # The loop writes the messages about the ring, and puts them together from pieces.
    gone = [shown for shown in rows if not shown.startswith("io_uring cannot be used")
            and not any(fits(shown, text) for text in messages())]  # fmt: skip
    assert not gone, gone


def test_a_message_that_the_page_lacks_would_be_found() -> None:
    assert "the worker ended unexpectedly: …" in messages()
    assert not any(fits(shown, "the moon is in the way of …") for shown in on_the_page())
