"""The clients of a server. Tests with thousands of clients let them go, transcripts included, but a
failure may be about one of them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.client import Client

LATEST = 3


class Arrivals:
    """Every client's moment, port and name, and the latest clients themselves."""

    def __init__(self) -> None:
        self._latest: deque[Client] = deque(maxlen=LATEST)
        self._moments: list[float] = []  # time.monotonic()
        self._ports: list[int] = []

    def next_name(self) -> str:
        """The next client's name."""
        return f"client {len(self._ports) + 1}"

    def note(self, client: Client) -> None:
        """Records a client."""
        self._latest.append(client)
        self._moments.append(time.monotonic())
        self._ports.append(client.port)

    def known(self, clients: list[Client]) -> list[Client]:
        """Recent clients, even if the test let them go, then `clients`."""
        return [*(one for one in self._latest if one not in clients), *clients]

    def names(self) -> dict[int, str]:
        """Names by port; the later of two that shared one."""
        return {port: f"client {number}" for number, port in enumerate(self._ports, 1)}

    def moments_of_others(self, ports: Collection[int]) -> list[float]:
        """Arrival times of all other clients."""
        return [at for at, port in zip(self._moments, self._ports) if port not in ports]
