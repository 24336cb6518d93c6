"""The index: where the book explains a call, an option, an errno, a state, a symptom. It is made of
the code words and the headings of chapters and handbook, and of the titles of the boxes.

    <!-- table: index calls -->
    <!-- /table -->
"""

import errno
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import form
import kernel_interface
from blocks import ROOT

BOOK = ROOT / "book"
PLACES_MAX = 2  # of one word
IN_HEADING = 6  # so many times in the text is worth as much
IN_CHAPTER = 2  # it explains what the handbook looks up
# Pages of lists; and sections in which a word is used and not explained, or to whose heading no
# link leads, because code host and site make other anchors of a hyphen between blanks.
LISTS = re.compile(r"appendix-[efghp]-")
USES = re.compile(r".* - |Exercises|Your own server|Where you are|What next|Every name|The machine"
                  r"|System calls|Ring operations|What this kernel knows|What each stage needs"
                  r"|Porting to a Mac|Manual pages")
CODE = re.compile(r"`([^`\n]+)`")
BOX = re.compile(r"^> \*\*What goes wrong: (.+?)\.?\*\*", re.MULTILINE)
OPTION = re.compile(
    r"(?:SO|TCP|IPV6|MSG|SOCK|O|FD|EPOLL|POLL|IORING|IOSQE|EV|EVFILT|PR|SA|SCM|RLIMIT|AT)_[A-Z]\w+"
    r"|E?POLL[A-Z]{2,}|SIOC\w+|SHUT_\w+|SIG[A-Z]{3,}|SOMAXCONN|tcp_[a-z_]+|net\.[a-z_.]+")
# What the C library and liburing add to the calls of the kernel.
FUNCTIONS = re.compile(r"io_uring_(?!sqe|cqe$|multishot)[a-z_]*[a-z]|getaddrinfo|writev|ppoll"
                       r"|epoll_pwait2|preadv2|splice|seccomp|kevent|kqueue|signalfd|timerfd"
                       r"|socketpair")

# As code this is a word of perf's, and a file of /proc.
NO_CALL = {"stat"}
# In prose, too: chapters speak of signals as of anything else.
SIGNAL = re.compile(r"(?<!`)\bSIG[A-Z]{3,}[12]?\b(?!`)")
STATE = re.compile(r"\b(?:CLOSE|TIME|FIN)[-_]WAIT(?:[-_]\d)?|\bLAST[-_]ACK\b")
# Where a listing or other words explain it, and no count of code words finds the place.
FIRST = {
    "EAGAIN": "05-nonblocking.md#not-now",
    "ECONNRESET": "03-closing.md#the-close-that-eats-the-answer",
    "EINVAL": "appendix-a-errno.md#rings",
    "ENFILE": "appendix-a-errno.md#accept4",
    "ENOBUFS": "appendix-k-ring-in-production.md#provided-buffers",
    "ENOMEM": "appendix-k-ring-in-production.md#io_uring-is-refused",
    "EPERM": "appendix-k-ring-in-production.md#io_uring-is-refused",
    "EPOLLERR": "appendix-n-event-loops.md#pollerr-and-pollhup-and-pollnval",
    "EPOLLONESHOT": "appendix-n-event-loops.md#edge-triggered-and-one-shot-entries",
    "ETIMEDOUT": "appendix-j-what-tcp-does.md#keepalive-and-a-dead-connection",
    "connect": "appendix-n-event-loops.md#connect-without-blocking-and-with-a-timeout",
    "EINPROGRESS": "appendix-n-event-loops.md#connect-without-blocking-and-with-a-timeout",
    "eventfd": "appendix-n-event-loops.md#wake-a-loop-from-another-thread",
    "io_uring_enter": "10-ring.md#the-smallest-ring",
    "io_uring_submit": "appendix-k-ring-in-production.md#the-lifetime-of-buffers",
    "O_NONBLOCK": "05-nonblocking.md#not-now",
    "ioctl": "04-threads.md#sending-ends-last",
    "recv": "02-blocking.md#zero-means-the-end-of-the-stream",
    "RLIMIT_MEMLOCK": "appendix-k-ring-in-production.md#io_uring-is-refused",
    "RLIMIT_NOFILE": "appendix-n-event-loops.md#emfile-or-too-many-open-files",
    "setrlimit": "appendix-n-event-loops.md#emfile-or-too-many-open-files",
    "shutdown": "03-closing.md#a-lingering-close-in-three-moves",
    "SHUT_WR": "03-closing.md#a-lingering-close-in-three-moves",
    "TCP_NODELAY": "appendix-j-what-tcp-does.md#nagle-and-delayed-acknowledgements",
    "TIME-WAIT": "03-closing.md#what-the-port-remembers",
}
# Headings of the handbook that say what one sees, as the titles of the boxes do.
SEEN = {
    "Permission denied for port 80 and below 1024", "Cannot assign requested address",
    "Broken pipe with SIGPIPE and MSG_NOSIGNAL", "Keepalive and a dead connection",
    "recv returns 0 but the client is there", "A client that is connected to itself",
    "Address already in use with TIME_WAIT and SO_REUSEADDR", "io_uring is refused",
    "The completion queue overflows", "An idle server that shows iowait",
    "Symmetric transfer and a stack that grows",
    "A backtrace that shows nobody", "Coroutines that are left over at a stop",
    "Readable and nothing to read", "Events for a descriptor that is closed",
    "EMFILE or too many open files", "Threads that cannot be started",
    "strace says Operation not permitted", "An open that blocks the loop",
}


