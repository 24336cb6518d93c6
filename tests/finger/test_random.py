"""Queries that Hypothesis makes up: never a crash, always what the contract says."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import rules
from conftest import ALICE
from kit.reference import ERRORS, UNEXPECTED_EOF, answer_to
from kit.server import FingerServer

pytestmark = [pytest.mark.needs("query", "grammar", "errors"), pytest.mark.every_ring]

PLANS: dict[str, bytes | None] = {"alice": ALICE, "bob": None, "carol": b""}

words = st.sampled_from(
    [b"alice", b"bob", b"carol", b"nobody", b"/W", b"/w", b"/", b"@", b" ", b"\t", b"\r", b"\0",
     b"..", b"\x1b", b"\x7f", b"\xc2\x85", b"\xff", "é".encode(), b"x" * 300]
)  # fmt: skip
lines = (
    st.lists(words, max_size=8).map(b"".join)
    | st.binary(max_size=40)
    | st.text(max_size=20).map(str.encode)
    | st.integers(1000, 1030).map(lambda size: b"x" * size)
).map(lambda line: line.replace(b"\n", b""))


@pytest.mark.rule(rules.SURVIVE)
@settings(max_examples=150)
@given(line=lines, crlf=st.booleans())
@example(line=b"alice\r", crlf=False)
def test_any_line_gets_its_one_right_answer(server: FingerServer, line: bytes, crlf: bool) -> None:
    with server.connect() as client:
        client.send(line + (b"\r\n" if crlf else b"\n"))
        client.expect_answer(answer_to(line if crlf else line.removesuffix(b"\r"), PLANS))


@pytest.mark.rule(rules.ANY_SLICING)
@given(line=lines, cuts=st.lists(st.integers(1, 1030), max_size=4), more=st.binary(max_size=20))
def test_any_slicing_gets_the_same_answer(
    server: FingerServer, line: bytes, cuts: list[int], more: bytes
) -> None:
    with server.connect() as client:
        query = line + b"\r\n" + more
        places = [0, *sorted(cut for cut in set(cuts) if cut < len(query)), len(query)]
        for begin, end in zip(places, places[1:]):
            client.try_send(query[begin:end])
            client.let_it_arrive()
        client.expect_answer(answer_to(line, PLANS))


@pytest.mark.rule(rules.SURVIVE)
@given(st.binary(max_size=2000))
def test_any_stream_that_ends_gets_a_legal_answer(server: FingerServer, stream: bytes) -> None:
    line, end, _ = stream.partition(b"\n")
    with server.connect() as client:
        client.send_and_half_close(stream) if stream else client.half_close()
        answer = client.receive_until_end()
    if end or len(line) > 1025:
        assert answer == answer_to(line.removesuffix(b"\r"), PLANS)
    else:
        assert answer == UNEXPECTED_EOF or (len(line) > 1024 and answer in ERRORS)
