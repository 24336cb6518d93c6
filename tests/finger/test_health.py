"""--health: does a daemon answer there, and not merely its kernel?"""

import os
import signal
import socket
import subprocess

import pytest

import rules
from harness.subject import free_port
from kit.server import FingerServer, Start

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.HEALTH)]


def ask(server: FingerServer, port: int) -> tuple[int, str]:
    """The exit status and all that was said."""
    command = [*server.target.command, "--health", f"127.0.0.1:{port}"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return ran.returncode, ran.stdout + ran.stderr


@pytest.mark.parametrize("options", [(), ("--no-list", "--quiet"), ("--workers", "3")])
def test_a_daemon_that_answers_serves(start: Start, options: tuple[str, ...]) -> None:
    server = start(*options)
    port = server.address[1]
    assert ask(server, port) == (0, f"127.0.0.1:{port}: serves\n")


def test_where_nobody_listens_nobody_serves(start: Start) -> None:
    status, said = ask(start(), free_port())
    assert status == 1
    assert "does not serve: " in said and len(said.splitlines()) == 1


def test_a_daemon_whose_kernel_alone_answers_does_not_serve(start: Start) -> None:
    server = start()
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        status, said = ask(server, server.address[1])
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    assert status == 1
    assert "does not serve: no answer in time" in said


@pytest.mark.parametrize("answer", [b"", b"hello\r\n", b"x" * 1000])
def test_what_answers_something_else_is_no_fingerd(start: Start, answer: bytes) -> None:
    server = start()
    with socket.create_server(("127.0.0.1", 0)) as other:
        command = [*server.target.command, "--health", f"127.0.0.1:{other.getsockname()[1]}"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as asking:
            connection, _ = other.accept()
            connection.recv(100)
            connection.sendall(answer)
            connection.close()
            _, said = asking.communicate(timeout=30)
    assert asking.returncode == 1
    assert "does not serve: " in said
