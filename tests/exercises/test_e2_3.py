"""E2.3: what a server is waiting for."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.proc import Process
from kit.tested import Run

pytestmark = pytest.mark.program("{pid}")

MUCH = bytes(1 << 20)

# One client at a time, and each call blocks. PR_SET_PTRACER: others than its parent may trace it.
SERVER = """
import ctypes, socket, sys
ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1), 0, 0, 0)
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    with listener.accept()[0] as client:
        try:
            while received := client.recv(65536):
                client.sendall(received)
        except OSError:
            pass
"""


@pytest.fixture
def server() -> Iterator[tuple[int, int]]:
    """The process and the port of an echo server that serves one client at a time."""
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            yield process.pid, int(process.stdout.readline())
        finally:
            process.kill()


def said(run: Run, pid: int) -> str:
    """The program's output about a sleeping process."""
    Process(pid).wait_until_asleep(5)
    ran = run(pid=pid)
    assert ran.returncode == 0, ran.stderr.decode(errors="replace")
    return ran.stdout.decode().strip()


def name_of(client: socket.socket) -> str:
    """The address of a client, as its server sees it."""
    return "{}:{}".format(*client.getsockname())


def test_a_server_without_a_client_waits_for_one(run: Run, server: tuple[int, int]) -> None:
    """While the server is in `accept`, the program prints `accept` and exits with 0."""
    assert said(run, server[0]) == "accept"


def test_a_silent_client_is_named(run: Run, server: tuple[int, int]) -> None:
    """While the server is in `recv`, the program also prints which client it waits for:
    `recv 127.0.0.1:40512`."""
    pid, port = server
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"hi")
            client.recv(2)
            assert said(run, pid) == f"recv {name_of(client)}"


def test_the_client_that_is_served_is_meant_and_no_other(
        run: Run, server: tuple[int, int]) -> None:
    """The program names the client that is served, although another client is connected and waits
    in the backlog."""
    pid, port = server
    address = ("127.0.0.1", port)
    with socket.create_connection(address) as first, socket.create_connection(address) as other:
        first.sendall(b"hi")
        first.recv(2)
        other.sendall(b"hi")
        assert said(run, pid) == f"recv {name_of(first)}"
        first.close()
        other.recv(2)
        assert said(run, pid) == f"recv {name_of(other)}"


def test_a_client_that_does_not_read_is_named(run: Run, server: tuple[int, int]) -> None:
    """While the server is in `send`, the program also prints which client doesn't read its answer:
    `send 127.0.0.1:40512`."""
    pid, port = server
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.settimeout(0.5)
        with pytest.raises(TimeoutError):  # all buffers on the way are full
            while True:
                client.send(MUCH)
        assert said(run, pid) == f"send {name_of(client)}"


def test_what_works_waits_for_nothing(run: Run) -> None:
    """For a process that is in none of the three calls, the program prints `something else`."""
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        try:
            while Path(f"/proc/{sleeper.pid}/comm").read_text() != "sleep\n":
                time.sleep(0.01)
            assert said(run, sleeper.pid) == "something else"
        finally:
            sleeper.kill()