@dataclass(frozen=True)
class Section:
    """A heading, and the text below it up to the next one."""

    page: str
    heading: str
    text: str

    @property
    def mark(self) -> str:
        """The chapter's number, or the appendix's letter."""
        number, _, rest = self.page.partition("-")
        return str(int(number)) if number.isdigit() else rest[0].upper()

    @property
    def place(self) -> str:
        return f"{self.page}#{self.heading.lower().replace(' ', '-')}"


@cache
def sections() -> tuple[Section, ...]:
    """Of the chapters, and of the handbook but for its lists."""
    pages = [*sorted(BOOK.glob("[0-9][0-9]-*.md")), *sorted(BOOK.glob("appendix-*.md"))]
    return tuple(section for page in pages if not LISTS.match(page.name)
                 for section in of_page(page) if not USES.match(section.heading))


def of_page(page: Path) -> Iterator[Section]:
    text = form.COMMENT.sub("", form.FENCE.sub("", page.read_text()))
    found = list(form.HEADING.finditer(text))
    for heading, following in zip(found, [*found[1:], None]):
        end = following.start() if following else len(text)
        below = text[heading.end():end]
        if len(heading[1]) > 1 and below.strip() and not form.CODE_HEADING.match(heading[2]):
            yield Section(page.name, heading[2], below)


@cache
def words(section: Section) -> dict[str, int]:
    """How often each word of code is there: of `accept4(2)` and `poll()` the name alone."""
    found: dict[str, int] = {}
    for code in CODE.findall(section.text):
        for word in re.findall(r"--?[a-z][\w-]+|[\w.]+", code.replace("(2)", "")):
            found[word] = found.get(word, 0) + 1
    for word in re.findall(r"\w+", section.heading):
        if word in found:
            found[word] += IN_HEADING
    for state in (*STATE.findall(section.text + f" {section.heading}" * IN_HEADING),
                  *SIGNAL.findall(section.text)):
        found[state.replace("_", "-")] = found.get(state.replace("_", "-"), 0) + 1
    return found


def message(word: str) -> str:
    """What the system says for an errno."""
    return os.strerror(getattr(errno, word)) if hasattr(errno, word) else ""


def mentions(section: Section, word: str) -> int:
    """An errno also by its message."""
    found = words(section).get(word, 0)
    if said := message(word):
        found += section.text.count(said) + IN_HEADING * section.heading.count(said)
    return found


def explained(word: str) -> list[Section]:
    """Where it is spoken of most; nowhere but in passing, where it has a section of its own."""
    counts = {section: mentions(section, word) * (IN_CHAPTER if section.mark.isdigit() else 1)
              for section in sections()}
    most = max(counts.values())
    best = [section for section, count in counts.items() if count and count * IN_HEADING >= most]
    best.sort(key=lambda section: -counts[section])
    by_hand = [section for section in counts if section.place == FIRST.get(word)]
    return [*by_hand, *(section for section in best if section not in by_hand)][:PLACES_MAX]


def row(word: str) -> str:
    """The first place by its heading, the others by number or letter."""
    first, *others = explained(word)
    said = f", {getattr(errno, word)}, *{message(word)}*" if message(word) else ""
    more = "".join(f", [{other.mark}]({other.place})" for other in others)
    return f"- `{word}`{said}: [{first.heading}]({first.place}){more}"


def rows(wanted: Callable[[str], object]) -> str:
    known = {word for section in sections() for word in words(section)}
    return "\n".join(map(row, sorted(filter(wanted, known), key=str.lower))) + "\n"


def calls() -> str:
    return rows(lambda word: word in kernel_interface.SYSTEM_CALLS and word not in NO_CALL
                or FUNCTIONS.fullmatch(word))


def options() -> str:
    """Of sockets, files, epoll and rings; and of the servers, which the contract lists."""
    ours = next(words(section) for section in sections() if section.heading == "Command line")
    return rows(lambda word: OPTION.fullmatch(word) or word.startswith("--") and word in ours)


def errnos() -> str:
    return rows(lambda word: hasattr(errno, word))


def states() -> str:
    """In which ss shows a connection at its end."""
    return rows(STATE.fullmatch)


def symptoms() -> str:
    """The titles of the boxes about what goes wrong, and what else is seen."""
    found = {title[0].upper() + title[1:]: section for section in sections()
             for title in BOX.findall(section.text)}
    found |= {section.heading: section for section in sections() if section.heading in SEEN}
    return "\n".join(f"- [{title}]({found[title].place})"
                     for title in sorted(found, key=str.lower)) + "\n"


INDEX: dict[str, Callable[[], str]] = {
    "calls": calls, "options": options, "errnos": errnos,
    "states": states, "symptoms": symptoms,
}
