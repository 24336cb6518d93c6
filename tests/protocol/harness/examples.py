"""Runs a test on many examples, and reports the server's mistake even if it is rare."""

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.errors import Flaky

from harness.frames import patterned
from harness.verdict import ContractBroken

UNREAD_BYTES_MAX = 60_000  # as much as a client may send without reading


def payload_lists() -> st.SearchStrategy[list[bytes]]:
    """Makes a few payloads of all lengths, each number of bits as likely as the next."""
    length = st.integers(0, 15).flatmap(lambda bits: st.integers(1 << bits >> 1, (1 << bits) - 1))
    return st.lists(length, min_size=1, max_size=12).filter(
        lambda lengths: sum(lengths) < UNREAD_BYTES_MAX
    ).map(lambda lengths: [patterned(one) for one in lengths])


def for_each_example(check: Callable[[], None]) -> None:
    """Runs a function made by @given, which holds the server to a rule. Hypothesis repeats a failed
    example. If the server behaves this time, it has failed nevertheless, so this raises the first
    failure.
    """
    try:
        check()
    except Flaky as flaky:
        raise _what_was_broken(flaky) or flaky from None


def _what_was_broken(error: BaseException | None) -> ContractBroken | None:
    """Finds the first broken rule among the causes of an error, and among the errors of a group."""
    while error is not None:
        if isinstance(error, ContractBroken):
            return error
        for one in getattr(error, "exceptions", ()):
            if found := _what_was_broken(one):
                return found
        error = error.__cause__ or error.__context__
    return None
