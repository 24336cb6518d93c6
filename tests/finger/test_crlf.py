"""The line ends of a plan, however the daemon reads it."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import rules
from kit.reference import converted, plan_answer
from kit.server import FingerServer

pytestmark = [pytest.mark.needs("core"), pytest.mark.every_ring, pytest.mark.rule(rules.CRLF)]

MIXTURES = {
    "LF": b"a\nb\n",
    "CRLF": b"a\r\nb\r\n",
    "both": b"a\nb\r\nc\n",
    "no-last-end": b"a\nb",
    "one-letter": b"a",
    "one-LF": b"\n",
    "one-CRLF": b"\r\n",
    "one-CR": b"\r",
    "CR-inside": b"a\rb\n",
    "CR-last": b"a\nb\r",
    "CR-CRLF": b"a\r\r\nb\n",
    "CR-CR": b"\r\r",
    "LF-CR": b"a\n\rb\n",
    "bare-LF-behind-CRLF": b"a\r\n\nb",
    "blank-lines": b"\n\n\n",
    "blank-lines-of-both": b"\r\n\n\r\n\n",
    "no-text": bytes(range(256)),
}
REPEATED = {
    "LF": b"\n",
    "CR": b"\r",
    "CRLF": b"\r\n",
    "CRLF-LF": b"\r\n\n",
    "LF-CR": b"\n\r",
    "CR-CRLF-LF": b"\r\r\n\nx",
    "short-lines": b"abc\n",
    "long-lines": b"x" * 1000 + b"\r\n",
}


@pytest.mark.parametrize("plan", MIXTURES.values(), ids=MIXTURES)
def test_every_line_ends_with_crlf(server: FingerServer, plan: bytes) -> None:
    server.users.replace("alice", plan)
    server.expect(b"alice", converted(plan))


@pytest.mark.parametrize("pattern", REPEATED.values(), ids=REPEATED)
def test_a_line_end_may_lie_across_any_two_reads(server: FingerServer, pattern: bytes) -> None:
    # With each of these shifts, some read, whatever its size, ends inside each line end.
    for shift in range(min(len(pattern), 5)):
        plan = b"x" * shift + pattern * (300_000 // len(pattern))
        server.users.replace("alice", plan)
        server.expect(b"alice", converted(plan))


@pytest.mark.parametrize("size", [511, 1023, 2047, 4095, 8191, 16383, 32767, 65535])
def test_the_end_of_the_plan_may_be_the_end_of_a_read(server: FingerServer, size: int) -> None:
    for plan in (b"x" * (size - 1), b"x" * size, b"x" * size + b"\r", b"x" * size + b"\r\n"):
        for whole in (plan, plan + b"x"):
            server.users.replace("alice", whole)
            server.expect(b"alice", converted(whole))


@settings(max_examples=100)
@given(
    st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b"\0", b"x" * 700]), max_size=40)
    | st.binary(max_size=9000).map(lambda data: [data])
)
@example([])
def test_any_bytes_come_back_as_the_contract_says(
    server: FingerServer, pieces: list[bytes]
) -> None:
    plan = b"".join(pieces)
    server.users.replace("alice", plan)
    server.expect(b"alice", plan_answer(plan))
