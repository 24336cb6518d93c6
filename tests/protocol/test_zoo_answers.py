"""Answers that the kernel will not take yet, and what was received with their questions."""

import pytest

import rules
from harness.frames import frame, header
from harness.held import BURST, send_until_the_server_holds_answers
from harness.server import Server

TRIES = 10
UNREAD_BYTES = 50_000  # more than a server reads at a time, less than its kernel takes


@pytest.mark.needs("backpressure")
@pytest.mark.rule(rules.SLOW_READER)
def test_what_the_server_has_received_is_answered_without_another_byte(server: Server) -> None:
    for _ in range(TRIES):
        client = server.connect(receive_buffer=4096)
        sent, all_taken = send_until_the_server_holds_answers(client)
        client.let_window_grow()
        client.expect_bytes(BURST * (sent // len(BURST)))
        client.close()
        if all_taken:
            return
    pytest.skip(f"in {TRIES} tries the server never held answers with all of its input read")


@pytest.mark.needs("closing", "interruptions")
@pytest.mark.rule(rules.CLOSE_WITHOUT_RESET)
def test_input_that_is_there_and_is_not_read_does_not_become_a_reset(server: Server) -> None:
    client = server.connect()
    client.echo(b"accepted")
    server.pause()  # so that there is more than it reads at a time when it finds what ends it
    client.send(frame(b"answered") + header(0xFFFFFFFF) + bytes(UNREAD_BYTES))
    client.wait_until_in_kernel()
    server.resume()
    client.expect(b"answered")
    client.expect_end()
