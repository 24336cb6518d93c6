"""--max-message: the limit of a payload, and the cost of an announced length."""


import pytest

import rules
from harness.frames import frame, header
from harness.memory import need_own_memory
from harness.server import Server, Start

pytestmark = pytest.mark.needs("max-message")

MEBIBYTE = 1 << 20
GIBIBYTE = 1 << 30


@pytest.mark.rule(rules.TOO_LONG)
def test_the_largest_payload_is_the_one_the_option_says(start: Start) -> None:
    server = start("--max-message", "10")
    with server.connect() as client:
        client.echo(b"", b"1234567890")
        client.send(header(11))
        client.expect_end()


@pytest.mark.rule(rules.TOO_LONG)
@pytest.mark.parametrize("limit", [0, 1])
def test_the_least_limits_are_limits_like_any_other(start: Start, limit: int) -> None:
    client = start("--max-message", str(limit)).connect()
    client.echo(b"", bytes(limit), b"")
    client.send(header(limit + 1))
    client.expect_end()


@pytest.mark.rule(rules.TOO_LONG)
def test_the_greatest_limit_is_a_limit_like_any_other(start: Start) -> None:
    server = start("--max-message", str(0xFFFFFFFF))
    with server.connect() as client:
        client.echo(b"short")
        client.send_in_pieces(header(0xFFFFFFFF), b"the first bytes of very many")
        client.expect_silence()
    server.connect().echo(b"the next one")


@pytest.mark.needs("max-message", "concurrency")
@pytest.mark.rule(rules.TOO_LONG_ALONE)
def test_a_neighbour_in_mid_message_does_not_notice_either(server: Server) -> None:
    neighbour, guilty = server.connect(), server.connect()
    stream = frame(b"in two halves")
    neighbour.send_in_pieces(stream[:7])
    guilty.send(header(0xFFFFFFFF))
    guilty.expect_end()
    neighbour.send(stream[7:])
    neighbour.expect(b"in two halves")


@pytest.mark.rule(rules.LENGTH_COSTS_NOTHING)
def test_an_announced_gigabyte_costs_nothing(start: Start) -> None:
    server = start("--max-message", str(GIBIBYTE))
    need_own_memory(server)
    with server.connect() as client:
        client.echo(b"what a first connection costs is paid")
    resident, reserved = server.process.memory_bytes(), server.process.virtual_bytes()
    with server.connect() as client:
        client.send_in_pieces(header(GIBIBYTE), b"the first bytes of very many")
        client.expect_silence()
        grown = server.process.memory_bytes() - resident
        assert grown < MEBIBYTE, f"{grown} bytes of memory for a promise"
        grown = server.process.virtual_bytes() - reserved
        assert grown < GIBIBYTE // 2, f"{grown} bytes of address space for a promise"
