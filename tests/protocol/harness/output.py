"""Standard output that cannot be written."""

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def told_if_unwritten(program: str) -> Iterator[None]:
    """Ends the program with a line and status 1 where standard output does not take what it prints:
    it is closed, or the disk is full."""
    if sys.stdout is None:
        sys.exit(f"{program}: cannot write to standard output: it is closed")
    try:
        yield
        sys.stdout.flush()
    except OSError:
        try:
            print(flush=True)  # which file it was, the error does not say
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python tries again
            sys.exit(f"{program}: cannot write to standard output: {error.strerror}")
        raise
