"""Runs a test on many examples, and tells what the server did wrong even when it does it rarely."""

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.errors import Flaky

from harness.frames import patterned
from harness.verdict import ContractBroken

UNREAD_BYTES_MAX = 60_000  # so much a client may send that reads nothing meanwhile


def payload_lists() -> st.SearchStrategy[list[bytes]]:
    """A few payloads of lengths from everywhere: each number of digits is as likely as another."""
    length = st.integers(0, 15).flatmap(lambda bits: st.integers(1 << bits >> 1, (1 << bits) - 1))
    return st.lists(length, min_size=1, max_size=12).filter(
        lambda lengths: sum(lengths) < UNREAD_BYTES_MAX
    ).map(lambda lengths: [patterned(one) for one in lengths])


def for_each_example(check: Callable[[], None]) -> None:
    """Runs what @given has made of a function that holds the server to a rule.

    Hypothesis runs an example that failed again. A server that then behaves has failed all the
    same, so what is raised is what it did the first time.
    """
    try:
        check()
    except Flaky as flaky:
        raise _what_was_broken(flaky) or flaky from None


def _what_was_broken(error: BaseException | None) -> ContractBroken | None:
    """The first broken rule among the causes of an error, and among the errors of a group."""
    while error is not None:
        if isinstance(error, ContractBroken):
            return error
        for one in getattr(error, "exceptions", ()):
            if found := _what_was_broken(one):
                return found
        error = error.__cause__ or error.__context__
    return None
