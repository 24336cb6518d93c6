"""Software that the pages recommend beside the daemon: TLS in front of it, a rotated log."""

import os
import re
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import rules
from conftest import ANSWER
from harness.needed import need_program
from harness.proc import wait_until
from harness.subject import REPOSITORY, free_port
from kit.server import FingerServer, Start

pytestmark = pytest.mark.needs("contract")

RECIPES = REPOSITORY / "finger" / "deploy" / "recipes"


@contextmanager
def tls_in_front(server: FingerServer, directory: Path) -> Iterator[int]:
    """Runs stunnel with the configuration from the pages. Yields its port."""
    stunnel, certificate, port = need_program("stunnel4"), directory / "finger.pem", free_port()
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
             "/CN=localhost", "-keyout", certificate, "-out", directory / "cert.pem"]  # fmt: skip
    subprocess.run(words, check=True, capture_output=True)
    with certificate.open("a") as file:
        file.write((directory / "cert.pem").read_text())
    text = (RECIPES / "stunnel.conf").read_text()
    text = text.replace(":::7980", f"127.0.0.1:{port}")
    text = text.replace("127.0.0.1:79\n", f"127.0.0.1:{server.address[1]}\n")
    text = text.replace("/etc/stunnel/finger.pem", str(certificate))
    (directory / "stunnel.conf").write_text(text)
    with subprocess.Popen([stunnel, directory / "stunnel.conf"], stderr=subprocess.DEVNULL) as run:
        try:
            assert wait_until(lambda: accepts(port), server.patience), "stunnel does not listen"
            yield port
        finally:
            run.send_signal(signal.SIGTERM)


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.mark.rule(rules.PROXY_HEADER)
def test_stunnel_adds_tls(start: Start, tmp_path: Path) -> None:
    server = start("--proxy-protocol", "127.0.0.2")
    server.expect(b"alice", ANSWER)  # a client from 127.0.0.1 needs no header
    with tls_in_front(server, tmp_path) as port:
        context = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
        plain = socket.create_connection(("127.0.0.1", port), timeout=server.patience,
                                         source_address=("127.0.0.7", 0))  # fmt: skip
        with context.wrap_socket(plain, server_hostname="localhost") as client:
            client.sendall(b"alice\r\n")
            assert b"".join(iter(lambda: client.recv(4096), b"")) == ANSWER
    peers = [each.peer.split(":")[0] for each in server.exchanges() if each.query == "alice"]
    assert peers == ["127.0.0.1", "127.0.0.7"]


@pytest.mark.rule(rules.LOGS)
def test_logrotate_can_rotate_the_log(start: Start, tmp_path: Path) -> None:
    logrotate, log = need_program("logrotate"), tmp_path / "fingerd.log"
    file = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o644)
    server = start(log_to=file)
    os.close(file)
    text = (RECIPES / "logrotate.conf").read_text().replace("/var/log/fingerd.log", str(log))
    (tmp_path / "conf").write_text(text)
    (tmp_path / "conf").chmod(0o644)
    for user in (b"alice", b"bob"):
        server.ask(user)
        assert wait_until(lambda: user in log.read_bytes(), server.patience)
        if user == b"alice":
            words = [logrotate, "--force", "--state", tmp_path / "state", tmp_path / "conf"]
            subprocess.run(words, check=True, capture_output=True)
            assert log.read_bytes() == b""
    assert re.fullmatch(r'\S+ "bob" no plan .* ms\n', log.read_text())
    assert list(tmp_path.glob("fingerd.log.1*")), "what was written before is gone"
