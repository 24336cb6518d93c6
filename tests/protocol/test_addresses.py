"""Where a server listens, which servers may share a port, and how soon a port can be used again."""

import signal
import socket
import time
from pathlib import Path

import pytest

import rules
from harness.frames import HEADER_BYTES, distinct_payloads, frame, frames
from harness.held import SEEN_SECONDS, finish_and_read_late
from harness.limits import need_ipv6
from harness.proc import wait_until
from harness.rule import STOPS
from harness.server import START_SECONDS, Server, Start
from harness.stopping import SAME_STOP_SECONDS, expect_in_full, expect_refusal
from harness.strace import from_start, moment_of
from harness.target import Target, free_port
from harness.verdict import ContractBroken, Silent

pytestmark = pytest.mark.needs("addresses")

HELD_UP = ("-e", "trace=bind,listen", "-e", "inject=bind:delay_exit=300000:when=1")
LARGE_BYTES = 16_000
DELAY_MICROSECONDS = 300_000
RACE_TRIES = 5  # on a busy machine one server may be late, so the two don't race


def expect_cannot_run(server: Server) -> None:
    """Expects exit status 1 and a single line on stderr."""
    status = server.wait_exit()
    assert status == 1, f"exit status {status}, not 1"
    lines = server.stderr_text().splitlines()
    assert len(lines) == 1, f"{len(lines)} lines on stderr, not 1: {lines}"
    said = server.stdout_text()
    assert not said, f"a server that cannot run has {said!r} on stdout"


def expect_ready_line(server: Server, wanted: str) -> None:
    """Expects this line on stdout, and no other."""
    said = server.stdout_text()
    assert said == wanted, f"the ready line is {said!r}, not {wanted!r}"


@pytest.mark.rule(rules.ADDRESSES)
def test_it_listens_on_the_ipv6_loopback(start: Start) -> None:
    need_ipv6()
    server = start("--host", "::1")
    expect_ready_line(server, f"listening on [::1]:{server.address[1]}\n")
    server.connect().echo(b"over IPv6")


@pytest.mark.rule(rules.ADDRESSES)
def test_two_colons_serve_both_families(start: Start) -> None:
    need_ipv6()
    server = start("--host", "::")
    expect_ready_line(server, f"listening on [::]:{server.address[1]}\n")
    for host in ("::1", "127.0.0.1"):
        with server.connect(host=host) as client:
            client.echo(f"from {host}".encode())


@pytest.mark.rule(rules.ADDRESSES)
def test_all_of_ipv4_can_be_asked_for(start: Start) -> None:
    server = start("--host=0.0.0.0")
    server.connect(host="127.0.0.2").echo(b"another address of the same machine")


@pytest.mark.rule(rules.ADDRESSES)
def test_by_default_it_listens_on_the_loopback_only(server: Server) -> None:
    host = server.address[0]
    assert host == "127.0.0.1", f"without --host it listens on {host}, not on 127.0.0.1"
    try:
        socket.create_connection(("127.0.0.2", server.address[1]), timeout=server.patience).close()
    except ConnectionRefusedError:
        return
    raise ContractBroken("without --host it serves 127.0.0.2, too: it listens on all addresses")


@pytest.mark.rule(rules.CANNOT_RUN)
@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])  # reserved for documentation
def test_an_address_that_is_not_ours_cannot_be_served(start: Start, host: str) -> None:
    expect_cannot_run(start("--host", host, ready=False))


@pytest.mark.rule(rules.ONE_SERVER_A_PORT)
def test_a_second_server_on_the_port_ends_and_the_first_goes_on(
    start: Start, target: Target
) -> None:
    for options in target.with_and_without_workers():
        first = start(*options)
        expect_cannot_run(start(*options, port=first.address[1], ready=False))
        first.connect().echo(b"undisturbed")


