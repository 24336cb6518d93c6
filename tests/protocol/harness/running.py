"""A program that we started to serve: its process, its end, and its output."""

from __future__ import annotations

import itertools
import os
import re
import resource
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from harness import child, own_calls, proc
from harness.process_tree import ProcessTree, adopt_orphans
from harness.rule import LISTENS, LIVES, NO_REPORT
from harness.subject import Subject
from harness.timeline import THE_SERVER, THE_TEST, Event
from harness.verdict import ContractBroken, RunsOn, end_in_words, hide_from_traceback

__tracebackhide__ = hide_from_traceback

REPORTS = re.compile(
    r"ERROR: (Address|Leak|Memory)Sanitizer|runtime error:"
    r"|WARNING: ThreadSanitizer|ThreadSanitizer:DEADLYSIGNAL"
)
ENDING_SECONDS = 1.0  # from the first socket that it closes to the end of the process
LOOK_SECONDS = 0.01  # between two looks at whether it has ended
STARTS = itertools.count()
STILL_SECONDS = 3.0  # without a change: by then a lingering close, of up to 2 s, is over


class Running:
    """The processes of a server, and what happened to them."""

    def __init__(self, target: Subject, patience: float, *, log_to: int | None) -> None:
        self.target = target
        self.patience = patience
        self.may_be_gone = False  # set by a test that ends the server on purpose
        self.ready_at = float("inf")  # time.monotonic()
        self.memory_limit = 0  # how many bytes it may take, or 0 if there is no limit
        self.events: list[Event] = []  # its own doings, and those of anybody but a client
        self.calls_log: Path | None = None  # where strace records its calls
        self._asked: signal.Signals | None = None  # the signal that asked it to stop
        self._killed = False  # by us
        self._has_ended = False
        self._stdout, self._stderr = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self._log_to = log_to
        self._log_begin = 0
        self._open_when_ready: Counter[str] = Counter()

    @property
    def process(self) -> ProcessTree:
        """All the processes of this server as one."""
        return self.tree

    def note(self, what: str, who: str = THE_TEST) -> None:
        """Notes an event for the reader of a failure."""
        self.events.append(Event(time.monotonic(), who, what))

    def is_alive(self) -> bool:
        """Returns true if the process that we started still runs."""
        status = self._process.poll()
        if status is not None and not self._has_ended and not self._killed:
            self._has_ended = True
            self.note(f"has {end_in_words(status)}", THE_SERVER)
        return status is None

    def has_ended_unasked(self) -> bool:
        """Returns true if the server ended although no test wanted that."""
        return (not self.is_alive() and self._asked is None
                and not self._killed and not self.may_be_gone)

    def wait_exit(self, within: float | None = None) -> int:
        """Waits until the server has ended, and accepts that. Returns its exit status (-N: killed
        by signal N)."""
        limit = self.patience if within is None else within
        if not proc.wait_until(self._is_over, limit, LOOK_SECONDS):
            when = f"after {self._asked.name}" if self._asked else "later"
            raise RunsOn(f"the server is still running {limit:g} s {when}")
        self.is_alive()
        self.may_be_gone = True
        return self._process.returncode

    def _is_over(self) -> bool:
        return self._process.poll() is not None

    def may_end(self) -> None:
        """Gives the process a moment to end, because it hung up or refuses connections."""
        proc.wait_until(lambda: not self.is_alive(), ENDING_SECONDS)

    def kill(self) -> None:
        """Kills the server, with all the processes that it started. Does nothing if
        they're gone."""
        self._killed = self._killed or self.is_alive()
        self.tree.kill()
        self._process.wait()

    def is_gone(self) -> ContractBroken:
        """Returns the failure to raise if the server ended unasked."""
        status = self._process.poll() or 0
        if status == 0 and (others := self.tree.pids()):
            return ContractBroken(
                f"the process that was started {end_in_words(status)}, and process {others[0]}, "
                "which it has started, runs on in the background: keep the server in the "
                "foreground", rule=LISTENS)
        # A file couldn't grow, because the test, and so the test's own rule, is about that.
        rule = None if status == -signal.SIGXFSZ else LIVES
        return ContractBroken(
            f"the server is gone: it {end_in_words(status)}, though nothing had asked it to",
            rule=rule)

    def describe_end(self) -> str:
        """Describes how the server ended."""
        status = self._process.poll()
        if status is None or self._killed:
            return "still running"
        if self._asked and status == -self._asked:
            return f"asked to stop with {self._asked.name}, which killed it"
        if self._asked:
            return f"asked to stop with {self._asked.name}, it {end_in_words(status)}"
        return end_in_words(status)

    def limit_memory(self, more_bytes: int) -> None:
        """Limits the server's memory to this many more bytes from now on, because a message may
        announce 4 GiB."""
        self.memory_limit = more_bytes
        self.tree.limit(resource.RLIMIT_DATA, lambda one: one.data_bytes() + more_bytes)

    # Output

    @property
    def log_is_elsewhere(self) -> bool:
        """True if a test gave the server a stderr of its own, whose text we don't know."""
        return self._log_to is not None

    def stderr_text(self) -> str:
        """Returns all of stderr so far."""
        return _text_of(self._stderr)

    def log_lines(self) -> list[str]:
        """Returns the lines on stderr since the ready line."""
        return self.stderr_text()[self._log_begin :].splitlines()

    def wait_for_log_lines(self, count: int) -> list[str]:
        """Waits until stderr has this many lines since the ready line, and returns them."""
        if not proc.wait_until(lambda: len(self.log_lines()) >= count, self.patience):
            raise ContractBroken(
                f"{count} log line(s) should have come within {self.patience:g} s, there are "
                f"{len(self.log_lines())}")
        return self.log_lines()

    def stdout_text(self) -> str:
        """Returns all of stdout so far."""
        return _text_of(self._stdout)

    def check_reports(self) -> None:
        """Expects no sanitizer's report after the end."""
        if report := REPORTS.search(self.stderr_text()):
            raise ContractBroken(f"a sanitizer reported: {report.group()}", rule=NO_REPORT)

    def note_what_is_open(self) -> None:
        """Notes the descriptors of a ready server, which belong to no client."""
        with suppress(OSError):  # the server has ended, or runs as another user
            self._open_when_ready = Counter(self.process.descriptor_kinds())

    def wait_for_descriptors(self, at_rest: int, when: str = "at first") -> None:
        """Waits until no more descriptors are open than `at_rest`, their number `when`."""
        self._wait_for_at_most(at_rest, self.process.descriptor_count, "descriptors are open",
                               when=when, told=self._open)

    def descriptors_come_back(self, at_rest: int) -> bool:
        """Waits until no more are open than `at_rest`. Returns false if the number no longer
        changes, or `patience` is over."""
        begin = time.monotonic()
        count, since = self.process.descriptor_count(), begin
        while count > at_rest:
            time.sleep(0.005)
            before, count, now = count, self.process.descriptor_count(), time.monotonic()
            since = since if count == before else now
            if now - since > STILL_SECONDS or now - begin > self.patience:
                return False
        return True

    def wait_for_threads(self, at_first: int, more: int = 0) -> None:
        """Waits until no more threads run than `at_first` and `more`."""
        self._wait_for_at_most(at_first, self.process.thread_count, "threads are there", more,
                               told=self._ended_children)

    def _ended_children(self) -> str:
        ended = sum(one.is_zombie() for one in self.tree.members())
        return f". {ended} are children that have ended and are not waited for" if ended else ""

    def _open(self) -> str:
        more = Counter(self.process.descriptor_kinds()) - self._open_when_ready
        return "; those that were not when it was ready: " + ", ".join(
            f"{count} x {kind}" for kind, count in more.most_common())

    def _wait_for_at_most(
        self, at_first: int, now: Callable[[], int], what: str, more: int = 0,
        when: str = "at first", told: Callable[[], str] = str,
    ) -> None:
        if not proc.wait_until(lambda: now() <= at_first + more, self.patience):
            may_be = f"; at most {at_first + more} are allowed" if more else ""
            raise ContractBroken(
                f"{now()} {what} after {self.patience:g} s, {at_first} {when}{may_be}"
                f"{told()}")

    def begin(
        self, words: Sequence[str], descriptor_limit: int | None, under: Sequence[str]
    ) -> None:
        """Starts the server. `under` are the words of a program that becomes the server, with the
        same process id."""
        self.words = [*under, *words]
        number = f"{os.getpid()}.{next(STARTS)}"
        mark = f"{child.MARK}={number}"
        traced = own_calls.words(self.calls_log, mark) if self.calls_log is not None else ()
        environment = child.environment() | ({} if traced else {child.MARK: number})
        adopt_orphans()
        self._process = child.start(
            [*traced, *self.words], environment, descriptor_limit, self.target.niceness,
            self._stdout, self._stderr if self._log_to is None else self._log_to)
        self.pid = self._process.pid
        self.tree = ProcessTree(self.pid, mark)
        self.note("is started", THE_SERVER)


def _text_of(file: IO[bytes]) -> str:
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), size, 0).decode(errors="backslashreplace")
