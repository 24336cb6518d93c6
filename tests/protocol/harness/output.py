"""Standard output that can't be written."""

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def told_if_unwritten(program: str, status: int = 1) -> Iterator[None]:
    """Ends the program with a line and that status if standard output can't be written, because
    it's closed or the disk is full."""

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
            print(flush=True)  # finds out whether it was this file, because the error doesn't say
        except OSError as error:
            # Otherwise Python tries again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise end(error.strerror) from None
        raise
