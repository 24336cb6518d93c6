"""What a rule is; each suite has a `rules.py` of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """What a server must do, and where the book says why."""

    text: str
    chapter: str


LIVES = Rule(
    "Whatever one client does, the server lives and serves the next.", "book/02-blocking.md"
)
STOPS = Rule(
    "SIGTERM and SIGINT are requests to stop: the server catches both, finishes, and ends with "
    "exit status 0.",
    "book/03-closing.md",
)
REFUSES = Rule(
    "On SIGINT or SIGTERM the server accepts no more: it closes its listener, and connections that "
    "were never accepted are dropped.",
    "book/08-misbehaving.md",
)
LISTENS = Rule(
    "The server listens on the port that its command line names, on 127.0.0.1 at least.",
    "book/appendix-d-your-own-server.md",
)
