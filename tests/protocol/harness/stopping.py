"""A server's duties once it's asked to stop, and the most frequent reasons why it fails."""

import rules
from harness.client import Client
from harness.proc import wait_until
from harness.rule import REFUSES
from harness.server import Server
from harness.verdict import ContractBroken

SAME_STOP_SECONDS = 0.15  # two stop signals that come closer together may be the same stop


def expect_to_drain(server: Server) -> None:
    """After a first signal, while a client has answers to take."""
    if not server.is_alive():
        raise ContractBroken("stopped without the answers that are due", rule=rules.DRAIN)


def expect_refusal(server: Server) -> None:
    """Expects that soon no process listens any more."""
    if not wait_until(server.refuses_connections, server.patience):
        raise ContractBroken(
            f"{server.patience:g} s after it was asked to stop, its port still takes connections: "
            "it has not closed its listener, and the kernel accepts for as long as that is open",
            rule=REFUSES)


def expect_in_full(client: Client, received: bytes, due: int) -> None:
    """Expects that this many bytes came back."""
    if len(received) >= due:
        return
    what = f"{len(received)} of {due} bytes that were due came back"
    if client.was_reset:
        what += (
            ", and then a reset: where the process ends with input unread, or both directions are "
            "shut down and more input comes, the kernel answers with one; in a stop, end the "
            "stream only when all is acknowledged"
        )
    raise client.broken(what)


def expect_exit_without_the_gone(server: Server, within: float) -> None:
    """Expects the server to end even if clients have gone without reading their answers."""
    try:
        server.expect_exit(within)
    except ContractBroken as broken:
        if server.is_alive():
            broken.args = (
                f"{broken}; the client is gone, so what it has not acknowledged it never will: "
                "SIOCOUTQ stays above 0 and a receive may bring 0 forever; TCP_INFO tells: state "
                "7, TCP_CLOSE, is a client that has gone",)
        raise
