"""finger/finger: what it sends, whom it asks, and its command line."""

import contextlib
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from client_program import Scripted, finger, program  # noqa: F401
from harness.help import help_of
from harness.limits import need_ipv6
from harness.needed import need_namespaces, need_program
from harness.strace import TO_END_UNDER_STRACE, need_ptrace

PLAN = b"Building a telescope.\r\nBack in May.\r\n"
SHOWN = b"Building a telescope.\nBack in May.\n"

# The query


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["alice@127.0.0.1"], b"alice\r\n"),
        (["-l", "alice@127.0.0.1"], b"/W alice\r\n"),
        (["alice@127.0.0.1", "-l"], b"/W alice\r\n"),
        (["@127.0.0.1"], b"\r\n"),
        (["-l", "@127.0.0.1"], b"/W\r\n"),
        (["alice@example.org@127.0.0.1"], b"alice@example.org\r\n"),
        (["-l8", "@example.org@127.0.0.1"], b"/W @example.org\r\n"),
        (["alice@[::1]@127.0.0.1"], b"alice@[::1]\r\n"),
        (["alice"], b"alice\r\n"),
        ([], b"\r\n"),
        (["--", "-l@127.0.0.1"], b"-l\r\n"),
        (["John Doe@127.0.0.1"], b"John Doe\r\n"),
        (["zoë@127.0.0.1"], "zoë\r\n".encode()),
        (["x" * 2000 + "@127.0.0.1"], b"x" * 2000 + b"\r\n"),
    ],
)
def test_the_query_is_a_line(finger, words: list[str], line: bytes) -> None:
    with Scripted(PLAN) as server:
        finger(*words, port=server.port).run().ended(0, SHOWN)
        assert server.queries == [line]


def test_nothing_but_the_query_is_sent_and_the_server_closes_first(finger) -> None:
    """RFC 1288, 2.1. Some servers take an early end of our stream for a hang-up."""
    behind: list[bytes] = []

    def look_behind(client: socket.socket) -> None:
        client.settimeout(0.3)
        with contextlib.suppress(TimeoutError):
            behind.append(client.recv(1))
        client.sendall(PLAN)

    with Scripted(look_behind) as server:
        finger("alice@127.0.0.1", port=server.port).run().ended(0, SHOWN)
        assert behind == []


def test_an_answer_counts_though_the_server_takes_no_query(finger) -> None:
    """It has answered, closed and reset: sending fails, and what has come is there to be read."""
    need_ptrace()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = finger("alice@127.0.0.1", port=listener.getsockname()[1])
        slowly = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=sendto"]
        slowly += ["-e", "inject=sendto:delay_enter=300000"]
        client.words[:0] = [*TO_END_UNDER_STRACE, *slowly]
        with client.start() as running:
            with listener.accept()[0] as connection:
                connection.sendall(b"Error: Too busy\r\n")
                connection.shutdown(socket.SHUT_WR)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            running.ended(0, b"Error: Too busy\n")


# Whom it asks


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_an_ipv6_address_needs_no_brackets(finger, host: str) -> None:
    need_ipv6()
    with Scripted(PLAN, "::1") as server:
        finger(f"alice@{host}", port=server.port).run().ended(0, SHOWN)


def test_no_server_listens(finger) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        client = finger("alice@127.0.0.1", port=port)
        client.run().ended(1, b"", b"127.0.0.1", b"Connection refused", b"cannot connect")


def test_a_name_that_nobody_has(finger) -> None:
    client = finger("alice@nosuch.invalid", "--timeout", "5s")
    client.run().ended(1, b"", b"finger: nosuch.invalid: ")


# In a network of its own, whose only name server listens and never answers.
INSIDE = """
import json, socket, subprocess, sys, time
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
begin = time.monotonic()
run = subprocess.run(sys.argv[1:], capture_output=True, text=True)
print(json.dumps([run.returncode, run.stdout, run.stderr, time.monotonic() - begin]))
server.setblocking(False)
assert server.recv(512), "nobody asked"
"""


@pytest.mark.clock
def test_a_resolver_that_says_nothing_is_left_in_time(finger, tmp_path: Path) -> None:
    """getaddrinfo(3) alone would take ten seconds and more, and nothing can interrupt it."""
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    (tmp_path / "nsswitch.conf").write_text("hosts: files dns\n")
    files = ("resolv.conf", "nsswitch.conf")
    mounts = (f"mount --bind {tmp_path / name} /etc/{name}" for name in files)
    kinds = ("--user", "--map-root-user", "--mount", "--net")
    need_program("ip")
    need_namespaces(*kinds)
    for name in files:
        if not Path("/etc", name).exists():
            pytest.skip(f"no /etc/{name} here, over which another can be mounted")
    script = " && ".join(["ip link set lo up", *mounts, 'exec "$@"'])
    before = ["unshare", *kinds, "sh", "-c", script, "sh"]
    words = finger("alice@host.example", "--timeout", "500ms").words
    inside = [*before, sys.executable, "-c", INSIDE, *words]
    run = subprocess.run(inside, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    status, stdout, stderr, seconds = json.loads(run.stdout)
    assert (status, stdout) == (1, "")
    assert stderr == "finger: host.example: the name was not resolved in time\n"
    assert 0.5 <= seconds < 3


# The command line


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["-p", "0", "a@b"], b"-p"),
        (["-p", "65536", "a@b"], b"-p"),
        (["-p", "finger", "a@b"], b"-p"),
        (["-p"], b"-p"),
        (["--timeout", "10", "a@b"], b"--timeout"),
        (["--timeout=1.5s", "a@b"], b"--timeout"),
        (["-l=1", "a@b"], b"-l"),
        (["--raw=yes", "a@b"], b"--raw"),
        (["--unknown"], b"--unknown"),
        (["-x"], b"-x"),
        (["a@b", "c@d"], b"c@d"),
        (["a@"], b"[user]@host[@via]"),
        (["@"], b"[user]@host[@via]"),
        (["alice@[]@"], b"[user]@host[@via]"),
        (["alice\r\nbob@host"], b"[user]@host[@via]"),
        (["alice\x1b@host"], b"[user]@host[@via]"),
        (["al\tice@host"], b"[user]@host[@via]"),
        (["alice@ho\nst"], b"[user]@host[@via]"),
        (["\x7f@host"], b"[user]@host[@via]"),
    ],
)
def test_wrong_usage(finger, words: list[str], names: bytes) -> None:
    finger(*words).run().ended(2, b"", names)


def test_help_names_the_options_and_their_defaults(program: Path) -> None:
    text = help_of(program)
    for words in ("[user]@host[@via]", "-l", "-8", "--raw", "-p PORT=79", "--timeout DURATION=10s"):
        assert words in text
