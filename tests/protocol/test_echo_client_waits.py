"""part6-uring/echo-client where somebody keeps it waiting: a person, a pipe, a server."""

import time

import pytest

from harness.console import FakeServer, Terminal
from harness.echo_client import answer, client, program, received, serve  # noqa: F401

pytestmark = pytest.mark.stage("part6-uring")


# Time

@pytest.mark.clock
def test_a_pipe_that_says_nothing_is_left_in_time(serve, client) -> None:
    with client(serve().address, "--timeout", "300ms").start() as running:
        running.type(b"one\nbegun")
        running.ended(1, received(b"one"), b"no line for 300ms")
        assert 0.3 <= running.seconds() < 2


@pytest.mark.clock
def test_a_server_that_says_nothing_is_left_in_time(client) -> None:
    with FakeServer(lambda connection: connection.recv(1000), keep_open=True) as server:
        with client(server.address, "--timeout", "300ms").start() as running:
            running.type(b"hello\n")
            running.ended(1, b"", b"no answer for 300ms")
            assert 0.3 <= running.seconds() < 2


@pytest.mark.clock
def test_every_line_has_the_whole_time(serve, client) -> None:
    lines = [b"line %d" % i for i in range(5)]
    with client(serve().address, "--timeout", "1s").start() as running:
        for line in lines:
            time.sleep(0.4)  # together longer than a second
            running.type(line + b"\n")
        running.end_input()
        running.ended(0, received(*lines))


@pytest.mark.clock
def test_without_a_time_out_it_waits(serve, client) -> None:
    with client(serve().address, "--timeout", "0").start() as running:
        time.sleep(0.5)
        running.type(b"late\n")
        running.end_input()
        running.ended(0, received(b"late"))


# A terminal

@pytest.mark.parametrize("non_blocking", [False, True])
def test_a_terminal_is_prompted(serve, client, non_blocking: bool) -> None:
    with Terminal(client(serve().address), non_blocking=non_blocking) as terminal:
        terminal.wait_for("Input: ")
        terminal.type("hello\n")
        terminal.wait_for("Input: hello\nReceived: hello\nInput: ")
        terminal.type("without an end\x04\x04")  # ^D: what was typed so far; ^D: the end
        terminal.ended(0)
        first = "Input: hello\nReceived: hello\n"
        last = "Input: without an end\nReceived: without an end\n"
        assert terminal.text() == first + last


def test_the_end_of_a_terminals_input_leaves_the_cursor_on_a_new_line(serve, client) -> None:
    with Terminal(client(serve().address)) as terminal:
        terminal.wait_for("Input: ")
        terminal.type("\x04")
        terminal.ended(0)
        assert terminal.text() == "Input: \n"


def test_no_server_steers_a_terminal(client) -> None:
    nasty = b"\x1b[2J\x1b]0;owned\x07\r\n\x9b\xc3\xa9"
    with FakeServer(lambda c: answer(c, change=lambda _: nasty), keep_open=True) as server:
        with Terminal(client(server.address)) as terminal:
            terminal.wait_for("Input: ")
            terminal.type("hello\n")
            shown = r"Received: \x1b[2J\x1b]0;owned\x07\x0d\x0a\x9b\xc3\xa9"
            terminal.wait_for(f"Input: hello\n{shown}\nInput: ")


def test_who_sits_at_the_prompt_hears_at_once_that_the_server_has_gone(client) -> None:
    with FakeServer(answer) as server, Terminal(client(server.address)) as terminal:
        terminal.wait_for("Input: ")
        terminal.type("hello\n")
        terminal.ended(1, "the server closed the connection")


@pytest.mark.clock
def test_a_terminal_has_the_time_for_each_prompt(serve, client) -> None:
    with Terminal(client(serve().address, "--timeout", "1s")) as terminal:
        terminal.wait_for("Input: ")
        time.sleep(0.7)
        terminal.type("hello\n")
        terminal.wait_for("Received: hello\nInput: ")
        begin = time.monotonic()
        time.sleep(0.7)
        terminal.type("typing does not extend it")
        terminal.ended(1, "no line for 1s")
        assert 0.9 < time.monotonic() - begin < 3
