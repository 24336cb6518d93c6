"""How an answer differs from the expected one."""

from harness.hexdump import hexdump

ALIKE_BYTES = 64  # fewer may look alike by chance
FOLLOWED_BYTES = 1 << 15  # longer than a message, so it includes the length of the next one


def difference(which: str, wanted: bytes, received: bytes) -> str:
    """Says where the two differ, and whether bytes are missing there or were added."""
    if wanted.startswith(received):
        came = f"{len(received)} of the {len(wanted)} bytes of {which}"
        return f"the server ended the stream after {came}"
    differing = (i for i, (a, b) in enumerate(zip(wanted, received)) if a != b)
    place = next(differing, len(wanted))
    due, came = wanted[place:], received[place:]
    return (
        f"{which} differs from byte {place} on: "
        f"wanted {hexdump(due[:16], len(due))}, got {hexdump(came[:16], len(came))}"
        f"{_how_far_off(due, came)}"
    )


def _how_far_off(due: bytes, came: bytes) -> str:
    """Says whether the two differ only by a piece at the beginning of one of them."""
    if lost := _begins_in(due, came):
        return f". {lost} bytes are missing there; the bytes after them arrived"
    if added := _begins_in(came, due):
        return f". {added} extra bytes came there, and the right ones follow"
    return ""


def _begins_in(whole: bytes, part: bytes) -> int:
    """Returns how far into `whole` `part` begins and, as far as we can tell, continues; 0 if
    nowhere."""
    begin, known = 0, part[:ALIKE_BYTES]
    while len(known) == ALIKE_BYTES and (begin := whole.find(known, begin + 1)) > 0:
        count = min(FOLLOWED_BYTES, len(whole) - begin, len(part))
        if whole[begin : begin + count] == part[:count]:
            return begin
    return 0
