"""Who has come to a server: tests that have thousands of clients let them go, with all that they
have said, and a failure may be about one of them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.client import Client

LATEST = 3


class Arrivals:
    """Every client's moment, port and name, and the latest of them whole."""

    def __init__(self) -> None:
        self._latest: deque[Client] = deque(maxlen=LATEST)
        self._moments: list[float] = []  # time.monotonic()
        self._ports: list[int] = []

    def next_name(self) -> str:
        """That of the one who comes next."""
        return f"client {len(self._ports) + 1}"

    def note(self, client: Client) -> None:
        """One has come."""
        self._latest.append(client)
        self._moments.append(time.monotonic())
        self._ports.append(client.port)

    def known(self, clients: list[Client]) -> list[Client]:
        """The latest ones though they were let go, and then these."""
        return [*(one for one in self._latest if one not in clients), *clients]

    def names(self) -> dict[int, str]:
        """By the port: of two that have had the same, the later one's."""
        return {port: f"client {number}" for number, port in enumerate(self._ports, 1)}

    def moments_of_others(self, ports: Collection[int]) -> list[float]:
        """When those came that have other ports."""
        return [at for at, port in zip(self._moments, self._ports) if port not in ports]
