"""What the tests of the client have in common: the program, servers that do as they are told."""

from __future__ import annotations

import contextlib
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.console import Client

UTF8 = "C.UTF-8"


@pytest.fixture(scope="session")
def program(request: pytest.FixtureRequest) -> Path:
    path = Path(request.config.option.build_dir) / "finger" / "finger"
    if not path.is_file():
        pytest.skip(f"{path} is not built")
    return path


@pytest.fixture
def finger(program: Path, patience: float) -> Callable[..., Client]:
    """Makes clients: finger("-l", "alice@127.0.0.1", port=79, locale="C")."""

    def make(*words: str, port: int | None = None, locale: str = UTF8) -> Client:
        at_port = [] if port is None else ["-p", str(port)]
        return Client(["env", f"LC_ALL={locale}", str(program), *at_port, *words], patience)

    return make


class Scripted:
    """Reads a query, answers it with bytes or as `answer` does, and closes; again and again."""

    def __init__(
        self, answer: bytes | Callable[[socket.socket], object], host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:  # fmt: skip
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family)
        self.port: int = self._listener.getsockname()[1]
        self.queries: list[bytes] = []
        self.gone = threading.Event()  # for those who wait for nothing else
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
                return  # that was __exit__
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
    """An answer in these pieces, each of which arrives by itself."""

    def answer(client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            client.sendall(part)
            threading.Event().wait(pause)

    return answer


def reset_after(part: bytes) -> Callable[[socket.socket], None]:
    """An answer that ends in a reset, after bytes that the client has received."""

    def answer(client: socket.socket) -> None:
        client.sendall(part)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        threading.Event().wait(0.1 if part else 0)

    return answer


def endlessly(client: socket.socket) -> None:
    """Lines until the client leaves."""
    while True:
        client.sendall(b"x" * 78 + b"\r\n")


@pytest.fixture
def hosts(tmp_path: Path) -> Callable[..., list[str]]:
    """Words in front of a command that then finds this in /etc/hosts: hosts("127.0.0.1 both")."""

    def make(*lines: str) -> list[str]:
        file = tmp_path / "hosts"
        file.write_text("".join(f"{line}\n" for line in lines))
        words = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
        words += ['mount --bind "$1" /etc/hosts && shift && exec "$@"', "sh", str(file)]
        tried = subprocess.run([*words, "true"], capture_output=True, text=True)
        if tried.returncode != 0:
            pytest.skip(f"no mount namespace here: {tried.stderr.strip()}")
        return words

    return make


@contextlib.contextmanager
def full_backlog(host: str = "127.0.0.1") -> Iterator[int]:
    """The port of a server that is too busy to accept: a connection attempt hears nothing."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener, socket.socket(family) as queued:
        listener.bind((host, 0))
        listener.listen(0)
        queued.connect(listener.getsockname())
        yield listener.getsockname()[1]


def ipv6() -> bool:
    """Whether this machine has the loopback address of IPv6."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


needs_ipv6 = pytest.mark.skipif(not ipv6(), reason="no IPv6 here")
