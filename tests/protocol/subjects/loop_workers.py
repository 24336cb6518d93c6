"""The server of loop_server.py with --workers: so many loops, in a thread each.

    python3 loop_workers.py --workers 4 --port 5882

Each has a listener of its own, among which the kernel spreads the clients (SO_REUSEPORT). It is
there for broken_workers.py, where each class spoils one thing about it.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import threading
import time

from loop_options import parse_options
from loop_server import Connection, Loop, serve

WORKERS_MAX = 1024
DESCRIPTORS_OF_A_WORKER = 4  # its selector, its listener, both ends of its wake-up
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Worker(Loop):
    """A loop that is one of several."""

    def __init__(self, workers: Workers) -> None:
        self.workers = workers
        self.own_descriptors += DESCRIPTORS_OF_A_WORKER * workers.options.workers
        super().__init__(workers.options)

    def prepare_process(self) -> None:
        if not self.workers.loops:
            super().prepare_process()

    def listen(self) -> socket.socket:
        # The first asks for a port of its own: with SO_REUSEPORT it would join another server's.
        self.shares_port = bool(self.workers.loops)
        listener = super().listen()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.options.port = listener.getsockname()[1]
        return listener

    def run(self) -> None:
        """The thread."""
        try:
            self.serve()
        except SystemExit as failure:  # of accept, which a drain does not call
            self.workers.give_up(str(failure))
            self.begin_drain()
            self.serve()

    def has_room(self) -> bool:
        connections = sum(len(loop.connections) for loop in self.workers.loops)
        return connections < self.options.max_connections

    def accept(self) -> None:
        with self.workers.lock:
            if self.has_room():
                super().accept()
            elif not self.draining:
                self.watch_listener(False)

    def forget(self, connection: Connection) -> None:
        with self.workers.lock:
            was_full = not self.has_room()
            super().forget(connection)
            if was_full:
                self.workers.wake()

    def report_shortage(self, line: str) -> None:
        if time.monotonic() >= self.workers.silent_until:
            self.workers.silent_until = time.monotonic() + 1
            self.log(line)

    def wake(self) -> None:
        """Has it look whether there is room, or whether it is to stop."""
        try:
            self.wakes.send(b"\0")
        except BlockingIOError:
            pass  # it has not looked since many of these

    def take_signals(self) -> None:
        """Another thread has called wake()."""
        self.wake_up.recv(100)
        if not self.workers.stopping:
            self.resume_accepting()
        elif not self.draining:
            self.begin_drain()


class Workers:
    """The loops, and what they share: the limit, the signals, the end."""

    worker_type = Worker

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.lock = threading.Lock()  # for the count of connections, and what follows from it
        self.silent_until = 0.0
        self.stopping = False
        self.status = 0
        self.loops: list[Worker] = []
        for _ in range(options.workers):
            self.loops.append(self.worker_type(self))

    def run(self) -> None:
        """Serves until a signal says otherwise, or one of them has failed."""
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)  # in all threads from here on
        threading.Thread(target=self.wait_for_signals, daemon=True).start()
        threads = [threading.Thread(target=loop.run, daemon=True) for loop in self.loops]
        for thread in threads:
            thread.start()
        self.loops[0].print_address()
        for thread in threads:
            thread.join()
        sys.exit(self.status)

    def wait_for_signals(self) -> None:
        """The first begins the drain, the second ends the process."""
        signal.sigwait(STOP_SIGNALS)
        self.stop()
        signal.sigwait(STOP_SIGNALS)
        os._exit(self.status)

    def stop(self) -> None:
        """Every loop begins to drain."""
        self.stopping = True
        self.wake()

    def give_up(self, why: str) -> None:
        """One of them has failed. The first that does says why."""
        with self.lock:
            if self.status == 0:
                self.status = 1
                self.loops[0].log(why)
        self.stop()

    def wake(self) -> None:
        """All of them: the next client may wait at any listener."""
        for loop in self.loops:
            loop.wake()


def main() -> None:
    serve(Workers, parse_options(sys.argv[1:], workers_max=WORKERS_MAX))


if __name__ == "__main__":
    main()
