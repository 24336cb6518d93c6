"""HAProxy before three daemons in namespaces of their own, under load: deploy/recipes/haproxy.cfg.
We kill one of the servers, and drain and stop another. Only the answers that the killed server was
about to send are lost. HAProxy knows how many those are: `scur`, the server's sessions.
"""

import csv
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.needed import need_program
from harness.proc import wait_until
from harness.subject import REPOSITORY
from namespaces import Namespace, connect
from programs import FINGERD, Load, running

pytestmark = pytest.mark.long

CONFIGURATION = REPOSITORY / "finger" / "deploy" / "recipes" / "haproxy.cfg"
NAMES = ("one", "two", "three")
FRONT = ("127.0.0.1", 7979)
PATIENCE = 30.0
HALF_DONE = 12  # requests that are half sent, in all


@dataclass
class Site:
    """The proxy, and the three servers that it forwards to."""

    front: Namespace
    admin: Path
    servers: dict[str, subprocess.Popen[str]]

    def ask(self, command: str) -> str:
        """Returns HAProxy's answer to an operator's command."""
        with socket.socket(socket.AF_UNIX) as admin:
            admin.connect(str(self.admin))
            admin.sendall(command.encode() + b"\n")
            return b"".join(iter(lambda: admin.recv(65536), b"")).decode()

    def statistics(self, server: str) -> dict[str, str]:
        """Returns one server's statistics."""
        rows = csv.DictReader(self.ask("show stat").removeprefix("# ").splitlines())
        return next(row for row in rows if row["svname"] == server)

    def is_up(self, server: str) -> bool:
        return self.statistics(server)["status"] == "UP"

    def sessions(self, server: str) -> int:
        return int(self.statistics(server)["scur"])

    def begin_request(self, source: str = "127.0.0.1") -> socket.socket:
        """Opens a connection and sends half of a request."""
        with self.front.entered():
            connection = socket.create_connection(FRONT, PATIENCE, (source, 0))
        connection.sendall(FINGERD.halves[0])
        return connection

    def end_request(self, connection: socket.socket) -> bool:
        """Sends the other half. Returns true if the answer comes."""
        try:
            with connection:
                connection.sendall(FINGERD.halves[1])
                return FINGERD.answered(connection)
        except OSError:
            return False


def configuration(allowed: str) -> str:
    """Returns the recipe's configuration; only `allowed` addresses may ask."""
    text = CONFIGURATION.read_text()
    if allowed:
        text, lists = re.subn(r"# (tcp-request .* src) .* }", rf"\1 {allowed} }}", text)
        assert lists == 1
    return text


@contextmanager
def site(build: Path, directory: Path, allowed: str = "") -> Iterator[Site]:
    """Runs HAProxy and three servers, until all are up; only `allowed` addresses may ask."""
    program = need_program("haproxy")
    with ExitStack() as stack:
        front = stack.enter_context(Namespace())
        environment = {**os.environ, "FINGER_BIND": "{}:{}".format(*FRONT),
                       "ADMIN_SOCKET": str(directory / "admin")}
        servers = {}
        for number, name in enumerate(NAMES, 1):
            behind = stack.enter_context(Namespace())
            proxy, address = connect(front, behind, f"to-{name}", f"10.0.{number}")
            environment[f"FINGER_{name.upper()}"] = f"{address}:7979"
            words = [*FINGERD.words(build, directory, address), "--proxy-protocol", proxy]
            servers[name] = stack.enter_context(running(words, behind))
        file = directory / "haproxy.cfg"
        file.write_text(configuration(allowed))
        words = [*front.words, program, "-f", str(file)]
        with open(directory / "haproxy.log", "w") as log:
            haproxy = stack.enter_context(subprocess.Popen(words, env=environment, stdout=log,
                                                           stderr=subprocess.STDOUT))
        stack.callback(haproxy.kill)
        made = Site(front, directory / "admin", servers)
        assert wait_until(made.admin.exists, PATIENCE), (directory / "haproxy.log").read_text()
        assert wait_until(lambda: all(map(made.is_up, NAMES)), PATIENCE)
        yield made


def test_only_what_was_in_flight_on_the_killed_one_is_lost(build: Path, directory: Path) -> None:
    with site(build, directory) as made:
        begun = [made.begin_request() for _ in range(HALF_DONE)]
        assert wait_until(lambda: sum(map(made.sessions, NAMES)) == HALF_DONE, PATIENCE)
        held = made.sessions("one")
        assert held == HALF_DONE // len(NAMES)
        with Load(FINGERD, made.front, FRONT) as load:
            load.go_on_for(200)
            made.servers["one"].send_signal(signal.SIGKILL)
            load.go_on_for(1000)
        assert not made.is_up("one")
        lost = [not made.end_request(connection) for connection in begun].count(True)
        assert lost == held, f"{lost} lost of those half done, and {held} were on the killed one"
        # Each thread of the load may have had one there when the server was killed.
        assert load.lost <= load.threads_count, f"{load.lost} lost of {load.answered + load.lost}"


def test_nothing_is_lost_when_one_is_drained_and_stopped(build: Path, directory: Path) -> None:
    with site(build, directory) as made, Load(FINGERD, made.front, FRONT) as load:
        load.go_on_for(200)
        begun = [made.begin_request() for _ in range(HALF_DONE)]
        made.ask("set server fingerds/two state drain")
        load.go_on_for(200)
        assert made.sessions("two") >= HALF_DONE // len(NAMES) - load.threads_count
        assert all([made.end_request(connection) for connection in begun])
        assert wait_until(lambda: made.sessions("two") == 0, PATIENCE)
        before = made.statistics("two")["stot"]
        made.servers["two"].send_signal(signal.SIGTERM)
        assert made.servers["two"].wait(PATIENCE) == 0
        load.go_on_for(200)
        assert made.statistics("two")["stot"] == before, "a drained server got a new client"
    assert load.lost == 0 and load.answered >= 600


def test_a_server_that_comes_back_is_used_again(build: Path, directory: Path) -> None:
    with site(build, directory) as made, Load(FINGERD, made.front, FRONT) as load:
        made.ask("set server fingerds/three state drain")
        load.go_on_for(100)
        before = int(made.statistics("three")["stot"])
        made.ask("set server fingerds/three state ready")
        load.go_on_for(300)
        assert int(made.statistics("three")["stot"]) > before
    assert load.lost == 0


def test_a_client_that_is_not_on_the_access_list_is_not_served(
    build: Path, directory: Path
) -> None:
    with site(build, directory, allowed="127.0.0.0/29 2001:db8::/32") as made:
        assert made.end_request(made.begin_request("127.0.0.7"))
        try:
            assert not made.end_request(made.begin_request("127.0.0.9"))
        except ConnectionError:
            pass  # closed before half of the request was sent


def test_the_daemons_see_the_clients_and_not_the_proxy(build: Path, directory: Path) -> None:
    with site(build, directory) as made:
        assert made.end_request(made.begin_request())
        for server in made.servers.values():
            server.send_signal(signal.SIGTERM)
        said = "".join(server.communicate(timeout=PATIENCE)[1] for server in made.servers.values())
    alice = [line for line in said.splitlines() if '"alice"' in line]
    assert len(alice) == 1 and alice[0].startswith("127.0.0.1:"), said
    assert '"haproxy"' not in said, "the checks of the recipe fill the log"
    counted = re.findall(r"^served: .* turned away, (\d+) checks,", said, re.MULTILINE)
    assert len(counted) == len(NAMES) and all(int(checks) > 0 for checks in counted), said
