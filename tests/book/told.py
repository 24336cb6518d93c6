"""Compares a command's output with the book."""

import re

import runs
from typed import Typed

STUCK = re.compile(r"bash: .*(not found|No such file|Bad file descr|syntax error)|not built yet")


def complaint(step: Typed, printed: str, status: int) -> str:
    """Says what is wrong with the output, or "" if it fits the transcript."""
    meant_to_fail = "broken_servers" in step.text
    wanted = step.told.status if step.told else int(meant_to_fail)
    if STUCK.search(printed) and not (step.told and STUCK.search("\n".join(step.told.output))):
        return f"cannot be typed here: {printed}"
    if status != wanted:
        return f"status {status} instead of {wanted}: {printed}"
    if step.told:
        seen = re.sub(r".*\r\x1b\[K", "", printed)  # a line that was cleared, and written again
        seen = re.sub(r"\x1b\[\d*m|\0|\r", "", seen)  # curl prints in bold
        if different := runs.fits(step.told.shown() + seen.splitlines(), [step.told]):
            return f"{different}; all of it:\n{printed}"
    return ""
