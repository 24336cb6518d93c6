"""Starts a server, waits until it listens, stops it, and keeps what it said."""

import os
import re
import resource
import shlex
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence

from harness import child, proc, sockdiag
from harness.child import STOP_SIGNALS
from harness.client import Client
from harness.deeds import Deeds
from harness.proc import Process
from harness.polling import readable
from harness.rule import LISTENS, LIVES, SAYS_READY, STOPS, TAKES_OPTIONS
from harness.subject import Subject, free_port, is_taken
from harness.verdict import ContractBroken, end_in_words, hide_from_traceback, without_ready_line

__tracebackhide__ = hide_from_traceback

READY = re.compile(r"listening on (?:\[(?P<v6>[0-9a-f:]+)\]|(?P<v4>[0-9.]+)):(?P<port>[0-9]+)\n")
REPORTS = re.compile(
    r"ERROR: (Address|Leak|Memory)Sanitizer|runtime error:"
    r"|WARNING: ThreadSanitizer|ThreadSanitizer:DEADLYSIGNAL"
)
CONTROL_BYTES = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]")
START_SECONDS = 20.0
WRONG_USAGE = 2  # the exit status
PORTS_TRIED = 3  # another program may take a port between our look at it and the server's bind
ENDING_SECONDS = 1.0  # from the first socket that is closed to the end of the process
STRANGER_SECONDS = 5.0  # how long a server may take to find that it did


