"""Blunders about requests, of the kind that usual parsers accept: a part of broken_loops.py."""

import re
from contextlib import suppress

from loop_protocols import TOKEN, Http

# Numbers


class LengthsAsInPython(Http):
    """Converts with int(), which takes a sign, underscores, other scripts' digits and
    white space."""

    def check_lengths(self, lengths: list[bytes], codings: list[bytes], *, old: bool) -> None:
        with suppress(ValueError):
            lengths[:] = [b"%d" % int(one.decode("latin-1")) for one in lengths]
        super().check_lengths(lengths, codings, old=old)


class LengthsAsInC(Http):
    """Converts with strtol(), which stops at the first character that is no digit."""

    def check_lengths(self, lengths: list[bytes], codings: list[bytes], *, old: bool) -> None:
        lengths[:] = [re.match(rb"[0-9]*", one)[0] or one for one in lengths]
        super().check_lengths(lengths, codings, old=old)


class LengthsInAList(Http):
    """Takes a list of lengths, as a proxy joins headers of one name, if all are the same number."""

    def check_lengths(self, lengths: list[bytes], codings: list[bytes], *, old: bool) -> None:
        lengths[:] = [one.strip() for line in lengths for one in line.split(b",")]
        super().check_lengths(lengths, codings, old=old)


class SizesAsInPython(Http):
    """Converts with int() and the base 16, which takes a sign, 0x and underscores."""

    chunk_size = re.compile(rb"[+]?((?:0[xX])?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*)[ \t]*(?:;[^\r\n]*)?")


class SizesAfterBlanks(Http):
    """Passes over white space before a size, as strtol() and \\s do."""

    chunk_size = re.compile(rb"\s*([0-9a-fA-F]{1,16})\s*(?:;[^\r\n]*)?")


class SizesAsInC(Http):
    """Converts with strtol(), which stops at the first character that is no digit."""

    chunk_size = re.compile(rb"([0-9a-fA-F]{1,16})[^\r\n]*")


# The request line


class VersionsToCome(Http):
    """Answers any version as 1.1."""

    request_line = re.compile(rb"(" + TOKEN + rb") [^\x00-\x20\x7f]+ HTTP/[0-9]\.([0-9])")


class VersionsWithoutAnEnd(Http):
    """Matches a version without looking for its end, as a pattern without `$` does, or C at
    a NUL."""

    request_line = re.compile(
        rb"(" + TOKEN + rb") [^\x00-\x20\x7f]+ HTTP/1\.([01])(?:[^\r\n ][^\r\n]*)?")


class AnyPath(Http):
    """Takes anything but a blank as a part of the path."""

    request_line = re.compile(rb"(" + TOKEN + rb") [^ ]+ HTTP/1\.([01])")


class MethodsInAnyCase(Http):
    """Takes a method for a keyword, whose case doesn't matter."""

    def parse_head(self, head: bytes) -> None:
        method, blank, rest = head.partition(b" ")
        super().parse_head(method.upper() + blank + rest)


# Lines and names


class LinesAreStripped(Http):
    """Ignores anything before a line's first letter."""

    def parse_head(self, head: bytes) -> None:
        super().parse_head(re.sub(rb"\r\n[ \t]+", b"\r\n", head))


class LinesAsInPython(Http):
    """Splits with str.splitlines(), which knows ten ends of a line."""

    def parse_head(self, head: bytes) -> None:
        lines = head.decode("latin-1").splitlines()
        super().parse_head("\r\n".join(lines).encode("latin-1"))


class NamesAreStripped(Http):
    """Cuts at the colon, and strips white space from both halves."""

    header = re.compile(rb"\s*(" + TOKEN + rb")\s*:[ \t]*((?:[^\x00-\x08\x0a-\x1f\x7f])*)")


class AnyName(Http):
    """Takes anything before the colon for a name."""

    header = re.compile(rb"([^:\r\n \t]+):[ \t]*((?:[^\x00-\x08\x0a-\x1f\x7f])*)")


class AnyValue(Http):
    """Takes anything after the colon for a value."""

    header = re.compile(rb"(" + TOKEN + rb"):[ \t]*([^\r\n]*)")


# Bodies


class CodingsAsInPython(Http):
    """Uses str.strip() and str.lower(), which know more blanks and letters than ASCII has."""

    header = AnyValue.header

    def check_lengths(self, lengths: list[bytes], codings: list[bytes], *, old: bool) -> None:
        codings[:] = [one.decode(errors="replace").lower().strip().encode() for one in codings]
        super().check_lengths(lengths, codings, old=old)


class CodingsThatHaveChunked(Http):
    """Looks for the word, and not whether it stands alone."""

    def check_lengths(self, lengths: list[bytes], codings: list[bytes], *, old: bool) -> None:
        codings[:] = [b"chunked" for one in codings[:1] if b"chunked" in one.lower()] or codings
        super().check_lengths(lengths, codings, old=old)


class LineFeedsWillDo(Http):
    """Ends a line between chunks at its line feed."""

    def take_chunk_line(self) -> bool:
        end = self.pending.find(b"\n")
        if end >= 0 and not self.pending[:end].endswith(b"\r"):
            self.pending[end:end] = b"\r"
        return super().take_chunk_line()


class TwoBytesEndAChunk(Http):
    """Passes over two bytes after a chunk, whatever they are."""

    def take_chunk_end(self) -> bool:
        self.pending[:2] = b"\r\n"[: len(self.pending)]
        return super().take_chunk_end()


class TrailersAreNotRead(Http):
    """Skips all lines after the last chunk up to an empty one, whatever they hold."""

    trailer = re.compile(rb"[^\r\n]*")


class CloseSomewhere(Http):
    """Looks for `close` anywhere in the head, and not for the header."""

    def parse_head(self, head: bytes) -> None:
        super().parse_head(head)
        self.keep = self.keep and b"close" not in head.lower()
