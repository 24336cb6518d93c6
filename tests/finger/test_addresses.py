"""Listening addresses, and servers that share a port."""

import subprocess
import sys

import pytest

import rules
from conftest import ANSWER
from harness.confined import CANNOT, confined
from harness.limits import need_ipv6
from harness.needed import need_namespaces
from kit.namespace import after
from kit.server import Start

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.ADDRESSES)]


@pytest.mark.parametrize("given", [False, True], ids=["by-default", "asked-for"])
def test_two_colons_serve_both_families(start: Start, given: bool) -> None:
    need_ipv6()
    # Without --addr the harness asks for 127.0.0.1, so we remove that again.
    script = ("import os, sys; words = sys.argv[1:]; at = words.index('--addr'); "
              "del words[at : at + 2]; os.execvp(words[0], words)")
    default = (sys.executable, "-c", script)
    server = start("--addr", "::") if given else start(under=default)
    assert server.stdout_text() == f"listening on [::]:{server.address[1]}\n"
    for host in ("::1", "127.0.0.1"):
        server.expect(b"alice", ANSWER, host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "0.0.0.0", "::1"])
def test_an_address_is_a_literal(start: Start, host: str) -> None:
    if ":" in host:
        need_ipv6()
    server = start("--addr", host)
    assert server.address[0] == host
    server.expect(b"alice", ANSWER)


@pytest.mark.rule(rules.CANNOT_RUN)
@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])  # reserved for documentation
def test_an_address_that_is_not_ours_cannot_be_served(start: Start, host: str) -> None:
    start("--addr", host, ready=False).expect_refusal(1)


@pytest.mark.rule(rules.ONE_SERVER_A_PORT)
def test_a_second_server_on_the_port_ends_and_the_first_goes_on(start: Start) -> None:
    first = start()
    second = start(port=first.address[1], ready=False)
    second.expect_refusal(1, "choose another --port")
    assert "service manager" not in second.stderr_text(), "there is none"
    first.expect(b"alice", ANSWER)


@pytest.mark.rule(rules.ONE_SERVER_A_PORT)
def test_a_stopped_server_can_be_started_on_its_port_at_once(start: Start) -> None:
    first = start()
    first.expect(b"alice", ANSWER)  # the server closed first, so its side of the connection waits
    assert first.stop() == 0
    second = start(port=first.address[1])
    second.expect(b"alice", ANSWER)


def test_without_ipv6_on_the_machine_two_colons_are_ipv4(start: Start) -> None:
    server = start("--addr", "::", ready=False, under=confined("family=INET6"))
    try:
        server.wait_until_ready()
    except AssertionError:
        if server.wait_exit() == CANNOT:
            pytest.skip(server.stderr_text().strip())
        raise
    assert server.stdout_text() == f"listening on 0.0.0.0:{server.address[1]}\n"
    server.expect(b"alice", ANSWER, host="127.0.0.1")


def test_ipv4_is_served_if_a_sysctl_switches_ipv6_off(start: Start) -> None:
    need_namespaces("--net")
    off = "ip link set lo up; echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6"
    server = start("--addr", "::", under=after(off, unshare=("--net",)))
    inside = ("nsenter", f"--net=/proc/{server.pid}/ns/net", "ncat", "127.0.0.1")
    run = subprocess.run([*inside, str(server.address[1])], input=b"alice\r\n",
                         capture_output=True, timeout=server.patience)  # fmt: skip
    assert run.stdout == ANSWER, run