@pytest.mark.rule(rules.ONE_SERVER_A_PORT)
def test_a_port_that_another_program_has_cannot_be_served(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        expect_cannot_run(start(port=other.getsockname()[1], ready=False))


def race(start: Start, options: tuple[str, ...], logs: Path) -> list[Server]:
    """Starts two servers on one port, each of which was bound before the other listened.

    By the time this returns, both have ended or printed their ready line.
    """
    for number in range(RACE_TRIES):
        port = free_port()
        files = [logs / f"{number}-{name}" for name in ("first", "second")]
        racers = [
            start(*options, port=port, ready=False, under=from_start(file, *HELD_UP))
            for file in files
        ]
        for racer in racers:
            # Under strace a start takes many times as long, most of all if a shell wraps the
            # command.
            if not wait_until(
                lambda: racer.stdout_text() != "" or not racer.is_alive(), START_SECONDS
            ):
                raise ContractBroken(
                    f"traced by strace, a server neither serves nor ends within {START_SECONDS:g} s"
                )
        bound = [moment_of("bind", file) or 0 for file in files]
        listened = [moment_of("listen", file) or 0 for file in files]
        if 0 not in bound and max(bound) < min(filter(None, listened), default=0):
            return racers
        for racer in racers:
            racer.may_be_gone = True
            racer.kill()
    pytest.skip(f"in {RACE_TRIES} tries the two servers were never at it at the same time")


@pytest.mark.rule(rules.ONE_SERVER_A_PORT)
def test_one_of_two_servers_that_race_for_a_port_serves(
    start: Start, target: Target, tmp_path: Path
) -> None:
    for options in target.with_and_without_workers():
        racers = race(start, options, tmp_path)
        serving = [racer for racer in racers if racer.is_alive()]
        assert len(serving) == 1, (
            f"{len(serving)} of two servers serve one port, on which both were bound before either "
            "listened: SO_REUSEPORT that is set before listen lets both of them listen")
        (loser,) = set(racers) - set(serving)
        expect_cannot_run(loser)
        serving[0].wait_until_ready()
        serving[0].connect().echo(b"undisturbed")


@pytest.mark.needs("ready-line")
@pytest.mark.rule(rules.RESTART)
def test_a_stopped_server_can_be_started_on_its_port_at_once(start: Start, target: Target) -> None:
    for options in target.with_and_without_workers():
        expect_restart(start, options)


def expect_restart(start: Start, options: tuple[str, ...]) -> None:
    """Stops a server while a client is connected, and starts a second one on the same port."""
    first = start(*options)
    client = first.connect()
    client.echo(b"leaves a connection behind that the kernel remembers for a minute")
    first.expect_stop()
    try:
        client.expect_end()  # the server closed first, so its side of the connection waits
    except Silent:
        raise ContractBroken(
            "the server has ended, and this connection has not: a process that it has started has "
            "it still", client, rule=STOPS) from None
    second = start(*options, port=first.address[1])
    address = second.address
    assert address == first.address, f"it listens on {address}, not on {first.address}"
    second.connect().echo(b"here again")
    second.expect_stop()


@pytest.mark.needs("ready-line", "drain", "concurrency")
@pytest.mark.rule(rules.RESTART)
@pytest.mark.parametrize("signals", [1, 2])
def test_a_server_that_gave_up_its_clients_can_be_started_on_its_port_at_once(
    start: Start, target: Target, signals: int
) -> None:
    timeout = "0" if signals == 1 else "60s"
    # In a pool, a thread serves one client at a time.
    clients = 2 if "pool" in target.capabilities else 10
    for options in target.with_and_without_workers():
        for _ in range(10):
            first = start("--drain-timeout", timeout, *options)
            for _ in range(clients):
                client = first.connect(receive_buffer=4096)
                client.echo(b"accepted")
                client.send_messages(*[bytes(60_000)] * 4)
            first.send_signal(signal.SIGTERM)
            if signals == 2:
                expect_refusal(first)  # it has begun to stop, so this is another signal
                time.sleep(SAME_STOP_SECONDS)
                first.send_signal(signal.SIGTERM)
            first.expect_exit()
            # We bind the port ourselves, because a server takes so long to start that the kernel
            # might have cleaned up by then.
            socket.create_server(first.address).close()
            first.close_clients()


@pytest.mark.needs("ready-line")
@pytest.mark.rule(rules.READY_LINE)
def test_nobody_is_refused_after_the_ready_line(start: Start, tmp_path: Path) -> None:
    # We make listen(2) slow. If the ready line comes first, a client that trusts it is refused.
    log = tmp_path / "trace"
    delay = f"inject=listen:delay_enter={DELAY_MICROSECONDS}"
    server = start(under=from_start(log, "-e", "trace=listen", "-e", delay))
    with server.connect() as client:
        client.echo(b"the first")
    happened = wait_until(lambda: "(DELAYED)" in log.read_text(), server.patience)
    assert happened, "nothing was delayed: this test tested nothing"


# The same over IPv6, because a server may have separate code for it


@pytest.mark.rule(rules.RESTART)
def test_a_server_on_ipv6_can_be_started_again_on_its_port_at_once(start: Start) -> None:
    need_ipv6()
    expect_restart(start, ("--host", "::1"))


@pytest.mark.rule(rules.HALF_CLOSE)
def test_over_ipv6_answers_that_are_held_outlive_a_half_close(start: Start) -> None:
    need_ipv6()
    finish_and_read_late(start("--host", "::1").connect(receive_buffer=4096))


@pytest.mark.rule(rules.LOGS)
def test_over_ipv6_an_end_inside_a_message_is_one_line_and_ends_nothing(start: Start) -> None:
    need_ipv6()
    server = start("--host", "::1")
    with server.connect() as client:
        client.echo(b"complete")
        client.send(frame(b"not complete")[:9])
        client.half_close()
        client.expect_end()
    server.connect().echo(b"here after it")
    server.expect_stop()
    lines = server.log_lines()
    assert len(lines) == 1, f"{len(lines)} lines for one end inside a message: {lines}"


@pytest.mark.rule(rules.DRAIN)
def test_over_ipv6_answers_on_their_way_to_a_slow_reader_outlive_a_stop(start: Start) -> None:
    need_ipv6()
    server = start("--host", "::1", "--drain-timeout", "30s")
    client = server.connect(receive_buffer=4096)
    stream = frames(distinct_payloads(1000, LARGE_BYTES))
    sent = client.send_until_stuck(stream)
    arrived = sent - client.unacknowledged_bytes()  # bytes that the server's kernel certainly has
    server.send_signal(signal.SIGTERM)
    time.sleep(SEEN_SECONDS)
    client.let_window_grow()
    received = client.receive_until_gone()
    expect_in_full(client, received, arrived - arrived % (HEADER_BYTES + LARGE_BYTES))
    came_back = stream.startswith(received)
    assert came_back, "what came back is not what was sent"
    server.expect_exit()
