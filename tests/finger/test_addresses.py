"""Where it listens, and who may share a port."""

import signal
import socket
import subprocess

import pytest

import rules
from conftest import ALICE
from harness.confined import CANNOT, confined
from harness.limits import need_ipv6
from harness.needed import need_namespaces
from harness.proc import wait_until
from kit.client import FingerClient
from kit.namespace import after
from kit.reference import converted
from kit.server import Start

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.ADDRESSES)]

ANSWER = converted(ALICE)
TWO = "127.0.0.1,::1"
BOTH = pytest.mark.parametrize("workers", ["1", "3"])


@pytest.mark.parametrize("given", [False, True], ids=["by-default", "asked-for"])
def test_two_colons_serve_both_families(start: Start, given: bool) -> None:
    need_ipv6()
    # Without --addr the harness asks for 127.0.0.1: sh takes that out again.
    script = 'program=$1; shift; exec "$program" "$1" "$2" "$5" "$6"'
    default = ("sh", "-c", script, "sh")
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


@BOTH
def test_several_addresses_are_served(start_either: Start, workers: str) -> None:
    """With port 0 each has a port of its own."""
    need_ipv6()
    server = start_either("--addr", f"{TWO},127.0.0.2", "--workers", workers)
    assert [host for host, _ in server.addresses()] == ["127.0.0.1", "::1", "127.0.0.2"]
    server.expect_everywhere(b"alice", ANSWER)
    server.send_signal(signal.SIGHUP)
    assert wait_until(lambda: "reloaded" in server.stderr_text(), server.patience)
    server.expect_everywhere(b"alice", ANSWER)


def test_the_places_are_shared_by_all_addresses(start: Start) -> None:
    """A client of the one waits until one of the other has left, and is served then."""
    need_ipv6()
    server = start("--addr", TWO, "--max-clients", "1", "--query-timeout", "0")
    first, second = server.addresses()
    for inside, waiting in ((first, second), (second, first)):
        with socket.create_connection(inside) as sleeper:
            sleeper.sendall(b"al")
            server.wait_until_busy(at_rest=2)
            with FingerClient(waiting, server.patience) as client:  # displaces it, in its time
                client.send(b"alice\r\n")
                client.expect_answer(ANSWER)


@pytest.mark.rule(rules.ONE_SERVER_A_PORT)
def test_where_one_of_several_addresses_is_taken_none_is_served(start: Start) -> None:
    need_ipv6()
    first = start("--addr", "::1")
    port = first.address[1]
    second = start("--addr", TWO, port=port, ready=False)
    second.expect_refusal(1, f"::1 port {port}")
    first.expect(b"alice", ANSWER)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


@pytest.mark.rule(rules.WRONG_USAGE)
@pytest.mark.parametrize("value", ["::,127.0.0.1", "127.0.0.1,127.0.0.1", "::1,0:0::1",
                                   "127.0.0.2,0.0.0.0", "127.0.0.1,", "127.0.0.1 ::1"])  # fmt: skip
def test_addresses_that_cannot_be_bound_beside_each_other_are_wrong_usage(
    start: Start, value: str
) -> None:
    start("--addr", value, ready=False).expect_refusal(2, "--addr")


@pytest.mark.rule(rules.CANNOT_RUN)
@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])  # reserved for documentation
def test_an_address_that_is_not_ours_cannot_be_served(start: Start, host: str) -> None:
    start("--addr", host, ready=False).expect_refusal(1)


@BOTH
@pytest.mark.rule(rules.ONE_SERVER_A_PORT)
def test_a_second_server_on_the_port_ends_and_the_first_goes_on(start: Start, workers: str) -> None:
    first = start("--workers", workers)
    start("--workers", workers, port=first.address[1], ready=False).expect_refusal(1)
    first.expect(b"alice", ANSWER)


@BOTH
@pytest.mark.rule(rules.ONE_SERVER_A_PORT)
def test_a_stopped_server_can_be_started_on_its_port_at_once(start: Start, workers: str) -> None:
    first = start("--workers", workers)
    first.expect(b"alice", ANSWER)  # its side closes first: that is the side that has to wait
    assert first.stop() == 0
    second = start("--workers", workers, port=first.address[1])
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


def test_where_ipv6_is_switched_off_by_a_sysctl_ipv4_is_served(start: Start) -> None:
    need_namespaces("--net")
    off = "ip link set lo up; echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6"
    server = start("--addr", "::", under=after(off, unshare=("--net",)))
    inside = ("nsenter", f"--net=/proc/{server.pid}/ns/net", "ncat", "127.0.0.1")
    run = subprocess.run([*inside, str(server.address[1])], input=b"alice\r\n",
                         capture_output=True, timeout=server.patience)  # fmt: skip
    assert run.stdout == ANSWER, run
