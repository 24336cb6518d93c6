"""Where a server listens, who may share a port, and who may come back to it."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

import rules
from capabilities import takes_option
from harness.server import Server
from harness.target import Target

pytestmark = pytest.mark.needs("addresses")


def need_ipv6() -> None:
    """Skips where the machine has no IPv6 loopback."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")


def expect_cannot_run(server: Server) -> None:
    """Exit status 1 and one line on stderr."""
    status = server.wait_exit()
    assert status == 1, f"exit status {status}, not 1"
    lines = server.stderr_text().splitlines()
    assert len(lines) == 1, f"{len(lines)} lines on stderr, not 1: {lines}"
    assert server.stdout_text() == ""


def with_and_without_workers(target: Target) -> list[tuple[str, ...]]:
    """Options under which a rule about a port has to hold."""
    return [(), ("--workers", "2")] if takes_option(target.level, "--workers") else [()]


@pytest.mark.rule(rules.ADDRESSES)
def test_it_listens_on_the_ipv6_loopback(start: Callable[..., Server]) -> None:
    need_ipv6()
    server = start("--host", "::1")
    assert server.stdout_text() == f"listening on [::1]:{server.address[1]}\n"
    server.connect().echo(b"over IPv6")


@pytest.mark.rule(rules.ADDRESSES)
def test_two_colons_serve_both_families(start: Callable[..., Server]) -> None:
    need_ipv6()
    server = start("--host", "::")
    assert server.stdout_text() == f"listening on [::]:{server.address[1]}\n"
    for host in ("::1", "127.0.0.1"):
        with server.connect(host=host) as client:
            client.echo(f"from {host}".encode())


@pytest.mark.rule(rules.ADDRESSES)
def test_all_of_ipv4_can_be_asked_for(start: Callable[..., Server]) -> None:
    server = start("--host=0.0.0.0")
    server.connect(host="127.0.0.2").echo(b"another address of the same machine")


@pytest.mark.rule(rules.ADDRESSES)
def test_by_default_it_listens_on_the_loopback_only(server: Server) -> None:
    assert server.address[0] == "127.0.0.1"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", server.address[1]), timeout=server.patience)


@pytest.mark.rule(rules.CANNOT_RUN)
@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])  # reserved for documentation
def test_an_address_that_is_not_ours_cannot_be_served(
    start: Callable[..., Server], host: str
) -> None:
    expect_cannot_run(start("--host", host, ready=False))


@pytest.mark.rule(rules.ONE_SERVER_A_PORT)
def test_a_second_server_on_the_port_ends_and_the_first_goes_on(
    start: Callable[..., Server], target: Target
) -> None:
    for options in with_and_without_workers(target):
        first = start(*options)
        expect_cannot_run(start(*options, port=first.address[1], ready=False))
        first.connect().echo(b"undisturbed")


@pytest.mark.rule(rules.ONE_SERVER_A_PORT)
def test_a_port_that_another_program_has_cannot_be_served(start: Callable[..., Server]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        expect_cannot_run(start(port=other.getsockname()[1], ready=False))


@pytest.mark.rule(rules.RESTART)
def test_a_stopped_server_can_be_started_on_its_port_at_once(
    start: Callable[..., Server], target: Target
) -> None:
    for options in with_and_without_workers(target):
        first = start(*options)
        client = first.connect()
        client.echo(b"leaves a connection behind that the kernel remembers for a minute")
        assert first.stop() == 0
        client.expect_end()  # the server's side closed first: that is the side that has to wait
        second = start(*options, port=first.address[1])
        assert second.address == first.address
        second.connect().echo(b"here again")
        assert second.stop() == 0
