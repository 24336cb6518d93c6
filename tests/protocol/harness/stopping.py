"""What a server owes after it was asked to stop, and the most frequent reasons why it fails."""

from __future__ import annotations

from harness.client import Client
from harness.proc import wait_until
from harness.rule import REFUSES
from harness.server import Server
from harness.verdict import ContractBroken


def expect_refusal(server: Server) -> None:
    """Soon nobody listens any more."""
    if not wait_until(server.refuses_connections, server.patience):
        raise ContractBroken(
            f"{server.patience:g} s after it was asked to stop, its port still takes connections: "
            "it has not closed its listener, and the kernel accepts for as long as that is open",
            rule=REFUSES)


def expect_in_full(client: Client, received: bytes, due: int) -> None:
    """So many bytes have come back."""
    if len(received) >= due:
        return
    what = f"{len(received)} of {due} bytes that were due came back"
    if client.was_reset:
        what += (
            ", and then a reset: where both directions are shut down, the kernel answers more "
            "input with a reset; in a stop, end the stream only when all is acknowledged"
        )
    raise client.broken(what)