class Server:
    """One running server. Tests get it from the fixtures `server` and `start`."""

    client_type: type[Client] = Client
    ready_line = READY

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
    ) -> None:
        """Starts the program. `descriptor_limit` becomes its soft and hard RLIMIT_NOFILE.

        `under` are the words of a program that starts it and leaves it the process id; `log_to` is
        a descriptor to have as stderr, whose text then is not known here.
        """
        self.target = target
        self.patience = patience
        self.clients: list[Client] = []
        self.may_be_gone = False  # set by who ends it on purpose
        self.memory_limit = 0  # how many bytes it may take, if that is limited
        self._asked: signal.Signals | None = None  # by which signal it was asked to stop
        self.deeds = Deeds()  # what was done to it that no client has sent
        self._killed = False  # by us
        self.address: tuple[str, int] = ("127.0.0.1", 0)
        self._stdout = b""
        self._stderr = tempfile.TemporaryFile()
        self._log_begin = 0

        self._under, self._options = under, options
        self._descriptor_limit, self._log_to = descriptor_limit, log_to
        if target.speaks_contract:
            self._run(port)
        else:
            self._run_on_a_free_port()

    def wait_until_ready(self) -> None:
        """Waits for the ready line, or at level framing until the port answers."""
        if self.target.speaks_contract:
            self._read_ready_line()
        else:
            self._wait_for_an_answer()
        self._log_begin = len(self.stderr_text())

    def connect(
        self,
        *,
        receive_buffer: int | None = None,
        host: str | None = None,
        source: str | None = None,
    ) -> Client:
        """A new client, connected. It is closed when the test ends."""
        address = (host or self.address[0], self.address[1])
        name = f"client {len(self.clients) + 1}"
        try:
            client = self.client_type(address, self.patience, name, receive_buffer, source)
        except OSError as error:
            why = None
            if isinstance(error, TimeoutError):
                why = self._full_backlog()
            else:
                self.may_end()
            if not self.is_alive() and not self.may_be_gone:
                raise self.is_gone() from None
            host, port = address
            raise ContractBroken(
                why or f"cannot connect to {host}:{port}: {error.strerror or error}") from error
        self.clients.append(client)
        return client

    def refuses_connections(self) -> bool:
        """Whether nobody listens any more."""
        try:
            socket.create_connection(self.address, timeout=self.patience).close()
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
        return False

    # Stopping

    def send_signal(self, number: signal.Signals) -> None:
        """Sends a signal to the server alone."""
        if number not in STOP_SIGNALS or self._asked:
            self.deeds.note(f"sent {number.name}")
        if number in STOP_SIGNALS:
            self._asked = number
        self._process.send_signal(number)

    def pause(self) -> None:
        """Stops it in its tracks: what arrives now is seen all at once when it goes on."""
        self.send_signal(signal.SIGSTOP)
        self.process.wait_until_stopped(self.patience)

    def resume(self) -> None:
        """Lets it go on after pause()."""
        self.send_signal(signal.SIGCONT)

    def wait_exit(self, within: float | None = None) -> int:
        """Waits until the server has ended by itself; its exit status (-N: killed by signal N)."""
        limit = self.patience if within is None else within
        try:
            status = self._process.wait(limit)
        except subprocess.TimeoutExpired:
            raise ContractBroken(
                f"the server should have ended, and runs on after {limit:g} s") from None
        self.may_be_gone = True
        return status

    def stop(self, number: signal.Signals = signal.SIGTERM, within: float | None = None) -> int:
        """Asks the server to stop and waits; its exit status."""
        self.send_signal(number)
        return self.wait_exit(within)

    def expect_stop(
        self, number: signal.Signals = signal.SIGTERM, within: float | None = None
    ) -> None:
        """Asks the server to stop and waits; its exit status must be 0."""
        self.send_signal(number)
        self.expect_exit(within)

    def expect_exit(self, within: float | None = None) -> None:
        """Waits until the server has ended by itself; its exit status must be 0."""
        status = self.wait_exit(within)
        if status == 0:
            return
        if self._asked and status == -self._asked:
            raise ContractBroken(
                f"the server does not catch {self._asked.name}, which killed it: asked to stop, it "
                "must finish and end with exit status 0", rule=STOPS)
        asked = f"asked to stop with {self._asked.name}, " if self._asked else ""
        raise ContractBroken(f"{asked}the server ended with exit status {status}, not 0")

    def is_gone(self) -> ContractBroken:
        """The failure to raise when it has ended unasked."""
        return ContractBroken(
            f"the server is gone: it {end_in_words(self._process.poll() or 0)}, though nothing "
            "had asked it to", rule=LIVES)

    def limit_memory(self, more_bytes: int) -> None:
        """From now on it may take only so many bytes more: an announced length may be 4 GiB."""
        self.memory_limit = more_bytes
        for process in proc.processes_of_session(self.pid):
            try:
                limit = process.data_bytes() + more_bytes
                _, hard = resource.prlimit(process.pid, resource.RLIMIT_DATA)
                resource.prlimit(process.pid, resource.RLIMIT_DATA, (limit, hard))
            except OSError:
                continue  # it has just ended, or runs as another user

    def listens(self) -> bool:
        """Whether its own processes listen on the port, and not somebody else's."""
        try:
            listeners = {listener.inode for listener in sockdiag.listeners(self.address[1])}
        except OSError:
            return True  # the kernel does not say
        for process in proc.processes_of_session(self.pid):
            try:
                if listeners & set(process.sockets().values()):
                    return True
            except OSError:
                continue  # it has just ended, or runs as another user
        return False

    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def close_clients(self) -> None:
        """Closes every client that the test left open."""
        for client in self.clients:
            client.close()

    def kill(self) -> None:
        """Ends it without asking. Harmless when it is gone."""
        if self.is_alive():
            if not self.target.speaks_contract:
                os.killpg(self.pid, signal.SIGKILL)  # our own session: a wrapper's children too
            self._process.kill()
            self._process.wait()
            self._killed = True
        self.stdout_text()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def may_end(self) -> None:
        """Gives the process a moment, as it has hung up or refuses: perhaps it ends."""
        proc.wait_until(lambda: not self.is_alive(), ENDING_SECONDS)

    def describe_end(self) -> str:
        """How it ended, in words."""
        status = self._process.poll()
        if status is None or self._killed:
            return "still running"
        if self._asked and status == -self._asked:
            return f"asked to stop with {self._asked.name}, which killed it"
        if self._asked:
            return f"asked to stop with {self._asked.name}, it {end_in_words(status)}"
        return end_in_words(status) + ("" if self.target.speaks_contract else ", unasked")

    # What it said

    def stderr_text(self) -> str:
        """All of stderr so far."""
        size = os.fstat(self._stderr.fileno()).st_size
        return os.pread(self._stderr.fileno(), size, 0).decode(errors="backslashreplace")

    def log_lines(self) -> list[str]:
        """The lines on stderr since the ready line."""
        return self.stderr_text()[self._log_begin :].splitlines()

    def wait_for_log_lines(self, count: int) -> list[str]:
        """Waits until stderr has so many lines since the ready line, and gives them."""
        if not proc.wait_until(lambda: len(self.log_lines()) >= count, self.patience):
            raise ContractBroken(
                f"{count} log line(s) should have come within {self.patience:g} s, there are "
                f"{len(self.log_lines())}")
        return self.log_lines()

    def stdout_text(self) -> str:
        """All of stdout; complete once the server has ended."""
        pipe = self._process.stdout
        while pipe is not None and not pipe.closed and readable(pipe):
            piece = os.read(pipe.fileno(), 65536)
            if not piece:
                break
            self._stdout += piece
        return self._stdout.decode(errors="backslashreplace")

    def wait_for_descriptors(self, at_rest: int) -> None:
        """Waits until no more descriptors are open than `at_rest`."""
        self._wait_for_at_most(at_rest, self.process.descriptor_count, "descriptors are open")

    def wait_for_threads(self, at_first: int, more: int = 0) -> None:
        """Waits until no more threads run than `at_first`, and so many more."""
        self._wait_for_at_most(at_first, self.process.thread_count, "threads run", more)

    def _wait_for_at_most(
        self, at_first: int, now: Callable[[], int], what: str, more: int = 0
    ) -> None:
        if not proc.wait_until(lambda: now() <= at_first + more, self.patience):
            may_be = f"; {at_first + more} may be" if more else ""
            raise ContractBroken(
                f"{now()} {what} after {self.patience:g} s, {at_first} at first{may_be}")

    def check_words(self) -> None:
        """After the end: no sanitizer report, nothing unasked on stdout, no raw bytes on stderr."""
        text = self.stderr_text()
        if report := REPORTS.search(text):
            raise ContractBroken(f"a sanitizer reported: {report.group()}")
        if not self.target.speaks_contract:
            return
        if self.address[1] and not self.ready_line.fullmatch(self.stdout_text()):
            raise ContractBroken(f"stdout holds more than the ready line: {self.stdout_text()!r}")
        is_asked = "logs" in self.target.capabilities
        if is_asked and (raw := CONTROL_BYTES.search(text.encode())):
            raise ContractBroken(f"stderr holds the unescaped byte {raw.group()!r}")

    def _read_ready_line(self) -> None:
        begin = time.monotonic()
        patience_ends = begin + self.patience
        end = max(patience_ends, begin + START_SECONDS)
        while not (ready := self.ready_line.match(self.stdout_text())):
            if not self.is_alive():
                raise self._ended_before_it_listened()
            now = time.monotonic()
            if "\n" in self._stdout.decode(errors="replace") or now > end:
                raise without_ready_line(now - begin, self.stdout_text())
            if now > patience_ends and (port := self._port()):
                raise ContractBroken(
                    f"the server listens on port {port}, and {self.patience:g} s after its start "
                    "its ready line is not on stdout: it was not printed, or not flushed",
                    rule=SAYS_READY)
            if self._process.stdout is not None:
                readable(self._process.stdout, 0.1)
        self.address = (ready["v6"] or ready["v4"], int(ready["port"]))

    def _ended_before_it_listened(self) -> ContractBroken:
        words = shlex.join(self._options)
        what = f"no ready line was printed; it {self.describe_end()}"
        if words and self._process.returncode == WRONG_USAGE:
            return ContractBroken(f"{what}: it was given {words}", rule=TAKES_OPTIONS)
        return ContractBroken(what, rule=None if words else SAYS_READY)

    def _run(self, port: int | str) -> None:
        self.words = [*self._under, *self.target.words(str(port), self._options)]
        self._process = subprocess.Popen(
            self.words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._stderr if self._log_to is None else self._log_to,
            start_new_session=True,
            env=child.environment(),
            preexec_fn=lambda: child.prepare(self._descriptor_limit),
        )
        self.pid = self._process.pid
        self.process = Process(self.pid)

    def _run_on_a_free_port(self) -> None:
        self.address = (self.address[0], free_port())
        self._run(self.address[1])

    def _wait_for_an_answer(self) -> None:
        answered = False

        def answers() -> bool:
            nonlocal answered
            try:
                socket.create_connection(self.address, timeout=1).close()
            except OSError:
                return not self.is_alive()
            answered = True
            return True

        for _ in range(PORTS_TRIED):
            if not proc.wait_until(answers, START_SECONDS, 0.01):
                break
            # If another server has answered, the server is about to find its port taken, and ends.
            proc.wait_until(lambda: self.listens() or not self.is_alive(), STRANGER_SECONDS)
            if self.is_alive():
                return
            if not is_taken(self.address):
                if answered:
                    raise self.is_gone()
                break
            self.kill()
            self._run_on_a_free_port()
        host, port = self.address
        why = f" after {START_SECONDS:g} s" if self.is_alive() else f": it {self.describe_end()}"
        raise ContractBroken(f"nobody listens on {host}:{port}{why}", rule=LISTENS)

    def _port(self) -> int | None:
        """A port on which it listens."""
        try:
            own = set(self.process.sockets().values())
            return next((port for port, one in sockdiag.all_listeners() if one.inode in own), None)
        except OSError:
            return None  # the kernel does not say

    def _full_backlog(self) -> str | None:
        """Why a connection was not even begun, if it is that."""
        try:
            listeners = sockdiag.listeners(self.address[1])
        except OSError:
            return None
        for listener in listeners:
            waiting, backlog = listener.unread, listener.unacknowledged
            if waiting >= backlog:
                return (
                    f"the server's backlog is full: {waiting} connections wait to be accepted, and "
                    f"it called listen(2) with a backlog of {backlog}, so the kernel drops the "
                    f"next; SOMAXCONN ({socket.SOMAXCONN}) is what a server should ask for"
                )
        return None


Start = Callable[..., Server]  # what the fixture `start` is: start("--max-message", "10")
