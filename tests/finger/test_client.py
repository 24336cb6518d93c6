"""finger/finger: its queries, targets and command line."""

import contextlib
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from client_program import Scripted, endlessly, finger, program  # noqa: F401
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


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("finger://127.0.0.1:{port}/alice", b"alice\r\n"),
        ("finger://127.0.0.1:{port}/", b"\r\n"),
        ("finger://127.0.0.1:{port}", b"\r\n"),
        ("FINGER://127.0.0.1:{port}/Alice", b"Alice\r\n"),
        ("finger://127.0.0.1:{port}/John%20Doe", b"John Doe\r\n"),
        ("finger://127.0.0.1:{port}/zo%c3%AB", "zoë\r\n".encode()),
        ("finger://127.0.0.1:{port}/alice@example.org", b"alice@example.org\r\n"),
        ("finger://127.0.0.1:{port}/a/b", b"a/b\r\n"),
        ("finger://alice@127.0.0.1:{port}", b"alice\r\n"),
        ("finger://alice@127.0.0.1:{port}/", b"alice\r\n"),
        ("finger://[::ffff:127.0.0.1]:{port}/alice", b"alice\r\n"),
    ],
)
def test_a_url_names_host_port_and_user(finger, url: str, line: bytes) -> None:
    with Scripted(PLAN) as server:
        finger(url.format(port=server.port)).run().ended(0, SHOWN)
        finger(url.format(port=server.port), port=1).run().ended(0, SHOWN)
        assert server.queries == [line, line]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:"])
def test_a_url_without_a_port_takes_the_option(finger, host: str) -> None:
    with Scripted(PLAN) as server:
        finger("-l", f"finger://{host}/alice", port=server.port).run().ended(0, SHOWN)
        assert server.queries == [b"/W alice\r\n"]


# Several targets


def test_each_of_several_is_asked_in_turn_and_shown_under_its_name(finger) -> None:
    plans = iter([b"in May\r\n", b"no end", b"", b"at home\r\n"])
    with Scripted(lambda client: client.sendall(next(plans))) as server:
        words = ("alice@127.0.0.1", "-l", "zoë@127.0.0.1", "nobody@127.0.0.1", "bob@localhost")
        run = finger(*words, "-4", port=server.port).run()
    assert run.stdout.decode() == (
        "[alice@127.0.0.1]\nin May\n\n[zoë@127.0.0.1]\nno end\n\n[nobody@127.0.0.1]\n\n"
        "[bob@localhost]\nat home\n"
    )
    assert server.queries == [b"/W alice\r\n", "/W zoë\r\n".encode(), b"/W nobody\r\n",
                              b"/W bob\r\n"]
    assert (run.status, run.stderr) == (1, b"finger: 127.0.0.1: closed without an answer\n")


def test_several_that_answer_end_with_0(finger) -> None:
    with Scripted(PLAN) as server:
        run = finger("alice@127.0.0.1", "bob@127.0.0.1", port=server.port).run()
        run.ended(0, b"[alice@127.0.0.1]\n" + SHOWN + b"\n[bob@127.0.0.1]\n" + SHOWN)


@pytest.mark.clock
def test_each_of_several_has_the_whole_timeout(finger) -> None:
    def late(client: socket.socket) -> None:
        server.gone.wait(0.4)
        client.sendall(PLAN)

    with Scripted(late) as server:
        words = ("a@127.0.0.1", "b@127.0.0.1", "c@127.0.0.1")
        run = finger(*words, "--timeout", "900ms", port=server.port).run()
        assert (run.status, run.stdout.count(SHOWN)) == (0, 3)


def test_a_name_is_shown_as_an_answer_is(finger) -> None:
    """The name may come from a file that somebody else wrote."""
    with Scripted(PLAN) as server:
        words = ("a\u202eb@127.0.0.1", "zoë@127.0.0.1")
        run = finger(*words, port=server.port, locale="C").run()
        assert run.stdout.startswith(b"[a\\xe2\\x80\\xaeb@127.0.0.1]\n")
        run = finger(*words, port=server.port).run()
        assert run.stdout.startswith(b"[ab@127.0.0.1]\n")


def test_a_reader_that_leaves_ends_it_without_a_word_and_before_the_next(finger) -> None:
    with Scripted(endlessly) as server:
        words = finger("alice@127.0.0.1", "bob@127.0.0.1", port=server.port).words
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None and process.stderr is not None
            assert process.stdout.readline() == b"[alice@127.0.0.1]\n"
            process.stdout.close()
            assert (process.wait(10), process.stderr.read()) == (1, b"")
        assert server.queries == [b"alice\r\n"]


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
    """The server has answered, closed and reset. Sending fails, but the answer can still
    be read."""
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


