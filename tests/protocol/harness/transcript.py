"""What one client sent and got, short enough to be read."""

from dataclasses import dataclass, field

from harness.verdict import hexdump

HEAD_BYTES_SHOWN = 24
TAIL_BYTES_SHOWN = 8  # instead of as many of the head, where there is more than that
ENTRIES_SHOWN = 10
SENT = ("sent", "then sent")  # the second: apart from the bytes before, a moment later


@dataclass
class _Entry:
    verb: str
    head: bytes = b""
    tail: bytes = b""
    total: int = 0

    def line(self) -> str:
        if self.total <= HEAD_BYTES_SHOWN:
            return f"{self.verb} {hexdump(self.head, self.total)}" if self.total else self.verb
        head = self.head[: HEAD_BYTES_SHOWN - TAIL_BYTES_SHOWN]
        return f"{self.verb} {hexdump(head, self.total, self.tail)}"


@dataclass
class Transcript:
    """Remembers how much went each way, and how each run of bytes began and ended."""

    hung_up: bool = False  # the server has: an end of stream, a reset, or nothing could be sent
    _apart: bool = False  # what is sent next
    _entries: list[_Entry] = field(default_factory=list)

    def sent(self, data: bytes) -> None:
        """Bytes went to the server."""
        if not data:
            return
        last = self._entries[-1].verb if self._entries else ""
        if last in SENT and self._apart:
            self._entries.append(_Entry(SENT[1]))
        self._bytes(self._entries[-1].verb if last in SENT else SENT[0], data)
        self._apart = False

    def end_piece(self) -> None:
        """The server has had the time to read what was sent: what follows is shown apart."""
        self._apart = True

    def got(self, data: bytes) -> None:
        """Bytes came from the server."""
        self._bytes("got ", data)

    def note(self, text: str) -> None:
        """Something that is not bytes: an end of stream, a reset, a wait that ended."""
        self._entries.append(_Entry(text))

    def note_hang_up(self, text: str) -> None:
        """The same, where it is the server that has hung up."""
        self.hung_up = True
        self.note(text)

    def lines(self) -> list[str]:
        """One line for each run of bytes in one direction; a long middle is left out."""
        shown = [entry.line() for entry in self._entries]
        if len(shown) > ENTRIES_SHOWN:
            left_out = len(shown) - ENTRIES_SHOWN
            half = ENTRIES_SHOWN // 2
            shown[half:-half] = [f"... ({left_out} more entries)"]
        return shown

    def _bytes(self, verb: str, data: bytes) -> None:
        if not data:
            return
        if not self._entries or self._entries[-1].verb != verb:
            self._entries.append(_Entry(verb))
        entry = self._entries[-1]
        entry.head += data[: HEAD_BYTES_SHOWN - len(entry.head)]
        entry.tail = (entry.tail + data[-TAIL_BYTES_SHOWN:])[-TAIL_BYTES_SHOWN:]
        entry.total += len(data)
