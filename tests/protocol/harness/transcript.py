"""The bytes that one client sent and received, and when, in a form short enough to read."""

import time
from dataclasses import dataclass, field

from harness.frames import HEADER_BYTES, payload_bytes
from harness.hexdump import hexdump, is_text

BYTES_SHOWN = 15  # so that a line has no more than 100 columns
HEAD_BYTES_SHOWN, TAIL_BYTES_SHOWN = 8, 4  # if there are more bytes
TEXT_BYTES_SHOWN = 42  # for a request or an answer that is text
PLAUSIBLE_BYTES = 1 << 26  # for a message; "GET " would announce more
LONG_SECONDS = 0.1  # for a run of bytes, during which others may have acted
SENT, GOT = ("sent", "then sent"), "got "  # the second is for bytes that went separately


@dataclass
class Entry:
    """A run of bytes in one direction, or an event without bytes."""

    at: float  # time.monotonic()
    verb: str
    head: bytes = b""
    tail: bytes = b""
    total: int = 0
    until: float = 0.0  # when the last of the bytes came

    @property
    def kind(self) -> str:
        """`sent` or `got`, of which there may be many, or "" if there are no bytes."""
        return self.verb.removeprefix("then ").strip() if self.total else ""

    def text(self) -> str:
        """Returns the entry as a line."""
        if not self.total:
            return self.verb
        if self.total > BYTES_SHOWN and is_text(self.head):
            more = " ..." if self.total > len(self.head) else ""
            shown = f"{self.total} bytes: {ascii(self.head.decode())}{more}"
        elif self.total > BYTES_SHOWN:
            shown = hexdump(self.head[:HEAD_BYTES_SHOWN], self.total, self.tail)
        else:
            shown = hexdump(self.head, self.total)
        seconds = self.until - self.at
        return f"{self.verb} {shown}" + (f" in {seconds:.1f} s" if seconds >= LONG_SECONDS else "")


@dataclass
class Transcript:
    """Remembers how many bytes went each way, and how each run of them began and ended."""

    hung_up: bool = False  # by the server: an end of stream, a reset, or a send that failed
    entries: list[Entry] = field(default_factory=list)
    sent_bytes: int = 0
    got_bytes: int = 0
    # Where messages end in the bytes that were sent.
    frame_ends: list[int] = field(default_factory=list)
    _apart: bool = False  # set if the next bytes go separately
    _begun: bytes = b""  # the first bytes of a message's length

    def sent(self, data: bytes | memoryview, begun: float) -> None:
        """Records bytes to the server from the moment `begun`, because the server may read some
        before all are sent."""
        last = self.entries[-1].verb if self.entries else ""
        if data and self._apart and last in SENT:
            last = SENT[1]
            self.note(last, begun)
        self._apart = False
        self._bytes(last if last in SENT else SENT[0], data, begun)
        self._find_frames(data)
        self.sent_bytes += len(data)

    def end_piece(self) -> None:
        """Separates the next bytes, because the server had time to read those that were sent."""
        self._apart = True

    def got(self, data: bytes) -> None:
        """Records bytes from the server."""
        self._bytes(GOT, data, time.monotonic())
        self.got_bytes += len(data)

    def note(self, text: str, at: float | None = None) -> None:
        """Notes an event without bytes, such as an end of stream, a reset, or a wait that ended. It
        happens now, or began at `at`."""
        self.entries.append(Entry(time.monotonic() if at is None else at, text))

    def note_hang_up(self, text: str) -> None:
        """Notes that the server hung up."""
        self.hung_up = True
        self.note(text)

    def answerable_bytes(self, received_bytes: int) -> int | None:
        """Returns how many bytes of an echo are due once the server has received this many, which
        is up to the end of the last complete message. Returns None if these aren't messages."""
        if self.frame_ends and self.frame_ends[-1] > self.sent_bytes + PLAUSIBLE_BYTES:
            return None
        return max((end for end in self.frame_ends if end <= received_bytes), default=0)

    def _bytes(self, verb: str, data: bytes | memoryview, begun: float) -> None:
        if not data:
            return
        if not self.entries or self.entries[-1].verb != verb:
            self.note(verb, begun)
        entry = self.entries[-1]
        entry.head += data[: TEXT_BYTES_SHOWN - len(entry.head)]
        entry.tail = (entry.tail + data[-TAIL_BYTES_SHOWN:])[-TAIL_BYTES_SHOWN:]
        entry.total += len(data)
        entry.until = time.monotonic()

    def _find_frames(self, data: bytes | memoryview) -> None:
        """Finds where messages end. The ends make no sense if the bytes aren't messages, as in
        HTTP."""
        place = 0
        last = self.frame_ends[-1] if self.frame_ends else 0
        while place < len(data):
            if last > self.sent_bytes + place:
                place = last - self.sent_bytes  # inside a payload
                continue
            missing = HEADER_BYTES - len(self._begun)
            self._begun += data[place : place + missing]
            place += missing
            if len(self._begun) == HEADER_BYTES:
                last = self.sent_bytes + place + payload_bytes(self._begun)
                self.frame_ends.append(last)
                self._begun = b""
