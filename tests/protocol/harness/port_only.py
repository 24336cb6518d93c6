"""A server that gets a port and nothing else, at the levels before `start`. We connect to find out
whether it listens, and kill it at the end."""

import socket
from collections.abc import Sequence

from harness import proc
from harness.rule import LISTENS, LIVES
from harness.subject import free_port, is_taken
from harness.verdict import ContractBroken, hide_from_traceback

__tracebackhide__ = hide_from_traceback

PORTS_TRIED = 3  # another program may take a port between our look at it and the server's bind
STRANGER_SECONDS = 5.0  # how long a server may take to find that its port is taken


class PortOnly:
    """A mixin for a server that gets only a port. Server.__new__() adds it to the class."""

    START_SECONDS = 20.0

    def _start(self, port: int | str, descriptor_limit: int | None, under: Sequence[str]) -> None:
        self._begin = lambda: self.begin(
            self.target.words(str(self.address[1]), self._options), descriptor_limit, under)
        self._begin_on_a_free_port()

    def _begin_on_a_free_port(self) -> None:
        self.address = (self.address[0], free_port())
        self._begin()

    def _wait_until_it_listens(self) -> None:
        answered = False

        def answers() -> bool:
            nonlocal answered
            try:
                socket.create_connection(self.address, timeout=1).close()
            except OSError:
                return not self.is_alive()
            if not answered:
                self.note("connects and leaves, to see whether it listens")
            answered = True
            return True

        for more in reversed(range(PORTS_TRIED)):
            if not proc.wait_until(answers, self.START_SECONDS, 0.01):
                break
            # If another server answered, ours is about to find its port taken and to end.
            proc.wait_until(lambda: self.listens() or not self.is_alive(), STRANGER_SECONDS)
            if self.is_deaf() and not is_taken(self.address):
                raise ContractBroken(
                    "the server stopped listening after a client left without sending anything",
                    rule=LIVES)
            if self.is_alive():
                return
            if self.tree.pids() or answered and not is_taken(self.address):
                raise self.is_gone()
            if not more or not is_taken(self.address):
                break
            self.kill()
            self._begin_on_a_free_port()
        host, port = self.address
        why = f": it {self.describe_end()}"
        if self.is_alive():
            why = f" after {self.START_SECONDS:g} s"
        raise ContractBroken(f"nobody listens on {host}:{port}{why}", rule=LISTENS)

    def describe_end(self) -> str:
        """Describes how the server ended."""
        end = super().describe_end()
        return f"{end}, unasked" if end.startswith("ended") else end

    def end_in_order(self) -> None:
        """Kills the server, because these levels don't ask how it stops."""
        self.kill()

    def check_words(self) -> None:
        """Ignores the server's output, except for a sanitizer's report."""
        self.check_reports()
