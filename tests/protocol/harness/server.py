"""A server with the contract's command line: we start it, wait for it, and ask it to stop."""

import os
import re
import shlex
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest

from harness import sockdiag
from harness.arrivals import Arrivals
from harness.child import STOP_SIGNALS
from harness.client import Client
from harness.port_only import PortOnly
from harness.proc import wait_until
from harness.results import SHORTAGES
from harness.rule import IS_THE_SERVER, LIVES, SAYS_READY, STOPS, TAKES_OPTIONS
from harness.running import ENDING_SECONDS, Running
from harness.subject import Subject
from harness.timeline import THE_SERVER, still_in_the_backlog
from harness.verdict import (ContractBroken, NoReadyLine, NotReady, RunsOn, cut, end_in_words,
                             hide_from_traceback)

__tracebackhide__ = hide_from_traceback

READY = re.compile(r"listening on (?:\[(?P<v6>[0-9a-f:]+)\]|(?P<v4>[0-9.]+)):(?P<port>[0-9]+)\n")
TRACED_TWICE = re.compile(r"ptrace\b.*: Operation not permitted")  # in the words of strace and gdb
CONTROL_BYTES = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]")
START_SECONDS = 20.0
KNOWN_SECONDS = 1.0  # how long to wait for the ready line of a server that printed none before
LOOK_SECONDS = 0.005
SOON_SECONDS = 2.0  # a signal within this time shows a handler that was installed too late
WRONG_USAGE = 2  # the exit status
TO_ALL = (signal.SIGSTOP, signal.SIGCONT, signal.SIGWINCH, signal.SIGURG)
FIRST = "client 1"
REMEDY = ("Pass it on, or become the server: by `exec` in a shell; in place of `go run`, build the "
          "program first")
LOOKED_AT_MAX = 100  # of how many clients we ask, at a signal, whether they're accepted yet


