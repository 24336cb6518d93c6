"""Blunders about the meaning of bytes: a part of broken_loops.py."""

from loop_protocols import PROTOCOLS, Discard, Echo, Http, Refused
from loop_server import Loop

# Messages


class SmallMessages(Echo):
    """Has another limit than --max-message says."""

    def __init__(self, max_message: int) -> None:
        super().__init__(min(max_message, 60_000))


class LargeMessages(Echo):
    """Has no limit."""

    def __init__(self, max_message: int) -> None:
        super().__init__(1 << 32)


class ThreeBytesTell(Echo):
    """Reads a length from three of its bytes, with a zero in front."""

    def take(self, data: bytes, output: bytearray) -> int:
        begun = self.pending + data
        if len(begun) == 3 and int.from_bytes(b"\0" + begun, "little") > self.max_message:
            raise Refused
        return super().take(data, output)


class QuotesWhatItRefuses(Echo):
    """Logs the bytes that it refuses, as they came."""

    def take(self, data: bytes, output: bytearray) -> int:
        try:
            return super().take(data, output)
        except Refused:
            raise Refused(complaint=data.decode("latin-1")) from None


class WholeReceives(Echo):
    """Expects a receive to end where a message does."""

    def take(self, data: bytes, output: bytearray) -> int:
        completed = super().take(data, output)
        self.pending.clear()
        return completed


class SharedFault(Echo):
    """Refuses everybody after one client's mistake."""

    broken = False

    def take(self, data: bytes, output: bytearray) -> int:
        if SharedFault.broken:
            raise Refused
        try:
            return super().take(data, output)
        except Refused:
            SharedFault.broken = True
            raise


class EchoingDiscard(Discard):
    """Answers where it should discard."""

    def take(self, data: bytes, output: bytearray) -> int:
        output += data
        return 0


# HTTP


class NoHttp(Loop):
    """Takes the option, and echoes."""

    @staticmethod
    def prepare() -> None:
        PROTOCOLS["http"] = Echo


class HttpForgetsConnection(Http):
    """Keeps no connection."""

    def answer(self, output: bytearray) -> None:
        self.keep = False
        super().answer(output)


class HttpKeepsConnection(Http):
    """Keeps every connection."""

    def answer(self, output: bytearray) -> None:
        self.keep, self.old = True, False
        super().answer(output)


class HttpTakesAnything(Http):
    """Refuses nothing."""

    def check_lengths(self, lengths: list[bytes], codings: list[bytes], *, old: bool) -> None:
        lengths[:] = [value for value in lengths[:1] if value.isdigit()]

    def check_head_size(self, size: int) -> None:
        pass

    def refusal(self, status: bytes) -> Refused:
        super().refusal(status)
        return Refused()


class HttpOneARead(Http):
    """Answers only one of the requests that have arrived."""

    def step(self) -> bool:
        return super().step() and (self.in_head or not self.pending.startswith(b"GET"))


class HttpSearchesAgain(Http):
    """Looks for the end of the head from its beginning each time, byte by byte."""

    def take_head(self) -> bool:
        self.searched = 0
        for at in range(len(self.pending)):
            if self.pending[at : at + 4] == b"\r\n\r\n":
                break
        return super().take_head()


class HttpOnePage(Http):
    """Knows only one path."""

    def parse_head(self, head: bytes) -> None:
        super().parse_head(head)
        self.allowed = self.allowed and head.split()[1] == b"/"


class HttpAnswersLines(Http):
    """Takes the end of any line for the end of the head."""

    def take_head(self) -> bool:
        if self.pending.endswith(b"\r\n"):
            self.pending += b"\r\n"
        return super().take_head()


class HttpTakesEmptyLines(Http):
    """Refuses an empty line before a request."""

    def take_head(self) -> bool:
        if self.pending.startswith(b"\r\n"):
            raise self.refusal(b"400 Bad Request")
        return super().take_head()


class HttpLeaks(Http):
    """Remembers every request."""

    requests: list[bytes] = []

    def parse_head(self, head: bytes) -> None:
        self.requests.append(head * 2)
        super().parse_head(head)


class HttpChunksForEverybody(Http):
    """Takes chunks in any version."""

    def check_lengths(self, lengths: list[bytes], codings: list[bytes], *, old: bool) -> None:
        super().check_lengths(lengths, codings, old=False)
