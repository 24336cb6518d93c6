"""Makes an unknown server's answer harmless for a terminal: ... | python3 e13_1.py"""

import codecs
import os
import sys
import unicodedata

INVISIBLE = {"Cc", "Cf", "Cn", "Co", "Zl", "Zp"}  # controls, directions, nothing, separators


# [filter]
class Filter:
    """Bytes in, text out, for any slices. Does no I/O, and holds one character at most."""

    def __init__(self):
        self.decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
        self.held = ""  # a CR, until the next character decides

    def take(self, received, final=False):
        text = self.held + self.decoder.decode(received, final)
        self.held = "\r" if text.endswith("\r") and not final else ""
        text = text.removesuffix(self.held).replace("\r\n", "\n")
        return "".join(map(self.shown, text))

    def shown(self, character):
        if character in "\t\n" or unicodedata.category(character) not in INVISIBLE | {"Cs"}:
            return character
        as_sent = character.encode(errors="surrogateescape")
        return "".join(f"\\x{byte:02x}" for byte in as_sent)
# [/filter]


def main():
    shown = Filter()
    while received := os.read(0, 65536):
        sys.stdout.buffer.write(shown.take(received).encode())
        sys.stdout.buffer.flush()
    sys.stdout.buffer.write(shown.take(b"", final=True).encode())


main()
