"""Deadlines that must be kept: not early, and not much late. And answers that must come at once."""

import time
from collections.abc import Callable

import rules
from harness.client import Client
from harness.verdict import ContractBroken

AT_ONCE_SECONDS, LARGE_AT_ONCE_SECONDS = 0.04, 0.15  # the kernel holds data back for 0.2 s
TRYING_SECONDS, ENOUGH = 3.0, 3
LATE = 4.0  # the contract's 500 ms are for an idle machine; a busy one may take longer


def expect_end_after(client: Client, begin: float, timeout: float) -> None:
    """Expects the end of stream `timeout` seconds after `begin`, or a little later."""
    client.expect_end(within=timeout + LATE + 1)
    waited = time.monotonic() - begin
    if waited < timeout:
        raise client.broken(f"closed after {waited:.3f} s, before the {timeout:g} s had passed")
    if waited > timeout + LATE:
        raise client.broken(f"closed only after {waited:.3f} s instead of {timeout:g}")


def happens_often(is_in_time: Callable[[], bool]) -> bool:
    """Tries until a few were in time, and a third of all. A busy machine is late now and then, but
    a server that sleeps, or waits for a timer, nearly always."""
    begin, in_time, tries = time.monotonic(), 0, 0
    while time.monotonic() - begin < TRYING_SECONDS:
        in_time += is_in_time()
        tries += 1
        if in_time >= max(ENOUGH, tries / 3):
            return True
    return False


def expect_served_at_once(client: Client, while_what: str) -> None:
    """Expects a client that has a place to be answered at once."""

    def is_in_time() -> bool:
        begin = time.monotonic()
        client.echo(b"at once")
        return time.monotonic() - begin < AT_ONCE_SECONDS

    if not happens_often(is_in_time):
        raise ContractBroken(
            f"{while_what}, {client.name}, which has a place, hardly ever had its answer within "
            f"{AT_ONCE_SECONDS} s: does the server sleep in the thread that serves others?", client,
            rule=rules.NOT_LATE)
