"""Standard output that cannot be written."""

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def told_if_unwritten(program: str, status: int = 1) -> Iterator[None]:
    """Ends the program with a line and that status if standard output can't be written, because it
    is closed or the disk is full."""

    def end(why: str | None) -> SystemExit:
        print(f"{program}: cannot write to standard output: {why}", file=sys.stderr)
        return SystemExit(status)

    if sys.stdout is None:
        raise end("it is closed")
    try:
        yield
        sys.stdout.flush()
    except OSError:
        try:
            print(flush=True)  # which file it was, the error does not say
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python tries again
            raise end(error.strerror) from None
        raise
