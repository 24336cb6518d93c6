"""The clients of a server. Tests with thousands of clients release them, transcripts included, but
a failure may still be about one of them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.client import Client

LATEST = 3


class Arrivals:
    """The arrival time, port and name of every client, and the latest clients themselves."""

    def __init__(self) -> None:
        self._latest: deque[Client] = deque(maxlen=LATEST)
        self._moments: list[float] = []  # values of time.monotonic()
        self._ports: list[int] = []

    def next_name(self) -> str:
        """Returns the next client's name."""
        return f"client {len(self._ports) + 1}"

    def note(self, client: Client) -> None:
        """Records a client."""
        self._latest.append(client)
        self._moments.append(time.monotonic())
        self._ports.append(client.port)

    def known(self, clients: list[Client]) -> list[Client]:
        """Returns recent clients, even if the test released them, and then `clients`."""
        return [*(one for one in self._latest if one not in clients), *clients]

    def names(self) -> dict[int, str]:
        """Returns the names by port. If two clients shared a port, the later one's name counts."""
        return {port: f"client {number}" for number, port in enumerate(self._ports, 1)}

    def moments_of_others(self, ports: Collection[int]) -> list[float]:
        """Returns when those clients arrived whose ports aren't in `ports`."""
        return [at for at, port in zip(self._moments, self._ports) if port not in ports]
