"""The meaning of a connection's bytes: messages, RFC 863, HTTP. There's no I/O here."""

import re

HEADER_BYTES = 4
HEAD_BYTES_MAX = 8192
EXTRA_BYTES_MAX = 8192  # of chunk extensions and trailers beyond the size of the data
LINE_END = b"\r\n"
LENGTH_MAX = (1 << 63) - 1

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") [^\x00-\x20\x7f]+ HTTP/1\.([01])")
HEADER = re.compile(rb"(" + TOKEN + rb"):[ \t]*((?:[^\x00-\x08\x0a-\x1f\x7f])*)")
CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,16})[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?")


class Refused(Exception):
    """The input makes no sense. Has an answer, and a line for the log if one is due."""

    def __init__(self, answer: bytes = b"", complaint: str = "") -> None:
        super().__init__(complaint)
        self.answer, self.complaint = answer, complaint


class Protocol:
    """Takes bytes and makes answers."""

    def __init__(self, max_message: int) -> None:
        self.max_message = max_message
        self.pending = bytearray()
        self.finished = False  # the connection ends after the answers so far

    def take(self, data: bytes, output: bytearray) -> int:
        """Appends answers to the output. Returns how many messages were completed, or raises
        Refused."""
        raise NotImplementedError

    def is_inside_message(self) -> bool:
        """Returns true if an end of the stream would cut a message short."""
        return bool(self.pending)


class Echo(Protocol):
    """Messages of 4 bytes of length and a payload, each of which is its own answer."""

    def take(self, data: bytes, output: bytearray) -> int:
        self.pending += data
        completed = 0
        while len(self.pending) >= HEADER_BYTES:
            length = int.from_bytes(self.pending[:HEADER_BYTES], "little")
            if length > self.max_message:
                self.pending.clear()
                raise Refused(complaint="the message is too long")
            end = HEADER_BYTES + length
            if len(self.pending) < end:
                break
            self.answer(bytes(self.pending[:end]), output)
            del self.pending[:end]
            completed += 1
        return completed

    def answer(self, message: bytes, output: bytearray) -> None:
        """Appends the answer to a message."""
        output += message


class Discard(Protocol):
    """Takes everything and answers nothing. RFC 863"""

    def take(self, data: bytes, output: bytearray) -> int:
        return 1


class Http(Protocol):
    """Requests, pipelined or not, whose bodies are thrown away."""

    request_line, header, chunk_size, trailer = REQUEST_LINE, HEADER, CHUNK_SIZE, HEADER

    def __init__(self, max_message: int) -> None:
        super().__init__(max_message)
        self.searched = 0
        self.in_head = True
        self.head_only = self.old = self.keep = False
        self.allowed = True
        self.awaited = False  # the client may wait for our 100 Continue
        self.body_left = 0
        self.in_chunks = self.in_trailer = self.at_chunk_end = False
        self.extra_bytes = 0

    def is_inside_message(self) -> bool:
        return not self.in_head or bool(self.pending)

    def take(self, data: bytes, output: bytearray) -> int:
        self.pending += data
        completed = 0
        while not self.finished and self.step():
            has_body = bool(self.body_left or self.in_chunks)
            if self.awaited and has_body and not self.pending:
                output += b"HTTP/1.1 100 Continue\r\n\r\n"
            self.awaited = False
            if not self.in_head and not self.body_left and not self.in_chunks:
                self.answer(output)
                completed += 1
        return completed

    def step(self) -> bool:
        """Takes the next piece of the request. Returns false if that hasn't arrived."""
        if self.in_head:
            return self.take_head()
        if self.body_left:
            taken = min(self.body_left, len(self.pending))
            del self.pending[:taken]
            self.body_left -= taken
            self.at_chunk_end = self.in_chunks and not self.body_left
            return taken > 0
        return self.take_chunk_end() if self.at_chunk_end else self.take_chunk_line()

    def take_head(self) -> bool:
        """Takes the request line and the headers."""
        while self.pending.startswith(b"\r\n"):
            del self.pending[:2]
        if not self.pending:
            return False
        end = self.pending.find(b"\r\n\r\n", max(0, self.searched - 3))
        self.check_head_size(end + 4 if end >= 0 else len(self.pending))
        if end < 0:
            self.searched = len(self.pending)
            line, ended, _ = self.pending.partition(b"\r\n")
            if ended and not self.request_line.fullmatch(line):
                raise self.refusal(b"400 Bad Request")
            return False
        head = bytes(self.pending[:end])
        del self.pending[: end + 4]
        self.searched = 0
        self.parse_head(head)
        self.in_head = False
        return True

    def check_head_size(self, size: int) -> None:
        """Checks the size of a head, or of the part of one that has arrived."""
        if size > HEAD_BYTES_MAX:
            raise self.refusal(b"431 Request Header Fields Too Large")

    def parse_head(self, head: bytes) -> None:
        """Finds everything that the answer and the end of the request depend on."""
        first, *lines = head.split(b"\r\n")
        request = self.request_line.fullmatch(first)
        headers = [self.header.fullmatch(line) for line in lines]
        if not request or not all(headers):
            raise self.refusal(b"400 Bad Request")
        fields = [(header[1].lower(), header[2].strip()) for header in headers if header]

        def all_of(name: bytes) -> list[bytes]:
            return [value for key, value in fields if key == name]

        if len(all_of(b"host")) > 1:
            raise self.refusal(b"400 Bad Request")
        lengths, codings = all_of(b"content-length"), all_of(b"transfer-encoding")
        self.check_lengths(lengths, codings, old=request[2] == b"0")
        self.in_chunks, self.in_trailer, self.extra_bytes = bool(codings), False, 0
        self.body_left = int(lengths[0]) if lengths else 0
        self.head_only, self.old = request[1] == b"HEAD", request[2] == b"0"
        self.allowed = request[1] in (b"GET", b"HEAD")
        expected = [value.lower() for value in all_of(b"expect")]
        self.awaited = not self.old and expected == [b"100-continue"]
        wishes = {word.strip().lower() for v in all_of(b"connection") for word in v.split(b",")}
        self.keep = b"keep-alive" in wishes if self.old else b"close" not in wishes

    def check_lengths(self, lengths: list[bytes], codings: list[bytes], *, old: bool) -> None:
        """Refuses a request if it isn't clear where its body ends."""
        numbers = all(v.isdigit() and int(v) <= LENGTH_MAX for v in lengths)
        clear = numbers and len(set(lengths)) <= 1 and not (lengths and codings)
        if not clear or codings and (old or [one.lower() for one in codings] != [b"chunked"]):
            raise self.refusal(b"400 Bad Request")

    def take_chunk_end(self) -> bool:
        """Takes the end of line after a chunk's data, and accepts nothing else."""
        if not LINE_END.startswith(self.pending[: len(LINE_END)]):
            raise self.refusal(b"400 Bad Request")
        if len(self.pending) < len(LINE_END):
            return False
        del self.pending[: len(LINE_END)]
        self.at_chunk_end = False
        return True

    def take_chunk_line(self) -> bool:
        """Takes a line between chunks, which is a size or belongs to the trailer."""
        end = self.pending.find(b"\r\n")
        length = end if end >= 0 else len(self.pending)
        self.check_extra_bytes(length)
        if end < 0:
            if not self.chunk_size.match(self.pending) and self.pending and not self.in_trailer:
                raise self.refusal(b"400 Bad Request")
            return False
        line = bytes(self.pending[:end])
        del self.pending[: end + 2]
        if self.in_trailer:
            if line and not self.trailer.fullmatch(line):
                raise self.refusal(b"400 Bad Request")
            self.extra_bytes += len(line)
            self.in_chunks = bool(line)
            return True
        size = self.chunk_size.fullmatch(line)
        if not size or int(size[1], 16) > LENGTH_MAX:
            raise self.refusal(b"400 Bad Request")
        self.body_left = int(size[1], 16)
        self.extra_bytes = max(0, self.extra_bytes + len(line) - len(size[1]) - self.body_left)
        self.in_trailer = not self.body_left
        return True

    def check_extra_bytes(self, line_bytes: int) -> None:
        """Refuses a line that never ends, because we'd have to keep it forever."""
        if self.extra_bytes + line_bytes > EXTRA_BYTES_MAX:
            raise self.refusal(b"431 Request Header Fields Too Large")

    def answer(self, output: bytearray) -> None:
        """Answers a complete request."""
        self.in_head = True
        self.finished = not self.keep
        if self.allowed:
            status, type_, body = b"200 OK", b"Content-Type: text/plain\r\n", b"hello\n"
        else:
            status, type_, body = b"405 Method Not Allowed", b"Allow: GET, HEAD\r\n", b""
        connection = b"close" if not self.keep else b"keep-alive" if self.old else b""
        output += b"HTTP/1.1 " + status + b"\r\n" + type_
        output += b"Content-Length: %d\r\n" % len(body)
        if connection:
            output += b"Connection: " + connection + b"\r\n"
        output += b"\r\n" + (b"" if self.head_only else body)

    def refusal(self, status: bytes) -> Refused:
        """Returns the last answer to a client that makes no sense."""
        self.pending.clear()
        self.in_head = True
        return Refused(
            b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )


PROTOCOLS: dict[str, type[Protocol]] = {"echo": Echo, "discard": Discard, "http": Http}
