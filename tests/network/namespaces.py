"""Network namespaces, and what connects them."""

from __future__ import annotations

import os
import subprocess
from contextlib import AbstractContextManager

from harness.proc import in_network_of, wait_until

START_SECONDS = 10.0


class Namespace:
    """A network namespace with a loopback, for as long as the context lasts. Needs root."""

    def __init__(self) -> None:
        self._holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        self.pid = self._holder.pid
        mine = os.readlink("/proc/self/ns/net")
        made = wait_until(lambda: os.readlink(self.path) != mine, START_SECONDS)
        assert made, "unshare has made no namespace"
        self.run("ip", "link", "set", "lo", "up")

    def __enter__(self) -> Namespace:
        return self

    def __exit__(self, *_: object) -> None:
        self._holder.kill()
        self._holder.wait()

    @property
    def path(self) -> str:
        return f"/proc/{self.pid}/ns/net"

    @property
    def words(self) -> tuple[str, ...]:
        """In front of a command line: the program runs inside, with the same process id."""
        return "nsenter", f"--net={self.path}"

    def run(self, *words: str) -> str:
        """What the command says."""
        return subprocess.run([*self.words, *words], check=True, capture_output=True,
                              text=True).stdout

    def address(self, device: str, address: str) -> None:
        """Gives the device an address, and brings it up."""
        self.run("ip", "address", "add", address, "dev", device)
        self.run("ip", "link", "set", device, "up")

    def entered(self) -> AbstractContextManager[None]:
        """Sockets that this thread makes meanwhile are inside, and stay there."""
        return in_network_of(self.pid)


def connect(one: Namespace, other: Namespace, name: str, subnet: str) -> tuple[str, str]:
    """A good link, a veth pair called `name`, in /24 `subnet`, as 10.0.1; both addresses."""
    one.run("ip", "link", "add", name, "type", "veth", "peer", "name", name, "netns",
            str(other.pid))
    ends = f"{subnet}.1", f"{subnet}.2"
    for namespace, end in zip((one, other), ends):
        namespace.address(name, f"{end}/24")
    return ends
