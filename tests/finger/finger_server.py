"""A small finger server that keeps the rules of level `core`: something to start your own from.

pytest tests/finger --server 'python3 tests/finger/finger_server.py --port {port} --users {users}'
"""

import argparse
import errno
import os
import re
import socket
import stat
import threading
import time

DEADLINE_SECONDS = 10.0
QUERY_BYTES_MAX = 1024
NO_PLAN = b"No Plan.\r\n"
OWN_FAILURES = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO)


class Refused(Exception):
    """Why there is no plan for that query, in words for the peer."""


class Exchange:
    """One client, from accept to its end."""

    def __init__(self, connection: socket.socket, users: dict[str, str], deadline: float) -> None:
        self.connection = connection
        self.users = users  # who has opted in, and their directories
        self.end = time.monotonic() + deadline

    def serve(self) -> None:
        try:
            answer = self.answer(self.receive_line())
        except Refused as why:
            answer = f"Error: {why}\r\n".encode()
        self.send(answer)
        self.hang_up()

    def receive_line(self) -> bytes:
        """The query without its end. What comes after it is not looked at."""
        received = b""
        while not re.search(b"[\r\n]", received) and len(received) <= QUERY_BYTES_MAX:
            self.connection.settimeout(self.seconds_left())
            if not (piece := self.connection.recv(QUERY_BYTES_MAX + 1)):
                break
            received += piece
        if not received:
            raise Refused("Unexpected EOF")
        line = re.split(b"[\r\n]", received, maxsplit=1)[0]
        if len(line) > QUERY_BYTES_MAX:
            raise Refused("Maximum query length exceeded")
        return line

    def answer(self, line: bytes) -> bytes:
        verbose, user = self.parse(line)
        if not user:
            return "".join(f"{name}\r\n" for name in sorted(self.users)).encode()
        if user not in self.users:
            raise Refused("No such user")
        plan = self.read_plan(self.users[user])
        name = f"Name: {user}\r\n".encode() if verbose else b""
        return name + (self.converted(plan) if plan else NO_PLAN)

    def parse(self, line: bytes) -> tuple[bool, str]:
        text = line.strip(b" \t")
        if verbose := re.match(rb"/[Ww]([ \t]|\Z)", text) is not None:
            text = text[2:].strip(b" \t")
        try:
            user = text.decode()
        except UnicodeDecodeError:
            raise Refused("Invalid query") from None
        if re.search("[\0-\x1f\x7f-\x9f]", user):
            raise Refused("Invalid query")
        user, at, host = user.partition("@")
        if at and host.strip("[]") != self.connection.getsockname()[0]:
            raise Refused("Relay access denied")
        return verbose, user

    def read_plan(self, home: str) -> bytes:
        """Nothing for what is not a regular file, and no waiting for one that is a FIFO."""
        opened = []
        try:
            opened.append(os.open(home, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW))
            flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW
            opened.append(os.open(".plan", flags, dir_fd=opened[0]))
            status = os.fstat(opened[1])
            return os.read(opened[1], status.st_size) if stat.S_ISREG(status.st_mode) else b""
        except OSError as error:
            if error.errno in OWN_FAILURES:  # which say nothing about the plan
                raise
            return b""
        finally:
            for number in opened:
                os.close(number)

    def converted(self, plan: bytes) -> bytes:
        lines = re.sub(rb"(?<!\r)\n", b"\r\n", plan)
        return lines if lines.endswith(b"\n") else lines + b"\r\n"

    def send(self, answer: bytes) -> None:
        rest = memoryview(answer)
        while rest:
            self.connection.settimeout(self.seconds_left())
            rest = rest[self.connection.send(rest) :]

    def hang_up(self) -> None:
        """Our end first, then the peer's: closing with unread input would reset the answer away."""
        self.connection.shutdown(socket.SHUT_WR)
        received = b"?"
        while received:
            self.connection.settimeout(self.seconds_left())
            received = self.connection.recv(65536)

    def seconds_left(self) -> float:
        if (left := self.end - time.monotonic()) <= 0:
            raise TimeoutError
        return left


def run(kind: type[Exchange], arguments: argparse.Namespace) -> None:
    """Accepts for ever, a thread for each client."""
    with os.scandir(arguments.users) as entries:
        users = {e.name: e.path for e in entries
                 if e.is_dir(follow_symlinks=False) and not e.name.startswith(".")}

    def serve(connection: socket.socket) -> None:
        with connection:
            try:
                kind(connection, users, arguments.deadline).serve()
            except OSError:
                pass  # gone, or too slow: nobody else's business

    with socket.create_server(("127.0.0.1", arguments.port), backlog=1024) as listener:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:  # no descriptor is left: the client waits until one is
                time.sleep(0.1)
                continue
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


def seconds(text: str) -> float:
    """What `250ms` and `10s` stand for."""
    return float(text[:-2]) / 1000 if text.endswith("ms") else float(text[:-1])


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser()
    found.add_argument("--port", type=int, default=79)
    found.add_argument("--users", required=True)
    found.add_argument("--deadline", type=seconds, default=DEADLINE_SECONDS)
    return found


if __name__ == "__main__":
    run(Exchange, parser().parse_args())