# The host and its address


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_an_ipv6_address_needs_no_brackets(finger, host: str) -> None:
    need_ipv6()
    with Scripted(PLAN, "::1") as server:
        finger(f"alice@{host}", port=server.port).run().ended(0, SHOWN)


@pytest.mark.parametrize(
    ("host", "ours", "other"), [("127.0.0.1", "-4", "-6"), ("::1", "-6", "-4")]
)
def test_a_family_can_be_chosen(finger, host: str, ours: str, other: str) -> None:
    need_ipv6()
    with Scripted(PLAN, host) as server:
        finger(f"alice@{host}", ours, port=server.port).run().ended(0, SHOWN)
        refused = finger(f"alice@{host}", other, port=server.port).run()
        refused.ended(1, b"", b"Address family for hostname not supported")
        assert server.queries == [b"alice\r\n"]


def test_a_refused_connection_is_explained(finger) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        client = finger("alice@127.0.0.1", port=port)
        client.run().ended(1, b"", b"127.0.0.1", b"Connection refused", b"cannot connect")


def test_an_unknown_host_is_explained(finger) -> None:
    client = finger("alice@nosuch.invalid", "--timeout", "5s")
    client.run().ended(1, b"", b"finger: nosuch.invalid: ")


def test_a_complaint_about_a_name_is_safe_for_a_terminal(finger) -> None:
    """The name may come from a link on a web page. U+009B starts a terminal command, like ESC [."""
    for option in ((), ("--raw",)):
        client = finger("finger://%C2%9B31mno%E2%80%AEsuch.invalid/", "--timeout", "5s", *option)
        client.run().ended(1, b"", b"finger: \\xc2\\x9b31mnosuch.invalid: ")


# For a network namespace in which the only name server listens, but never answers.
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


@pytest.mark.parametrize("words", [["alice"], ["alice@localhost"], ["-4", "alice"]])
def test_this_machine_is_found_without_a_resolver_that_knows_localhost(
    finger, words: list[str]
) -> None:
    kinds = ("--user", "--map-root-user", "--mount")
    need_namespaces(*kinds)
    with Scripted(PLAN) as server:
        client = finger(*words, port=server.port)
        script = 'mount --bind /dev/null /etc/hosts && exec "$@"'
        client.words[:0] = ["unshare", *kinds, "sh", "-c", script, "sh"]
        client.run().ended(0, SHOWN)


@pytest.mark.clock
def test_a_resolver_that_says_nothing_is_left_in_time(finger, tmp_path: Path) -> None:
    """getaddrinfo(3) alone would take ten seconds or more, and nothing can interrupt it."""
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
    assert 0.5 <= seconds < 6


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
        (["-5"], b'"-5": no such option'),
        (["alice@[::1"], b'"alice@[::1": an IPv6 address is in two brackets'),
        (["alice@::1]"], b'"alice@::1]": an IPv6 address is in two brackets'),
        (["finger://[::1/alice"], b'an IPv6 address is in two brackets'),
        (["-x@"], b"-x"),
        (["alice@h:79"], b"-p 79"),
        (["alice@[::1]:79"], b"-p 79"),
        (["alice@h:\x1b[31m"], b"-p \\x1b[31m"),
        (["bob@h", "alice@h:"], b"alice@h:"),
        (["finger:///alice"], b"finger:///alice"),
        (["finger://h:0/alice"], b"from 1 to 65535"),
        (["finger://h:65536/alice"], b"from 1 to 65535"),
        (["finger://h/al%ice"], b"%"),
        (["finger://h/alice%0d%0abob"], b"control character"),
        (["finger://h/alice%0A"], b"control character"),
        (["finger://h%0a/alice"], b"control character"),
        (["finger://bob@h/a"], b"two users"),
        (["a@"], b"[user][@host[@via]]"),
        (["@"], b"[user][@host[@via]]"),
        (["alice@[]@"], b"[user][@host[@via]]"),
        (["alice\r\nbob@host"], b"control character"),
        (["alice\x1b@host"], b"control character"),
        (["al\tice@host"], b"control character"),
        (["alice@ho\nst"], b"control character"),
        (["\x7f@host"], b"control character"),
    ],
)
def test_wrong_usage_is_explained(finger, words: list[str], names: bytes) -> None:
    finger(*words).run().ended(2, b"", names)


def test_help_names_the_options_and_their_defaults(program: Path) -> None:
    text = help_of(program)
    for words in ("[user][@host[@via]]", "finger://", "-4", "-6", "-l", "-8", "--raw",
                  "-p PORT=79", "--timeout DURATION=10s"):  # fmt: skip
        assert words in text
