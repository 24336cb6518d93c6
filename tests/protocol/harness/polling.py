"""poll(2) for one socket or pipe. select(2) breaks at descriptor 1024."""

import select
from typing import Protocol


class HasDescriptor(Protocol):
    """A socket, a pipe, a file."""

    def fileno(self) -> int:
        ...


def ready(what: HasDescriptor, seconds: float, *, to_write: bool = True) -> tuple[bool, bool]:
    """Whether it can be read from (an end or an error counts) and written to, within `seconds`."""
    watch = select.poll()
    watch.register(what.fileno(), select.POLLIN | (select.POLLOUT if to_write else 0))
    events = sum(mask for _, mask in watch.poll(seconds * 1000))
    return bool(events & ~select.POLLOUT), bool(events & select.POLLOUT)


def readable(what: HasDescriptor, seconds: float = 0) -> bool:
    """Whether something can be read within `seconds`, be it the end or an error."""
    return ready(what, seconds, to_write=False)[0]


def writable(what: HasDescriptor, seconds: float) -> bool:
    """Whether something can be written within `seconds`, be it only to hear of an error."""
    watch = select.poll()
    watch.register(what.fileno(), select.POLLOUT)
    return bool(watch.poll(seconds * 1000))


def failed(what: HasDescriptor) -> bool:
    """Whether both directions have ended or an error waits."""
    watch = select.poll()
    watch.register(what.fileno(), 0)  # these are reported unasked
    return bool(watch.poll(0))
