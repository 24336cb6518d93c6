"""Rules that all suites share; each suite has more of its own."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """A server's duty, and the place in the book that gives the reason."""

    text: str
    chapter: str
    is_about_costs: bool = False  # about memory or processor time, and not about answers
    is_about_stops: bool = True  # about a stop, as far as we can tell
    is_measured: bool = False  # by memory or processor time, which a busy machine may spoil


ECHO = Rule(
    "A message is 4 bytes of little-endian length and that many bytes of payload. Each is answered "
    "with the same message.",
    "book/01-bytes.md#the-message",
)
LIVES = Rule(
    "Whatever one client does, the server lives and serves the next.",
    "book/02-blocking.md#your-own-server",
)
STOPS = Rule(
    "SIGTERM and SIGINT are requests to stop: the server catches both, finishes, and ends with "
    "exit status 0.",
    "book/04-threads.md#your-own-server",
)
STOPS_IN_TIME = Rule(
    "On SIGTERM or SIGINT the server accepts no more, answers what had arrived, closes, and ends "
    "with exit status 0: within a second where clients are idle or gone, and within "
    "--drain-timeout where they are not.",
    "book/appendix-d-your-own-server.md#a-stop-that-loses-no-answer",
)
IS_THE_SERVER = Rule(
    "The first process of a server stays in the foreground and gets the signals to stop, so a "
    "script passes them on, or becomes the server by `exec`.",
    "book/appendix-d-your-own-server.md#several-processes-or-a-ring",
)
REFUSES = Rule(
    "On SIGINT or SIGTERM the server accepts no more: it closes its listener, and connections that "
    "were never accepted are dropped.",
    "book/appendix-d-your-own-server.md#a-stop-that-loses-no-answer",
)
SAYS_READY = Rule(
    "Once it can accept, the server prints `listening on ADDRESS:PORT` to stdout, flushed; "
    "nothing else goes there.",
    "book/04-threads.md#your-own-server",
    is_about_stops=False,
)
TAKES_OPTIONS = Rule(
    "From the level that adds an option, the server takes it.",
    "book/appendix-d-your-own-server.md#levels",
)
TAKES_MANY = Rule(
    "By default the server accepts 4,096 connections; only those beyond them wait in the backlog.",
    "book/06-poll.md#when-the-server-is-full",
)
PROGRESS = Rule(
    "Within ten seconds a byte is answered, or taken, however large its message is: what a message "
    "costs does not grow with the pieces that it comes in.",
    "book/appendix-d-your-own-server.md#speed-and-memory",
)
NO_REPORT = Rule(
    "In a build for the sanitizers nothing is reported: no use after free, no overflow, no race.",
    "book/appendix-d-your-own-server.md#how-far-your-runtime-takes-you",
)
LISTENS = Rule(
    "The server stays in the foreground, and listens on the port that its command line names, on "
    "127.0.0.1 at least.",
    "book/appendix-d-your-own-server.md",
)
