"""The server in Python that has grown up to chapter 9, with one defect each, of a kind that a loop
by itself cannot have.

python3 broken_workers.py BUG --port PORT; the bugs are those in BUGS, `none` is the healthy one.
"""

import argparse
import sys
import tempfile
from pathlib import Path

JUDGE = Path(__file__).resolve().parents[1]
sys.path.append(str(JUDGE.parent / "protocol" / "subjects"))

import loop_protocols  # noqa: E402

# What is in the server, and what the bug has in its place.
BUGS = {
    "none": ("", ""),
    # Where a place has come free, one worker looks for a client that waits: enough for one.
    "wakes-the-first": (
        "            for worker in self.waiting:\n                worker.wake()\n",
        "            self.workers[0].wake()\n"),
    # Each worker knows when it has last reported a shortage itself.
    "complains-for-itself": (
        '            self.group.report(f"cannot accept: {error.strerror}")\n',
        "            if time.monotonic() >= vars(self).get('silent_until', 0):\n"
        "                self.silent_until = time.monotonic() + 1\n"
        '                log(f"cannot accept: {error.strerror}")\n'),
    # One worker's failure ends the others in order, however long that takes.
    "waits-after-a-failure": (
        '                self.group.stop(f"cannot accept: {error.strerror}")\n',
        "                self.options.drain_timeout = 3600\n"
        '                self.group.stop(f"cannot accept: {error.strerror}")\n'),
    # One of the workers waits for signals, and serves nobody.
    "one-is-for-the-signals": (
        "for _ in range(options.workers):", "for _ in range(options.workers - 1):"),
    # The option is taken, and there is one worker whatever it says.
    "one-is-enough": ("for _ in range(options.workers):", "for _ in range(1):"),
    # Each worker but the first forgets to count down a client whose time is up.
    "late-ones-keep-other-places": (
        "                client.output.clear()\n                client.finished = True\n",
        "                client.output.clear()\n                client.finished = True\n"
        "                self.group.places -= self is not self.group.workers[0]\n"),
    # The last worker's thread is never started: those whom the kernel gives it are not served.
    "last-worker-never-runs": (
        "for worker in self.workers[1:]]", "for worker in self.workers[1:-1]]"),
    # Each worker has the limit for itself.
    "limit-for-each-worker": (
        "            if self.places:\n                self.places -= 1\n",
        "            if len(worker.clients) < worker.options.max_connections:\n"),
    # A worker that has no place goes on watching its listener.
    "full-and-watching": (
        "        room = not self.full and", "        room ="),
    # The first worker alone learns of a stop.
    "stops-one-worker": (
        "            self.stopping = True\n            for worker in self.workers:\n",
        "            self.stopping = True\n            for worker in self.workers[:1]:\n"),
    # All workers receive into one buffer.
    "one-buffer-for-all-workers": (
        "        data = self.connection.recv(65536)\n",
        "        data = memoryview(SHARED)[:self.connection.recv_into(SHARED)]\n"),
    # It hears a second signal only as long as the first worker has clients of its own.
    "deaf-when-done": (
        "        if self.asked:\n", "        if self.asked and self.workers[0].clients:\n"),
    # The first worker alone looks at the time.
    "one-worker-has-the-clock": (
        "        now = time.monotonic()\n        for client in list(takewhile(lambda one: one.dead"
        "line <= now, self.lingering)",
        "        if self is not self.group.workers[0]:\n            return\n"
        "        now = time.monotonic()\n        for client in list(takewhile(lambda one: one.dead"
        "line <= now, self.lingering)"),
    # Without a descriptor, a worker waits for a place, though it has got one.
    "waits-for-a-place-not-a-descriptor": (
        "            self.accept_again = time.monotonic() + ACCEPT_PAUSE_SECONDS\n",
        "            self.full = True\n"),
    # No number is looked at; so it is after chapter 9.
    "any-number-will-do": ("", ""),
}


def source() -> str:
    """Of the server, without a bug."""
    sys.path.append(str(JUDGE))
    import starters

    with tempfile.TemporaryDirectory() as directory:
        server = Path(directory, "server")
        if trouble := starters.copy("python", server, after=9):
            sys.exit(trouble)
        return (server / "echo.py").read_text()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bug", choices=BUGS)
    right, wrong = BUGS[parser.parse_args(sys.argv[1:2]).bug]
    whole = source()
    assert not right or whole.count(right) == 1, "the server has changed, adapt broken_workers.py"
    del sys.argv[1]
    sys.modules["protocols"] = loop_protocols
    names = {"__name__": "__main__", "SHARED": bytearray(65536)}
    exec(compile(whole.replace(right, wrong), "echo.py", "exec"), names)


if __name__ == "__main__":
    main()
