"""Bytes for the reader of a failure."""


def hexdump(head: bytes, total: int, tail: bytes = b"") -> str:
    """Returns `6 bytes: 02 00 00 00 68 69 |....hi|`, with dots if `total` is more than is shown.
    With a tail, returns `99 bytes: 02 00 ... 68 69 |.. ... hi|`."""
    if total == 0:
        return "nothing"
    pairs, text = head.hex(" "), printable(head)
    if total > len(head) + len(tail):
        pairs += " ..."
        text += " ... " if tail else ""
    pairs += f" {tail.hex(' ')}" if tail else ""
    return f"{total} {'byte' if total == 1 else 'bytes'}: {pairs} |{text}{printable(tail)}|"


def escaped(text: str) -> str:
    """Escapes text for a terminal, so that nothing in it moves the cursor or sets a title."""
    return "".join(one if one.isprintable() or one in "\n\t"
                   else one.encode("unicode_escape").decode() for one in text)


def printable(data: bytes) -> str:
    """Returns these bytes as characters, with a dot for each that isn't printable."""
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)


def is_text(data: bytes) -> bool:
    """Returns true if these are only characters and line ends."""
    return all(32 <= byte < 127 or byte in b"\r\n\t" for byte in data)
