"""Other people's clients: finger, ncat and curl. On port 79, in a network of their own."""

import subprocess

import pytest

import rules
from conftest import ALICE
from harness.needed import need_namespaces, need_program, need_root
from kit.namespace import after
from kit.server import FingerServer, Start

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.OTHERS_CLIENTS)]

# getaddrinfo(3) skips an address family for which the machine has only a loopback address.
UP = "ip link set lo up; ip address add 192.0.2.1/32 dev lo; ip address add 2001:db8::1 dev lo"
PLAN = ALICE.decode()


@pytest.fixture
def at_home(start: Start) -> FingerServer:
    """A server on port 79 of a network of its own, which only programs of run_at() can reach."""
    need_root()
    need_namespaces("--net")
    server = start("--addr", "::", port=79, under=after(UP, unshare=("--net",)))
    assert server.address[1] == 79
    return server


def run_at(server: FingerServer, *words: str, text: bytes = b"") -> str:
    """Returns the program's output in the server's network, with line ends as on a terminal."""
    need_program(words[0])
    inside = ("nsenter", f"--net=/proc/{server.pid}/ns/net")
    run = subprocess.run(
        [*inside, *words], input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=server.patience,
    )  # fmt: skip
    return run.stdout.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(("words", "shown"), [
    (["alice@127.0.0.1"], PLAN),
    (["alice@localhost"], PLAN),
    (["-l", "alice@127.0.0.1"], "Name: alice\n" + PLAN),
    (["@127.0.0.1"], "alice\nbob\ncarol\n"),
    (["bob@127.0.0.1"], "No Plan.\n"),
    (["nobody@127.0.0.1"], "Error: No such user\n"),
    (["alice@example.org@127.0.0.1"], "Error: Relay access denied\n"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")  # fmt: skip
def test_debians_finger_shows_what_it_is_answered(
    at_home: FingerServer, words: list[str], shown: str
) -> None:
    assert run_at(at_home, "finger", *words).endswith(shown)


def test_ncat_that_ends_its_input_gets_everything(at_home: FingerServer) -> None:
    large = b"0123456789abcde\n" * 100_000
    at_home.users.replace("alice", large)
    for host in ("127.0.0.1", "::1"):
        assert run_at(at_home, "ncat", host, "79", text=b"alice\n") == large.decode()


def test_curl_speaks_it_as_gopher_would(at_home: FingerServer) -> None:
    # gopher://HOST:79/1alice sends `alice` and CRLF, without the digit of the type.
    assert run_at(at_home, "curl", "-sS", "gopher://[::1]:79/1alice") == PLAN
