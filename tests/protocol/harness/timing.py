"""Deadlines that must be kept: not early, and not much late."""

import time

from harness.client import Client

LATE = 4.0  # the contract's 500 ms are for an idle machine; a busy one may take longer


def expect_end_after(client: Client, begin: float, timeout: float) -> None:
    """Expects the end of stream `timeout` seconds after `begin`, or a little later."""
    client.expect_end(within=timeout + LATE + 1)
    waited = time.monotonic() - begin
    if waited < timeout:
        raise client.broken(f"closed after {waited:.3f} s, before the {timeout:g} s had passed")
    if waited > timeout + LATE:
        raise client.broken(f"closed only after {waited:.3f} s instead of {timeout:g}")
