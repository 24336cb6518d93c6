"""A terminal with a bash in it, for typing what a chapter says."""

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from pathlib import Path

PROMPT = re.compile(rb"\x01(\d+)\x02")


class Stuck(Exception):
    """A command did not finish in time."""


class Terminal:
    """An interactive shell with job control, like the reader's, but without echo."""

    def __init__(self, directory: Path) -> None:
        self._seen = b""
        # The programs shouldn't notice that a test runs them.
        environment = {name: value for name, value in os.environ.items()
                       if name != "CI" and not name.startswith("PYTEST")}
        environment |= {"PS1": "", "PS2": "", "PROMPT_COMMAND": r'printf "\1%d\2" $?',
                        "TERM": "dumb", "HISTFILE": ""}
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            os.chdir(directory)
            # Python ignores SIGPIPE, and a shell that started us in the background SIGINT.
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"], environment)
        settings = termios.tcgetattr(self._fd)
        settings[1] &= ~termios.ONLCR
        settings[3] &= ~termios.ECHO
        termios.tcsetattr(self._fd, termios.TCSANOW, settings)
        self._until(PROMPT, 30)

    def type(self, text: str, seconds: float) -> tuple[str, int]:
        """Types a command, and returns what it printed and its status."""
        self._write(text + "\n")
        return self._finished(seconds)

    def stay(self, text: str, seconds: float, until: str) -> None:
        """Types a command that stays in the foreground, and waits for this output."""
        self._write(text + "\n")
        self._until(re.compile(rb"%b|(?P<back>\x01\d+\x02)" % until.encode()), seconds)

    def continue_job(self, seconds: float, until: str) -> None:
        """Types `fg`, and waits until the job has the terminal, because until then Ctrl-C would go
        to the shell."""
        self.stay("fg", seconds, until)
        while os.tcgetpgrp(self._fd) == self._pid:
            time.sleep(0.01)

    def interrupt(self, seconds: float) -> tuple[str, int]:
        """Presses Ctrl-C, and waits until the command ends."""
        self._write("\x03")
        return self._finished(seconds)

    def close(self) -> None:
        """Closes the window, and kills every process that was started there."""
        session = subprocess.run(["ps", "-o", "pid=", "-s", str(self._pid)], capture_output=True)
        for pid in map(int, session.stdout.split()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os.close(self._fd)
        os.waitpid(self._pid, 0)

    def shown(self) -> str:
        """The output since the last prompt that we waited for."""
        while select.select([self._fd], [], [], 0)[0]:
            self._seen += os.read(self._fd, 65536)
        seen, self._seen = self._seen, b""
        return seen.decode(errors="replace")

    def _write(self, keys: str) -> None:
        self.shown()  # such as that a job has ended
        os.write(self._fd, keys.encode())

    def _finished(self, seconds: float) -> tuple[str, int]:
        printed, prompt = self._until(PROMPT, seconds)
        return printed.decode(errors="replace"), int(prompt[1])

    def _until(self, wanted: re.Pattern[bytes], seconds: float) -> tuple[bytes, re.Match[bytes]]:
        deadline = time.monotonic() + seconds
        while not (found := wanted.search(self._seen)):
            ready, _, _ = select.select([self._fd], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise Stuck(self._seen.decode(errors="replace"))
            self._seen += os.read(self._fd, 65536)
        printed, self._seen = self._seen[:found.start()], self._seen[found.end():]
        if found.groupdict().get("back"):
            raise Stuck(printed.decode(errors="replace"))
        return printed, found
