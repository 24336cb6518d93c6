"""Network namespaces, and the links between them."""

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
        """Words in front of a command line: the program runs inside, with the same process id."""
        return "nsenter", f"--net={self.path}"

    def run(self, *words: str) -> str:
        """Returns the command's output."""
        return subprocess.run([*self.words, *words], check=True, capture_output=True,
                              text=True).stdout

    def address(self, device: str, address: str) -> None:
        """Gives the device an address, and brings it up."""
        self.run("ip", "address", "add", address, "dev", device)
        self.run("ip", "link", "set", device, "up")

    def entered(self) -> AbstractContextManager[None]:
        """Lets this thread make its sockets inside meanwhile, where they stay."""
        return in_network_of(self.pid)


def connect(one: Namespace, other: Namespace, name: str, subnet: str) -> tuple[str, str]:
    """Makes a good link, a veth pair called `name`, in a /24 `subnet` such as 10.0.1. Returns both
    addresses."""
    one.run("ip", "link", "add", name, "type", "veth", "peer", "name", name, "netns",
            str(other.pid))
    ends = f"{subnet}.1", f"{subnet}.2"
    for namespace, end in zip((one, other), ends):
        namespace.address(name, f"{end}/24")
    return ends
