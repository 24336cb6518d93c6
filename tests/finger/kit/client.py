"""A client that speaks finger: a line, an answer, and the end of the stream."""

from harness.client import Client
from harness.verdict import ContractBroken, hexdump, hide_from_traceback

__tracebackhide__ = hide_from_traceback

SHOWN_BYTES = 48


class FingerClient(Client):
    """A connection for one query."""

    begun = b""

    def ask(self, line: bytes) -> bytes:
        """Sends a query and CRLF. Returns the whole answer."""
        self.send(line + b"\r\n")
        return self.receive_until_end()

    def take_the_rest(self) -> bytes:
        """Returns the whole answer, after FingerServer.reading_slowly() received its beginning."""
        self.let_window_grow()
        return self.begun + self.receive_until_end()

    def expect_answer(self, wanted: bytes) -> None:
        """Expects exactly this answer, then the end of the stream."""
        self.expect_that(self.receive_until_end(), wanted)

    def expect_reset(self) -> None:
        """Expects a reset, so that a cut answer doesn't look complete."""
        try:
            part = self.receive_until_end()
        except ContractBroken as broken:
            if broken.by_reset:
                return
            raise
        raise self.broken(f"an orderly end after {len(part)} bytes of an answer that is cut short")

    def expect_that(self, received: bytes, wanted: bytes) -> None:
        """Expects `received` to be exactly this."""
        if received == wanted:
            return
        place = len(wanted)  # where `received` continues after the end of `wanted`
        for index, (a, b) in enumerate(zip(received, wanted)):
            if a != b:
                place = index
                break
        place = min(place, len(received))
        raise self.broken(
            f"the answer differs from byte {place} on: "
            f"wanted {_shown(wanted[place:])}, got {_shown(received[place:])}"
        )


def _shown(data: bytes) -> str:
    return hexdump(data[:SHOWN_BYTES], len(data))
