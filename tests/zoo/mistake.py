"""What a small mistake is. The table is in mistakes.py, that of part6 in ring_mistakes.py."""

from dataclasses import dataclass

PART1, PART2, PART3 = "part1-blocking", "part2-threads", "part3-nonblocking"
PART4, PART5, PART6 = "part4-poll", "part5-epoll", "part6-uring"


@dataclass(frozen=True)
class Mistake:
    """In `file`, `right` becomes `wrong`, where MISTAKE is true if this one is to be made."""

    stage: str
    file: str
    right: str
    wrong: str
    tests: tuple[str, ...]  # how the names begin of those that should notice it
