"""More clients than a server has places or descriptors for, each of which has sent a message."""

from harness.client import Client
from harness.proc import wait_until
from harness.server import Server

MESSAGE = b"my turn?"


def crowd(server: Server, number: int) -> list[Client]:
    """Connects this many clients."""
    clients = [server.connect() for _ in range(number)]
    for client in clients:
        client.send_messages(MESSAGE)
    return clients


def begun_crowd(server: Server) -> list[Client]:
    """Connects more clients than a server with few descriptors can have, and waits until some are
    served."""
    clients = crowd(server, 60)
    assert wait_until(lambda: len(answered(clients)) >= 10, server.patience), (
        f"nobody is served within {server.patience:g} s")
    return clients


def answered(clients: list[Client]) -> list[Client]:
    """Returns the clients that have received an answer."""
    return [client for client in clients if client.has_input()]


def expect_all_served(waiting: list[Client], patience: float) -> None:
    """Lets each client with an answer leave, so that the next gets the place, until all
    are served."""
    waiting = list(waiting)
    while waiting:
        assert wait_until(lambda: bool(answered(waiting)), patience), (
            f"{len(waiting)} clients wait, and nobody is served within {patience:g} s")
        for client in answered(waiting):
            client.expect(MESSAGE)
            client.close()
            waiting.remove(client)
