"""What a test does to a server, apart from what its clients send: signals, and calls that fail."""

import time

SHOWN = 8


class Deeds:
    """Remembers them, for somebody who reads a failure."""

    def __init__(self) -> None:
        self._done: list[tuple[float, str]] = []

    def note(self, what: str) -> None:
        """It is done now."""
        self._done.append((time.monotonic(), what))

    def __str__(self) -> str:
        """`sent SIGSTOP, 2.0 s later sent SIGCONT`."""
        parts, before = [], 0.0
        for moment, what in self._done[:SHOWN]:
            later = moment - before if parts else 0
            begin = "then " if parts else ""
            parts.append(f"{later:.1f} s later {what}" if later >= 0.05 else begin + what)
            before = moment
        if (more := len(self._done) - SHOWN) > 0:
            parts.append(f"and {more} more")
        return ", ".join(parts)
