"""The client program, and servers that follow a script, for the tests of the client."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.console import Client
from harness.needed import need_built

UTF8 = "C.UTF-8"


@pytest.fixture(scope="session")
def program(request: pytest.FixtureRequest) -> Path:
    return need_built(Path(request.config.option.build_dir) / "finger" / "finger")


@pytest.fixture
def finger(program: Path, patience: float) -> Callable[..., Client]:
    """Makes clients: finger("-l", "alice@127.0.0.1", port=79, locale="C")."""

    def make(*words: str, port: int | None = None, locale: str = UTF8,
             variable: str = "LC_ALL") -> Client:
        at_port = [] if port is None else ["-p", str(port)]
        environment = ["env", "-u", "LC_ALL", "-u", "LC_CTYPE", f"{variable}={locale}"]
        return Client([*environment, str(program), *at_port, *words], patience)

    return make


class Scripted:
    """Reads a query, answers with bytes or as `answer` does, and closes, again and again."""

    def __init__(self, answer: bytes | Callable[[socket.socket], object],
                 host: str = "127.0.0.1") -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self.port: int = self._listener.getsockname()[1]
        self.queries: list[bytes] = []
        self.gone = threading.Event()  # set at the end, for answers that wait for nothing else
        self._answer = answer
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> Scripted:
        return self

    def __exit__(self, *_: object) -> None:
        self.gone.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return  # __exit__ closed the listener
            with client, contextlib.suppress(OSError):  # the client may leave first
                self._serve(client)

    def _serve(self, client: socket.socket) -> None:
        query = b""
        while not query.endswith(b"\n"):
            query += (byte := client.recv(1))
            if not byte:
                return
        self.queries.append(query)
        if callable(self._answer):
            self._answer(client)
        else:
            client.sendall(self._answer)


def pieces(*parts: bytes, pause: float = 0.02) -> Callable[[socket.socket], None]:
    """Makes an answer that arrives in these pieces, one by one."""

    def answer(client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            client.sendall(part)
            threading.Event().wait(pause)

    return answer


def reset_after(part: bytes) -> Callable[[socket.socket], None]:
    """Makes an answer that ends in a reset, after the client has received some bytes."""

    def answer(client: socket.socket) -> None:
        client.sendall(part)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        threading.Event().wait(0.1 if part else 0)

    return answer


def endlessly(client: socket.socket) -> None:
    """Sends lines until the client leaves."""
    while True:
        client.sendall(b"x" * 78 + b"\r\n")


@contextlib.contextmanager
def full_backlog() -> Iterator[int]:
    """Yields the port of a server that is too busy to accept, so connecting gets no answer."""
    with socket.socket() as listener, socket.socket() as queued:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        queued.connect(listener.getsockname())
        yield listener.getsockname()[1]