class Server(Running):
    """One running server. Tests get it from the fixtures `server` and `start`."""

    client_type: type[Client] = Client
    ready_line = READY
    _without_ready_line: set[Subject] = set()  # servers that listened without a ready line

    def __new__(cls, target: Subject, *_: object, **__: object) -> Self:
        """Waits for a server that gets only a port, and ends it, in a different way."""
        if target.speaks_contract or issubclass(cls, PortOnly):
            return super().__new__(cls)
        return super().__new__(type(cls.__name__, (PortOnly, cls), {}))

    def __init__(
        self,
        target: Subject,
        options: Sequence[str] = (),
        *,
        patience: float,
        port: int | str = 0,
        descriptor_limit: int | None = None,
        under: Sequence[str] = (),
        log_to: int | None = None,
        calls_log: Path | None = None,
    ) -> None:
        """Starts the program. `descriptor_limit` becomes its soft and hard RLIMIT_NOFILE. `under`
        are the words of a program that becomes the server, with the same process id. `log_to` is a
        descriptor for stderr, whose text we then don't know. With `calls_log`, strace records the
        server's calls there.
        """
        super().__init__(target, patience, log_to=log_to)
        self.calls_log = calls_log
        self.clients: list[Client] = []
        self.arrivals = Arrivals()
        self.address: tuple[str, int] = ("127.0.0.1", 0)
        self._options = options
        self._port_asked_for = port
        self._is_resumed = False  # after a pause
        self._is_asked_again = False
        self._is_under_strace = "strace" in under
        self._start(port, descriptor_limit, under)

    def _start(self, port: int | str, descriptor_limit: int | None, under: Sequence[str]) -> None:
        self.begin(self.target.words(str(port), self._options), descriptor_limit, under)

    def wait_until_ready(self) -> None:
        """Waits until the server listens, and notes where its log begins."""
        self._wait_until_it_listens()
        self.ready_at = time.monotonic()
        self.note(f"listens on port {self.address[1]}", THE_SERVER)
        self._log_begin = len(self.stderr_text())
        self.note_what_is_open()

    def connect(
        self,
        *,
        receive_buffer: int | None = None,
        host: str | None = None,
        source: str | None = None,
    ) -> Client:
        """Connects a new client, and closes it when the test ends."""
        address = (host or self.address[0], self.address[1])
        name = self.arrivals.next_name()
        try:
            client = self.client_type(address, self.patience, name, receive_buffer, source)
        except OSError as error:
            if error.errno in SHORTAGES:
                raise
            why = None
            if isinstance(error, TimeoutError):
                why = sockdiag.full_backlog(self.address[1])
            else:
                self.may_end()
            if not self.is_alive() and not self.may_be_gone:
                raise self.is_gone() from None
            too_early = host is None and name == FIRST and isinstance(error, ConnectionRefusedError)
            host, port = address
            raise ContractBroken(
                why or f"cannot connect to {host}:{port}: {error.strerror or error}",
                rule=LIVES if self.is_deaf() else SAYS_READY if too_early else None) from error
        self.clients.append(client)
        self.arrivals.note(client)
        return client

    def refuses_connections(self) -> bool:
        """Returns true if no process listens any more."""
        try:
            socket.create_connection(self.address, timeout=self.patience).close()
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
        return False

    # Stopping

    def send_signal(self, number: signal.Signals) -> None:
        """Sends a signal to the process that we started, or to all processes if the signal is in
        TO_ALL."""
        waiting = ""
        if number in STOP_SIGNALS:
            self._is_asked_again = self._asked is not None
            self._asked = number
            names = [one.name for one in self.clients[:LOOKED_AT_MAX] if still_in_the_backlog(one)]
            waiting = f"; not accepted yet: {', '.join(names)}" if names else ""
            if self._is_resumed:
                self.tree.wake()
        self.note(f"sends {number.name}{waiting}")
        if number in TO_ALL:
            self.tree.send(number)
        else:
            self._process.send_signal(number)

    def pause(self) -> None:
        """Stops the server, so that it sees everything that arrives meanwhile together when it
        continues."""
        self._is_resumed = False
        self.send_signal(signal.SIGSTOP)
        self.process.wait_until_stopped(self.patience)

    def resume(self) -> None:
        """Continues the server after pause()."""
        self.send_signal(signal.SIGCONT)
        self._is_resumed = True

    def _is_over(self) -> bool:
        if self._is_resumed:
            self.tree.wake()
        return super()._is_over()

    def stop(self, number: signal.Signals = signal.SIGTERM, within: float | None = None) -> int:
        """Asks the server to stop and waits. Returns its exit status."""
        self.send_signal(number)
        return self.wait_exit(within)

    def expect_stop(
        self, number: signal.Signals = signal.SIGTERM, within: float | None = None
    ) -> None:
        """Asks the server to stop and waits. Its exit status must be 0."""
        self.send_signal(number)
        self.expect_exit(within)

    def expect_exit(self, within: float | None = None) -> None:
        """Waits until the server has ended. Its exit status must be 0."""
        status = self.wait_exit(within)
        if status == 0:
            return
        if self._asked and status == -self._asked:
            if self._is_asked_again:  # which the test is about, so its rule is the right one
                raise ContractBroken(f"the second signal, {self._asked.name}, killed the server: "
                                     "it must end with exit status 0")
            after = time.monotonic() - self.ready_at
            soon = f" {after * 1000:.0f} ms after its ready line, and is to be caught before that"
            if (heir := self._who_listens_instead()) is not None:
                raise ContractBroken(
                    f"the process that was started is gone, killed by {self._asked.name}, and "
                    f"process {heir}, which it has started, still has the port: the signal has not "
                    f"got there. {REMEDY}", rule=IS_THE_SERVER)
            raise ContractBroken(
                f"the server does not catch {self._asked.name}, which killed it"
                f"{soon if after < SOON_SECONDS else ''}: asked to stop, it must finish and end "
                "with exit status 0", rule=STOPS)
        asked = f"asked to stop with {self._asked.name}, " if self._asked else ""
        raise ContractBroken(f"{asked}the server {end_in_words(status)}, not with 0",
                             rule=STOPS if asked else None)

    def listens(self) -> bool:
        """Returns true if the server's own processes listen on the port, and not
        another program."""
        try:
            return bool(self._who_listens())
        except OSError:
            return self.is_alive()  # the kernel doesn't say

    def _who_listens(self) -> list[int]:
        """Returns the server's processes that listen on the port."""
        listeners = {listener.inode for listener in sockdiag.listeners(self.address[1])}
        return [process.pid for process, _, inode in self.tree.each_socket() if inode in listeners]

    def _who_listens_instead(self) -> int | None:
        """Returns the process that listens, if the first one doesn't, as below a shell."""
        with suppress(OSError):  # all are gone, or the kernel doesn't say
            listening = self._who_listens()
            return None if self.pid in listening else next(iter(listening), None)
        return None

    def wait_exit(self, within: float | None = None) -> int:
        try:
            return super().wait_exit(within)
        except RunsOn as broken:
            heir = self._who_listens_instead() if self._asked else None
            if heir is None:
                raise
            os.kill(heir, self._asked)
            if not wait_until(lambda: not self.listens(), ENDING_SECONDS):
                raise
            broken.rule = IS_THE_SERVER
            broken.args = (f"{broken}: its first process, {self.pid}, kept the signal to itself, "
                           f"and process {heir}, which has the port, ends if told so. {REMEDY}",)
            raise

    def is_deaf(self) -> bool:
        """Returns true if the server still runs, wasn't asked to stop, and no longer listens."""
        return self.is_alive() and self._asked is None and not self.listens()

    def close_clients(self) -> None:
        """Closes every client that the test left open."""
        for client in self.clients:
            client.close()

    # The checks after every test

    def end_in_order(self) -> None:
        """Asks the server to stop. If strace has traced it from its start, we kill it, because the
        tracer decides which thread gets a signal. Python runs its handlers in the first thread
        only, and if that sleeps in accept, it sleeps on.
        """
        if self._is_under_strace:
            self.kill()
        else:
            self.expect_stop()

    def check_words(self) -> None:
        """Expects, after the end, no sanitizer's report, only the ready line on stdout, and no raw
        bytes on stderr."""
        self.check_reports()
        if self.address[1] and not self.ready_line.fullmatch(self.stdout_text()):
            raise ContractBroken(
                f"stdout holds more than the ready line: {self.stdout_text()!r}", rule=SAYS_READY)
        is_asked = "logs" in self.target.capabilities
        if is_asked and (raw := CONTROL_BYTES.search(self.stderr_text().encode())):
            raise ContractBroken(f"stderr holds the unescaped byte {raw.group()!r}")

    def _wait_until_it_listens(self) -> None:
        begin = time.monotonic()
        patience = self.patience
        if self.target in self._without_ready_line:
            patience = min(patience, KNOWN_SECONDS)
        patience_ends = begin + patience
        end = max(patience_ends, begin + START_SECONDS)
        while not (ready := self.ready_line.match(said := self.stdout_text())):
            if not self.is_alive():
                raise self._ended_before_it_listened()
            now = time.monotonic()
            if said and ("\n" in said or now > patience_ends):
                carriage = " (\\n alone, without \\r)" if "\r" in said else ""
                raise NoReadyLine(
                    f"stdout begins with {cut(said)!r}, and not with `listening on ADDRESS:PORT` "
                    f"and the end of a line{carriage}", always=not self._options)
            if now > end:
                raise NotReady(f"no ready line on stdout within {now - begin:.1f} s, and nothing "
                               "else")
            if now > patience_ends and (port := self._port()):
                self._without_ready_line.add(self.target)
                raise NoReadyLine(
                    f"the server listens on port {port}, and {patience:g} s after its start "
                    "its ready line is not on stdout: it was not printed, or not flushed",
                    always=not self._options)
            time.sleep(LOOK_SECONDS)
        if int(ready["port"]) == 0:
            raise NoReadyLine("the ready line names port 0, where nobody can listen: print the one "
                              "that the kernel chose, which getsockname(2) tells",
                              always=not self._options)
        self.address = (ready["v6"] or ready["v4"], int(ready["port"]))

    def _ended_before_it_listened(self) -> ContractBroken:
        words = shlex.join(self._options)
        if self._process.returncode == 0 and self.tree.pids():
            return self.is_gone()
        if (self._is_under_strace or self.calls_log) and TRACED_TWICE.search(self.stderr_text()):
            self.may_be_gone = True
            pytest.skip("it is traced already, and only one can trace it")
        what = f"no ready line was printed; it {self.describe_end()}"
        if words and self._process.returncode == WRONG_USAGE:
            return ContractBroken(f"{what}: it was given {words}", rule=TAKES_OPTIONS)
        if self._port_asked_for:
            what += f", and was to listen on port {self._port_asked_for}"
        return ContractBroken(what, rule=None if words or self._port_asked_for else SAYS_READY)

    def _port(self) -> int | None:
        """Returns a port on which the server listens."""
        try:
            own = {inode for _, _, inode in self.tree.each_socket()}
            return next((port for port, one in sockdiag.all_listeners() if one.inode in own), None)
        except OSError:
            return None  # the kernel doesn't say


Start = Callable[..., Server]  # the type of the fixture `start`: start("--max-message", "10")
