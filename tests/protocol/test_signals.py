"""Signals that don't ask the server to stop, because a write, a terminal or the parent
raises them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import rules
from harness.frames import frame, header
from harness.needed import need_built
from harness.proc import wait_until
from harness.server import Server, Start
from harness.target import Target

IGNORED = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTTOU, signal.SIGCHLD, signal.SIGCONT,
           signal.SIGURG, signal.SIGWINCH)
FATAL = (signal.SIGALRM, signal.SIGHUP, signal.SIGIO, signal.SIGPROF, signal.SIGQUIT,
         signal.SIGRTMIN, signal.SIGRTMAX, signal.SIGUSR1, signal.SIGUSR2, signal.SIGVTALRM,
         signal.SIGXCPU)
OF_JOB_CONTROL = (signal.SIGTSTP, signal.SIGTTIN)
STEPS = [pytest.param(number, what, id=number.name)
         for numbers, what in ((IGNORED, "serves on"), (FATAL, "is ended by it"),
                               (OF_JOB_CONTROL, "is stopped by it, and goes on"))
         for number in numbers]

# It's a shell, as far as the kernel can tell: it starts the command in the background of its
# terminal, where the kernel stops any process that writes to the terminal.
SHELL = """
import fcntl, os, signal, sys, termios
terminal = os.open(sys.argv[1], os.O_RDWR)
fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
modes = termios.tcgetattr(terminal)
modes[3] |= termios.TOSTOP
termios.tcsetattr(terminal, termios.TCSANOW, modes)
server = os.fork()
if server == 0:
    os.setpgid(0, 0)
    os.dup2(terminal, 2)
    os.execvp(sys.argv[2], sys.argv[2:])
signal.signal(signal.SIGTERM, lambda *_: os.kill(server, signal.SIGTERM))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(server, 0)[1]))
"""


@pytest.mark.needs("logs")
@pytest.mark.rule(rules.LOG_GONE)
def test_a_line_for_its_terminal_stops_no_server_in_the_background(start: Start) -> None:
    # After `stty tostop`, which full-screen programs do, too, a write from the background raises
    # SIGTTOU. Anybody who sends too long a message could stop the server this way.
    screen, terminal = os.openpty()
    server = start(under=(sys.executable, "-c", SHELL, os.ttyname(terminal)))
    with server.connect() as client:
        client.send(header(0xFFFFFFFF))
        client.expect_end()
    server.connect().echo(b"served on")
    server.close_clients()
    server.expect_stop()
    said = os.read(screen, 1000)
    os.close(screen)
    os.close(terminal)
    assert said, "no line has reached the terminal, so nothing could have stopped the server"


@pytest.mark.needs("interruptions")
@pytest.mark.rule(rules.SIGNALS)
@pytest.mark.parametrize(("number", "what"), STEPS)
def test_only_sigterm_and_sigint_ask_for_a_stop(
    start: Start, target: Target, number: signal.Signals, what: str
) -> None:
    if target.name == "yours" and number != signal.SIGHUP:
        pytest.skip("what your language's runtime makes of such signals is its own affair")
    server = start()
    client = server.connect()
    client.echo(b"before")
    if what == "is ended by it":
        server.send_signal(number)
        if target.name == "yours":  # it may ignore or handle it, but not stop as if asked to
            ended = wait_until(lambda: not server.is_alive(), 1.0)
            assert not ended or server.wait_exit(), f"exit status 0 after {number.name}"
            return
        assert server.wait_exit() == -number, "nobody had asked for a stop, and it looks like one"
        return
    server.send_signal(number)
    if number in OF_JOB_CONTROL:
        server.process.wait_until_stopped(server.patience)
        server.resume()
    client.echo(b"after")


@pytest.mark.needs("interruptions")
@pytest.mark.rule(rules.SIGNALS)
@pytest.mark.parametrize("number", [signal.SIGALRM, signal.SIGRTMIN], ids=lambda it: it.name)
def test_a_timer_of_somebody_elses_is_not_the_end_of_the_drain(
    start: Start, target: Target, number: signal.Signals
) -> None:
    if target.name == "yours":
        pytest.skip("what your language's runtime makes of such signals is its own affair")
    server = start("--drain-timeout", "30s")
    server.connect(receive_buffer=4096).send_until_stuck(frame(bytes(60_000)) * 100, pause=0.05)
    server.send_signal(signal.SIGTERM)
    wait_until(server.refuses_connections, server.patience)
    server.send_signal(number)
    assert server.wait_exit() == -number


@pytest.mark.stage("part6-uring")
@pytest.mark.needs("trace")  # only part 6 has it
@pytest.mark.rule(rules.SIGNALS)
@pytest.mark.parametrize(("number", "what"), STEPS)
def test_only_fatal_signals_end_the_echo_client(
    request: pytest.FixtureRequest, server: Server, number: signal.Signals, what: str
) -> None:
    program = need_built(Path(request.config.option.build_dir) / "part6-uring" / "echo-client")
    words = [str(program), "--port", str(server.address[1])]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as client:
        for line in (b"before", b"after"):
            client.stdin.write(line + b"\n")
            client.stdin.flush()
            assert client.stdout.readline() == b"Received: " + line + b"\n"
            client.send_signal(number)
            if what == "is ended by it":
                assert client.wait(server.patience) == -number
                return
            client.send_signal(signal.SIGCONT)
        client.stdin.close()
        assert client.wait(server.patience) == 0
