"""The cost of silent clients, and of a limit that nobody reaches."""


import pytest

import rules
from harness.limits import need_descriptors
from harness.memory import Allowance, in_units, need_own_memory
from harness.proc import wait_until
from harness.server import Server, Start
from harness.verdict import ContractBroken

CLIENTS = 10_000
BYTES_MAX = 1280


def a_crowd_of(server: Server, count: int, first_words: bytes | None) -> None:
    """Connects `count` clients. Each may have a message answered, and then all are idle."""
    for number in range(count):
        # Several sources have enough ports for all clients.
        client = server.connect(source=f"127.0.1.{1 + number % 200}")
        if first_words is not None:
            client.echo(first_words)
    all_are_accepted = wait_until(
        lambda: server.process.descriptor_count() >= count, server.patience)
    assert all_are_accepted, f"not everybody has been accepted within {server.patience:g} s"


@pytest.mark.needs("feather-light")
@pytest.mark.rule(rules.IDLE_BYTES)
@pytest.mark.parametrize("first_words", [None, b"hello"], ids=["silent", "spoke"])
def test_ten_thousand_idle_clients_cost_no_more_than_the_bound_each(
    start: Start, first_words: bytes | None
) -> None:
    need_descriptors(CLIENTS + 100)
    server = start("--max-connections", str(CLIENTS + 100), "--read-timeout", "0")
    need_own_memory(server)
    talker = server.connect()
    for _ in range(600):  # touches every receive buffer, because the clients share them
        talker.echo(b"warm")
    before = server.process.memory_bytes()
    a_crowd_of(server, CLIENTS, first_words)
    each = (server.process.memory_bytes() - before) / CLIENTS
    print(f"{each:.0f} bytes for each of {CLIENTS} idle clients")
    assert each <= BYTES_MAX, f"{each:.0f} bytes of memory for an idle client, not {BYTES_MAX}"


@pytest.mark.needs("max-connections")
@pytest.mark.rule(rules.LIMIT_COSTS_NOTHING)
def test_a_limit_of_a_million_costs_nothing_before_the_clients_come(start: Start) -> None:
    few, many = (start("--max-connections", limit, descriptor_limit=4000)
                 for limit in ("10", "1000000"))  # fmt: skip
    need_own_memory(few)
    said = few.stderr_text()
    assert not said, f"4000 descriptors are enough for --max-connections 10, and it says {said!r}"
    lines = many.stderr_text().splitlines()
    if len(lines) != 1:
        raise ContractBroken(
            "4000 descriptors are too few for --max-connections 1000000: one line on stderr at the "
            f"start should say so, not {lines or 'none'}", rule=rules.RAISE_LIMIT)
    more = many.process.memory_bytes() - few.process.memory_bytes()
    allowed = Allowance({"whatever differs between two starts": 128 << 10}) + few.target.at_rest
    assert more < allowed.bytes, (
        f"{in_units(more)} more for a limit that nobody has reached; {allowed}")
    usual = few.process.cpu_seconds()  # an interpreter takes long to start, and how long varies
    longer = many.process.cpu_seconds() - usual
    assert longer < 0.05 + usual / 2, f"{longer:.2f} s longer to start"
    many.connect().echo(b"served")
