"""strace(1) attached to a running server: counts its system calls, or makes them fail."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from types import TracebackType

import pytest

from harness.needed import need_program
from harness.proc import wait_until
from harness.server import Server

ATTACH_SECONDS = 20.0
LINE = re.compile(r"^\d+\s+(?:<\.\.\. )?(?P<name>\w+)(?:\(| resumed)")
FAULT = re.compile(r"inject=([\w,]+):error=(\w+)")
ACCEPT_CALLS = "accept,accept4"
RECEIVE_CALLS = "recvfrom,recvmsg,read,readv"
SEND_CALLS = "sendto,sendmsg,writev"
WAIT_CALLS = (
    "poll,ppoll,epoll_wait,epoll_pwait,epoll_pwait2,select,pselect6,rt_sigtimedwait"
    ",io_uring_enter"
)
# Words in front of a command line. LeakSanitizer, if it's built in, traces the process at its end,
# but a process can have only one tracer.
TO_END_UNDER_STRACE = ("env", "LSAN_OPTIONS=detect_leaks=0")


def need_ptrace() -> None:
    """Skips the test, with the reason, if strace is missing or may not trace."""
    words = [need_program("strace"), "-o", "/dev/null", "true"]
    trial = subprocess.run(words, capture_output=True, text=True)
    if trial.returncode != 0:
        pytest.skip(f"tracing is not permitted here: {trial.stderr.strip()}")


class Strace:
    """Runs the server under strace: with Strace(server, "-e", "inject=...") as tracer. strace
    traces every thread of every process, even later ones. At the end it detaches, and the server
    runs on.
    """

    def __init__(self, server: Server, *arguments: str) -> None:
        need_ptrace()
        self._server = server
        self._directory = tempfile.TemporaryDirectory(prefix="strace-")
        self._file = Path(self._directory.name) / "log"
        self._words = [
            "strace",
            "-f",
            "-qq",
            "-o",
            str(self._file),
            *arguments,
            *(f"--attach={pid}" for pid in server.tree.pids()),
        ]
        self._injects = any("inject=" in word for word in arguments)
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Strace:
        for calls, error in FAULT.findall(" ".join(self._words)):
            names = calls.replace(",", " or ")
            self._server.note(f"made its calls of {names} fail with {error}")
        if self._server.is_alive() and self._server.tree.is_traced():
            pytest.skip("it is traced already, and only one can trace it")
        in_english = {**os.environ, "LC_ALL": "C"}  # because we look for strace's words below
        self._process = subprocess.Popen(
            self._words, stderr=subprocess.PIPE, text=True, env=in_english)
        tracer = self._process

        def attached() -> bool:
            has_ended = tracer.poll() is not None
            if not self._server.is_alive():
                return True  # the fault was meant to end the server, and has done so already
            if has_ended:
                said = tracer.communicate()[1].strip()
                assert "Operation not permitted" in said, said
                pytest.skip("strace cannot attach here: Operation not permitted")
            return all(process.is_traced_by(tracer.pid) for process in self._server.tree.members())

        assert wait_until(attached, ATTACH_SECONDS), "strace has not attached"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process is not None
        stands_still = self._injects and self._server.is_alive()
        if stands_still:
            self._stand_still()
        self._process.send_signal(signal.SIGINT)  # detaches from the server and ends
        self._process.communicate()
        if stands_still:
            self._send(signal.SIGCONT)

    def _send(self, number: int) -> None:
        """Sends a signal without recording it, because the test didn't send it."""
        self._server.tree.send(number)

    def _stand_still(self) -> None:
        """Stops every thread of the server outside of any system call. To inject a fault, strace
        replaces the call by one that doesn't exist. If it detached half-way, the server would see
        ENOSYS. /proc can't distinguish such a thread from a stopped one, but strace can.
        """
        assert self._process is not None
        begin, tracer = len(self.lines()), self._process
        self._send(signal.SIGSTOP)

        def all_stopped() -> bool:
            reports = [line for line in self.lines()[begin:] if "stopped by SIGSTOP" in line]
            stopped = {int(line.split()[0]) for line in reports}
            traced = (thread for process in self._server.tree.members()
                      for thread in process.threads_traced_by(tracer.pid))
            return not self._server.is_alive() or stopped.issuperset(traced)

        assert wait_until(all_stopped, ATTACH_SECONDS), "the server does not stop on SIGSTOP"

    def lines(self) -> list[str]:
        """Returns all lines of strace so far."""
        return self._file.read_text(errors="replace").splitlines() if self._file.exists() else []

    def calls(self) -> Counter[str]:
        """Returns how often each traced call was made."""
        names = (LINE.match(line) for line in self.lines() if "resumed" not in line)
        return Counter(found["name"] for found in names if found)

    def injected(self) -> int:
        """Returns how many faults really happened."""
        return sum("(INJECTED)" in line for line in self.lines())

    def must_have_injected(self, at_least: int = 1) -> None:
        """Expects faults to have happened, because otherwise the test proves nothing. But if the
        server never makes such a call, that's no fault of its own, so we skip the test."""
        if wait_until(lambda: self.injected() >= at_least, within=2.0):
            return
        assert self._server.target.name == "yours", (
            f"{self.injected()} faults were injected, not {at_least}: this test tested nothing")
        calls = ", ".join(names for names, _ in FAULT.findall(" ".join(self._words)))
        pytest.skip(f"this test makes {calls.replace(',', ' or ')} fail, but the server never "
                    "called it (requests to a ring aren't system calls)")


def inject(calls: str, error: str, when: str) -> tuple[str, ...]:
    """Returns the arguments that make `calls` fail, e.g. when="2+3": the second and every third
    after it."""
    return "-e", f"trace={calls}", "-e", f"inject={calls}:error={error}:when={when}"


def delay(calls: str, microseconds: int) -> tuple[str, ...]:
    """Returns the arguments that make each of `calls` take so much longer."""
    return "-e", f"trace={calls}", "-e", f"inject={calls}:delay_exit={microseconds}"


def from_start(log: Path, *arguments: str) -> tuple[str, ...]:
    """Returns the words in front of a command, which runs under strace with the same process id."""
    need_ptrace()
    return (*TO_END_UNDER_STRACE, *"strace -D -f -qq -ttt -o".split(), str(log), *arguments)


def moment_of(call: str, log: Path) -> float | None:
    """Returns the moment when `call` was first made, from the log of from_start()."""
    for line in log.read_text(errors="replace").splitlines() if log.exists() else []:
        words = line.split(maxsplit=2)
        if len(words) == 3 and words[2].startswith(f"{call}("):
            return float(words[1])
    return None
