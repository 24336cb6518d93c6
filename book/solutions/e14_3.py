"""Looks for a query that a parser gets wrong: python3 e14_3.py COMMAND..."""

import random
import subprocess
import sys

TRIES = 20_000
PIECES = (b" ", b"\t", b"/", b"W", b"/W", b"/w", b"@", b"a", b"..", b"\x00", b"\x1b", b"\x7f",
          b"\xff", b"\xc2\x9b", "é".encode(), "雪".encode(), b"x" * 1000, b"y" * 20)


# [fuzz]
def query(chance):
    """A few pieces that a parser may trip over, some just at the limit."""
    made = b"".join(chance.choices(PIECES, k=chance.randrange(8)))
    return made[:1024 + chance.randrange(3)]


def wanted(line):
    """The right answer, by the contract's words, and as unlike a parser as possible."""
    words = line.replace(b"\t", b" ").split(b" ")
    words = [word for word in words if word]
    verbose = bool(words) and words[0] in (b"/W", b"/w")
    left = line.lstrip(b" \t")[2 * verbose:].strip(b" \t")
    try:
        fits = not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in left.decode())
    except UnicodeDecodeError:
        fits = False
    if len(line) > 1024 or not fits or b"@" in left:
        return "error"
    return (f"user {left.hex()}" if left else "list") + " /W" * verbose
# [/fuzz]


def main(command):
    chance = random.Random(79)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True, bufsize=1) as parser:
        for _ in range(TRIES):
            line = query(chance)
            try:
                parser.stdin.write(line.hex() + "\n")
                answer = parser.stdout.readline().rstrip("\n")
            except BrokenPipeError:
                answer = ""
            if answer != wanted(line):
                print(line.hex())
                sys.exit(f"it says {answer!r}, and should say {wanted(line)!r}")
        parser.stdin.close()


main(sys.argv[1:])
