"""Right and wrong parsers of finger queries for E14.3: parsers_of_e14_3.py HOW. Each line of the
input is a query in hexadecimal digits, without its line end, and gets a line as its answer."""

import re
import sys

QUERY_BYTES_MAX = 1024
CONTROLS = "[\0-\x1f\x7f-\x9f]"


def answer(query: bytes, how: str) -> str:
    """`list`, or `user` and the name in digits, either perhaps with ` /W` at the end; or
    `error`."""
    if len(query) > QUERY_BYTES_MAX + (how == "a byte too many"):
        return "error"
    blanks = b" " if how == "tabs are no blanks" else b" \t"
    text = query.strip(blanks)
    switch = rb"/W(?=[ \t]|\Z)" if how == "small w" else rb"/[Ww](?=[ \t]|\Z)"
    if how == "a switch without a blank":
        switch = rb"/[Ww]"
    if verbose := re.match(switch, text) is not None:
        text = text[2:] if how == "blanks stay" else text[2:].strip(blanks)
    try:
        name = text.decode("latin-1" if how == "any bytes" else "utf-8")
    except UnicodeDecodeError:
        return "error"
    controls = "[\0-\x1f\x7f]" if how == "C1" else CONTROLS
    if re.search(controls, name):
        return "error"
    if name.endswith("@") if how == "relays" else "@" in name:
        return "error"
    if how == "falls over" and "/" in name[1:] and verbose:
        sys.exit(1)
    found = f"user {text.hex()}" if name else "list"
    return found + " /W" * verbose


if __name__ == "__main__":
    for line in sys.stdin:
        print(answer(bytes.fromhex(line), sys.argv[1]), flush=True)
