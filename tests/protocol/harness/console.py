"""Programs that talk to a user, with input from pipes, files and terminals, and servers that
misbehave."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from harness.polling import readable


class Ended:
    """How a program ended, with its output."""

    def __init__(self, status: int, stdout: bytes, stderr: bytes) -> None:
        self.status, self.stdout, self.stderr = status, stdout, stderr

    def ended(self, status: int, stdout: bytes, *in_stderr: bytes) -> None:
        """Asserts the status, all of stdout, and that stderr is one line with all these words."""
        assert self.status == status, f"exit status {self.status}, stderr {self.stderr!r}"
        assert self.stdout == stdout
        assert len(self.stderr.splitlines()) == (1 if in_stderr else 0), self.stderr
        for words in in_stderr:
            assert words in self.stderr


class Client:
    """A program with its options, to be started."""

    def __init__(self, words: Sequence[str], patience: float) -> None:
        self.words = list(words)
        self.patience = patience

    def run(self, text: bytes = b"", *, stdin: Any = None, stdout: Any = None) -> Ended:
        """Runs the program to its end, with `text` in a pipe, or a file, as its input."""
        source = {"input": text} if stdin is None else {"stdin": stdin}
        run = subprocess.run(
            self.words,
            stdout=stdout or subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=6 * self.patience,
            **source,
        )
        return Ended(run.returncode, run.stdout or b"", run.stderr)

    @contextlib.contextmanager
    def start(self, *, non_blocking: bool = False) -> Iterator[Running]:
        """Starts the program between two pipes."""
        running = Running(self, non_blocking)
        try:
            yield running
        finally:
            running.close()


class Running:
    """A program between two pipes."""

    def __init__(self, client: Client, non_blocking: bool) -> None:
        self._patience = client.patience
        self._begin = time.monotonic()
        theirs, ours = os.pipe()
        ours_too, theirs_too = os.pipe()
        self._input = open(ours, "wb", buffering=0)
        self._output = open(ours_too, "rb", buffering=0)
        if non_blocking:
            for end in (theirs, theirs_too):
                os.set_blocking(end, False)
        self._process = subprocess.Popen(
            client.words, stdin=theirs, stdout=theirs_too, stderr=subprocess.PIPE
        )
        for end in (theirs, theirs_too):
            os.close(end)
        self._stdout = b""

    def type(self, text: bytes) -> None:
        """Writes to the program's input."""
        self._input.write(text)

    def end_input(self) -> None:
        """Closes the program's input."""
        self._input.close()

    def wait_for(self, stdout: bytes) -> None:
        """Waits until the program has printed exactly this."""
        end = time.monotonic() + self._patience
        while len(self._stdout) < len(stdout) and time.monotonic() < end:
            self._read(0.1)
        assert self._stdout == stdout

    def ended(self, status: int, stdout: bytes, *in_stderr: bytes) -> None:
        """Waits for the program's end; see Ended.ended()."""
        while self._read(self._patience):
            pass
        actual = self._process.wait(self._patience)
        assert self._process.stderr is not None
        Ended(actual, self._stdout, self._process.stderr.read()).ended(status, stdout, *in_stderr)

    def seconds(self) -> float:
        """Returns the time since the start."""
        return time.monotonic() - self._begin

    def close(self) -> None:
        """Kills the program if it still runs."""
        _end(self._process)
        self._input.close()
        self._output.close()

    def _read(self, seconds: float) -> bool:
        """Reads the program's output. Returns false if nothing came in time, or nothing will."""
        piece = self._output.read(65536) if readable(self._output, seconds) else b""
        self._stdout += piece
        return piece != b""


class Terminal:
    """A program on a terminal, in a session of its own; stderr is a pipe."""

    def __init__(self, client: Client, *, non_blocking: bool = False) -> None:
        self._patience = client.patience
        master, slave = pty.openpty()
        os.set_blocking(slave, not non_blocking)
        self._master = open(master, "r+b", buffering=0)
        self._process = subprocess.Popen(
            client.words,
            stdin=slave,
            stdout=slave,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._slave = slave  # as long as we have it open, reading from the master doesn't fail
        self._text = b""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        _end(self._process)
        self._master.close()
        os.close(self._slave)

    def type(self, keys: str) -> None:
        """Presses keys."""
        self._master.write(keys.encode())

    def text(self) -> str:
        """Returns the screen's content so far, with plain line ends in place of the terminal's."""
        while readable(self._master):
            self._text += self._master.read(65536)
        text = self._text.decode(errors="backslashreplace").replace("\r\n", "\n")
        return re.sub("\\^D\b\b", "", text)  # the terminal's echo of ^D

    def wait_for(self, text: str) -> None:
        """Waits until the screen ends with this text."""
        end = time.monotonic() + self._patience
        while not self.text().endswith(text):
            assert time.monotonic() < end, f"{text!r} should come, there is {self.text()!r}"
            readable(self._master, 0.1)

    def ended(self, status: int, in_stderr: str | None = None) -> None:
        """Waits for the program's end, and asserts its status and its line on stderr."""
        assert self._process.stderr is not None
        actual = self._process.wait(self._patience)
        said = self._process.stderr.read().decode()
        assert actual == status, f"exit status {actual}, stderr {said!r}"
        assert len(said.splitlines()) == (1 if in_stderr else 0), said
        assert (in_stderr or "") in said


class FakeServer:
    """Serves one client with `serve`, then closes."""

    def __init__(
        self, serve: Callable[[socket.socket], object], *, keep_open: bool = False
    ) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()
        self._serve = serve
        self._done = threading.Event()
        if not keep_open:
            self._done.set()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> FakeServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        with contextlib.suppress(OSError):  # nobody came, or the client left first
            with self._listener.accept()[0] as client:
                self._serve(client)
                self._done.wait()


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.wait()
    if process.stderr is not None:
        process.stderr.close()
