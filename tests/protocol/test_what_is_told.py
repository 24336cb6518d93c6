"""The tests' own test: what a failure tells of a server that was stopped or paused."""

import re
import signal

import pytest

from harness.scripted_server import scripted_server
from harness.rule import REFUSES
from harness.stopping import expect_refusal
from harness.transcript import Transcript
from harness.verdict import ContractBroken, server_section

pytestmark = pytest.mark.of_the_suite


def test_what_was_done_to_a_server_is_told() -> None:
    say = "print(f'listening on 127.0.0.1:{port}', flush=True); "
    for server in scripted_server(say + "listener.accept(); signal.pause()"):
        server.wait_until_ready()
        assert "did to it" not in server_section(server)
        server.pause()
        server.resume()
        server.deeds.note("made its calls of accept fail with EBADF")
        # On a busy machine "then" is so many tenths of a second later.
        told = "sent SIGSTOP, .* sent SIGCONT, .* made its calls of accept fail with EBADF\n"
        assert re.search(told, server_section(server))


def test_a_plain_stop_is_told_once() -> None:
    say = "print(f'listening on 127.0.0.1:{port}', flush=True); "
    for server in scripted_server(say + "listener.accept(); signal.pause()"):
        server.wait_until_ready()
        server.stop(within=10)
        assert "did to it" not in server_section(server)


def test_a_listener_that_stays_open_after_a_signal_is_named() -> None:
    ignore = "signal.signal(signal.SIGTERM, lambda *_: None); "
    say = "print('listening on 127.0.0.1:%d' % port, flush=True); "
    for server in scripted_server(ignore + say + "signal.pause(); signal.pause()"):
        server.wait_until_ready()
        server.send_signal(signal.SIGTERM)
        with pytest.raises(ContractBroken, match="has not closed its listener") as told:
            expect_refusal(server)
        assert told.value.rule is REFUSES


def test_a_long_run_of_bytes_is_shown_from_both_ends() -> None:
    transcript = Transcript()
    for piece in (b"abcd", bytes(90), b"wx", b"yz"):
        transcript.got(piece)
    begin, end = "61 62 63 64" + 12 * " 00", 4 * "00 " + "77 78 79 7a"
    assert transcript.lines() == [
        f"got  98 bytes: {begin} ... {end} |abcd{12 * '.'} ... ....wxyz|"]
    transcript.note("closed")
    transcript.got(b"0123456789abcdefghijklmn")  # fits
    assert transcript.lines()[-1].endswith("6d 6e |0123456789abcdefghijklmn|")


@pytest.mark.parametrize(("said", "hint"), [("MemoryError", True), ("BrokenPipeError", False)])
def test_a_server_that_got_no_memory_and_lives_is_asked_why(said: str, hint: bool) -> None:
    say = "print(f'listening on 127.0.0.1:{port}', flush=True); "
    for server in scripted_server(f"print('{said}', file=sys.stderr, flush=True); {say}"
                                  "listener.accept(); signal.pause()"):
        server.wait_until_ready()
        server.memory_limit = 1 << 30
        assert ("does it allocate a length" in server_section(server)) == hint
