"""poll(2) for one socket or pipe, because select(2) breaks at descriptor 1024."""

import select
from typing import Protocol


class HasDescriptor(Protocol):
    """A socket, a pipe, a file."""

    def fileno(self) -> int:
        ...


def ready(what: HasDescriptor, seconds: float, *, to_write: bool = True) -> tuple[bool, bool]:
    """Returns whether `what` can be read from (an end or an error counts) and written to, within
    `seconds`."""
    watch = select.poll()
    watch.register(what.fileno(), select.POLLIN | (select.POLLOUT if to_write else 0))
    events = sum(mask for _, mask in watch.poll(seconds * 1000))
    return bool(events & ~select.POLLOUT), bool(events & select.POLLOUT)


def readable(what: HasDescriptor, seconds: float = 0) -> bool:
    """Returns true if something can be read within `seconds`, even if it's only the end or an
    error."""
    return ready(what, seconds, to_write=False)[0]


def writable(what: HasDescriptor, seconds: float) -> bool:
    """Returns true if something can be written within `seconds`, even if that only reports an
    error."""
    watch = select.poll()
    watch.register(what.fileno(), select.POLLOUT)
    return bool(watch.poll(seconds * 1000))


def failed(what: HasDescriptor) -> bool:
    """Returns true if both directions have ended, or there is an error."""
    watch = select.poll()
    watch.register(what.fileno(), 0)  # the kernel reports these unasked
    return bool(watch.poll(0))
