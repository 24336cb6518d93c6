"""Clients that others wrote: finger, ncat, curl, telnet. On port 79, in a network of its own."""

import shutil
import subprocess

import pytest

import rules
from conftest import ALICE
from kit.namespace import after, need_namespaces, need_root
from kit.reference import converted
from kit.server import FingerServer, Start

pytestmark = [pytest.mark.needs("addresses"), pytest.mark.rule(rules.OTHERS_CLIENTS)]

# getaddrinfo(3) knows only families of which there is an address beyond the loopback's.
UP = "ip link set lo up; ip address add 192.0.2.1/32 dev lo; ip address add 2001:db8::1 dev lo"
PLAN = ALICE.decode()


@pytest.fixture
def at_home(start: Start) -> FingerServer:
    """A server on port 79 of a network that only it and who is sent there can see."""
    need_root()
    need_namespaces("--net")
    server = start("--addr", "::", port=79, under=after(UP, unshare=("--net",)))
    assert server.address[1] == 79
    return server


def run_at(server: FingerServer, *words: str, text: bytes = b"") -> str:
    """What the program prints in the server's network, with line ends as a terminal has them."""
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    inside = ("nsenter", f"--net=/proc/{server.pid}/ns/net")
    run = subprocess.run(
        [*inside, *words], input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=server.patience,
    )  # fmt: skip
    return run.stdout.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_debians_finger_shows_a_plan(at_home: FingerServer, host: str) -> None:
    assert run_at(at_home, "finger", f"alice@{host}").endswith(PLAN)


def test_debians_finger_shows_name_and_plan(at_home: FingerServer) -> None:
    assert run_at(at_home, "finger", "-l", "alice@127.0.0.1").endswith("Name: alice\n" + PLAN)


def test_debians_finger_shows_the_list_and_errors(at_home: FingerServer) -> None:
    assert run_at(at_home, "finger", "@127.0.0.1").endswith("alice\nbob\ncarol\n")
    assert run_at(at_home, "finger", "bob@127.0.0.1").endswith("No Plan.\n")
    assert run_at(at_home, "finger", "nobody@127.0.0.1").endswith("Error: No such user\n")
    relayed = run_at(at_home, "finger", "alice@example.org@127.0.0.1")
    assert relayed.endswith("Error: Relay access denied\n")


def test_ncat_that_ends_its_input_gets_everything(at_home: FingerServer) -> None:
    large = b"0123456789abcde\n" * 100_000
    at_home.users.replace("alice", large)
    for host in ("127.0.0.1", "::1"):
        assert run_at(at_home, "ncat", host, "79", text=b"alice\n") == large.decode()


def test_curl_speaks_it_as_gopher_would(at_home: FingerServer) -> None:
    # gopher://HOST:79/1alice sends `alice` and CRLF: the type's digit is left out.
    assert run_at(at_home, "curl", "-sS", "gopher://[::1]:79/1alice") == PLAN


@pytest.mark.rule(rules.MAX_PER_IP)
def test_all_addresses_of_a_64_are_one(start: Start) -> None:
    need_root()
    need_namespaces("--net")
    up = f"{UP}; for i in 2 3; do ip address add 2001:db8::$i/64 dev lo nodad; done; " \
         "ip address add 2001:db8:0:1::2/64 dev lo nodad"  # fmt: skip
    server = start("--addr", "::", "--max-per-ip", "1", port=79,
                   under=after(up, unshare=("--net",)))  # fmt: skip

    def answers(source: str) -> bool:
        return run_at(server, "ncat", "-s", source, "2001:db8::1", "79", text=b"alice\n") == PLAN

    holder = subprocess.Popen(
        ["nsenter", f"--net=/proc/{server.pid}/ns/net", "ncat", "-s", "2001:db8::2",
         "2001:db8::1", "79"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert holder.stdin is not None
        holder.stdin.write(b"ali")
        holder.stdin.flush()
        server.wait_until_busy()
        assert not answers("2001:db8::3"), "served beside another of its /64"
        assert answers("2001:db8:0:1::2"), "turned away for somebody of another /64"
    finally:
        holder.communicate(b"ce\n")
    assert answers("2001:db8::3"), "turned away after the other had left"
