"""Decodes a chunked body as it arrives: python3 e9_2.py < encoded > body"""

import os
import re
import sys

# No control characters, because others may take a lone CR for the end of a line.
TEXT = rb"[^\x00-\x08\x0a-\x1f\x7f]*"
SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;" + TEXT + rb")?\r\n")
FIELD_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:" + TEXT + rb"\r\n")
LINE_BYTES_MAX = 4096


class Malformed(Exception):
    """Nothing after this can be trusted."""


# [decoder]
class ChunkedBody:
    """Takes the stream in any slices. Does no I/O, and holds one line at most."""

    def __init__(self):
        self.line, self.left, self.read_line = b"", 0, self.size
        self.finished = False

    def take(self, data):
        while data and not self.finished:
            if self.left > 0:
                yield data[:self.left]
                self.left, data = max(0, self.left - len(data)), data[self.left:]
                continue
            begin, newline, data = data.partition(b"\n")
            self.line += begin + newline
            if len(self.line) > LINE_BYTES_MAX:
                raise Malformed("too long a line")
            if newline:
                line, self.line = self.line, b""
                self.read_line(line)
# [/decoder]

    def size(self, line):
        if not (found := SIZE_LINE.fullmatch(line)):
            raise Malformed(f"no size: {line[:40]!r}")
        self.left = int(found[1], 16)
        self.read_line = self.end_of_chunk if self.left > 0 else self.trailer

    def end_of_chunk(self, line):
        if line != b"\r\n":
            raise Malformed(f"a chunk goes on behind its end: {line[:40]!r}")
        self.read_line = self.size

    def trailer(self, line):
        self.finished = line == b"\r\n"
        if not self.finished and not FIELD_LINE.fullmatch(line):
            raise Malformed(f"no field: {line[:40]!r}")


def main():
    body = ChunkedBody()
    while not body.finished and (data := os.read(0, 65536)):
        for piece in body.take(data):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    if not body.finished:
        raise Malformed("the body is cut short")


try:
    main()
except Malformed as error:
    sys.exit(f"malformed: {error}")
