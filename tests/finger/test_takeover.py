"""--takeover: the daemon is replaced while it runs, alone and with a parent that is root."""

import os
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

import rules
from conftest import ALICE
from harness.needed import need_root
from harness.proc import wait_until
from harness.strace import Strace, inject, stopped_at
from kit.load import Load
from kit.manager import Manager, is_sound, spoil
from kit.parent import only_worker, reload, workers
from kit.reference import NO_PLAN, converted
from kit.server import FingerServer, Start

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.TAKEOVER)]

DESCRIPTORS_MAX = 64
NOBODY = 65534
LARGE = b"0123456789abcde\n" * 400_000
MANY = ("--max-per-ip", "1000")


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Where daemons meet their successors."""
    return str(tmp_path / "takeover")


@pytest.fixture
def begin(start_either: Start, path: str) -> Start:
    """Starts a daemon that can be replaced, or one that replaces it."""
    patient = ("--takeover", path, "--query-timeout", "10s")
    return lambda *options, **more: start_either(*patient, *options, **more)


class Impostor:
    """Asks a server to be replaced, as its successor would, and has whatever it was handed."""

    def __init__(self, path: str, patience: float) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(patience)
        self._socket.connect(path)
        self.descriptors: list[socket.socket] = []
        assert self._socket.recv(1) == b"1", "the version of the protocol"

    def receive(self) -> bytes:
        """What it is told next; the descriptors that come with it are kept."""
        told, numbers, _, _ = socket.recv_fds(self._socket, 1, DESCRIPTORS_MAX)
        self.descriptors += [socket.socket(fileno=number) for number in numbers]
        return told

    def say(self, what: bytes) -> None:
        """Says something to the server."""
        self._socket.sendall(what)

    def close(self) -> None:
        """Hangs up, and gives back what it was handed."""
        for one in (self._socket, *self.descriptors):
            one.close()


@pytest.fixture
def impostor(path: str, patience: float) -> Iterator[Callable[[], Impostor]]:
    """Makes processes that ask to take over, and never do."""
    with ExitStack() as made:
        yield lambda: made.enter_context(closing(Impostor(path, patience)))


def expect_replaced(old: FingerServer, new: FingerServer) -> None:
    """The new one serves on the same port, and the old one ends in good order."""
    assert new.address == old.address
    assert old.wait_exit() == 0
    new.expect(b"alice", converted(ALICE))


def uids(pid: int) -> set[str]:
    """All that the process has."""
    status = Path(f"/proc/{pid}/status").read_text()
    return set(next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:])


@pytest.mark.parametrize("rings", ["1", "2"])
def test_one_daemon_after_the_other_serves_and_ends(
    begin: Start, how: str, path: str, rings: str
) -> None:
    last = begin("--workers", rings)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    for _ in range(3):
        new = begin("--workers", rings)
        expect_replaced(last, new)
        if os.geteuid() == 0:
            assert "0" not in uids(new.pid if how == "alone" else only_worker(new)), "it is root"
        last = new


def test_all_addresses_are_handed_over(begin: Start) -> None:
    """Whatever --addr says to the new one."""
    old = begin("--addr", "127.0.0.1,127.0.0.2,127.0.0.3")
    new = begin("--addr", "127.0.0.4")
    assert old.wait_exit() == 0
    assert new.addresses() == old.addresses()
    new.expect_everywhere(b"alice", converted(ALICE))


def test_who_is_connected_is_served_by_the_old_daemon(begin: Start) -> None:
    old = begin()
    silent, asking = old.connect(), old.connect()
    asking.send(b"ali")
    old.expect(b"alice", converted(ALICE))  # those before it have been accepted
    new = begin()
    new.expect(b"alice", converted(ALICE))
    asking.send(b"ce\r\n")
    asking.expect_answer(converted(ALICE))
    silent.send(b"alice\r\n")
    silent.expect_answer(converted(ALICE))
    old.close_clients()
    assert old.wait_exit() == 0


def test_who_waits_in_the_backlog_is_served_by_the_new_daemon(begin: Start, homes: Path) -> None:
    old = begin("--max-clients", "1")
    (homes / "alice" / ".plan").write_bytes(LARGE)
    inside = old.asking(b"alice", receive_buffer=4096)
    begun = inside.receive(1000)
    waiting = [old.asking(b"bob") for _ in range(10)]
    begin()
    for client in waiting:
        client.expect_answer(NO_PLAN)
    inside.let_window_grow()
    inside.expect_that(begun + inside.receive_until_end(), converted(LARGE))
    inside.close()
    assert old.wait_exit() == 0


def descriptors_at_rest(server: FingerServer) -> int:
    """How many it keeps, after its first client, for which it may open more, has been let go."""
    sockets = server.process.socket_count()
    server.expect(b"alice", converted(ALICE))
    let_go = wait_until(lambda: server.process.socket_count() == sockets, server.patience)
    assert let_go, "its client's socket stays open"
    return server.process.descriptor_count()


@pytest.mark.rule(rules.TAKEOVER_FAILS)
def test_a_daemon_that_cannot_start_leaves_the_old_one_serving(begin: Start, how: str) -> None:
    old = begin()
    wrong = ("--users", "/nowhere") if how == "alone" else ("--group", "nobodies")
    failing = begin(*wrong, ready=False)
    assert failing.wait_exit() == 1
    old.expect(b"alice", converted(ALICE))
    expect_replaced(old, begin())


@pytest.mark.parametrize("how", ["alone"], indirect=True)
@pytest.mark.parametrize("few", [6, 8, 12])
@pytest.mark.rule(rules.TAKEOVER_FAILS)
def test_a_daemon_without_descriptors_leaves_the_old_one_serving(begin: Start, few: int) -> None:
    """It has too few to be handed the socket, to offer it, or to make its loop."""
    old = begin()
    at_rest = descriptors_at_rest(old)
    assert begin(ready=False, descriptor_limit=few).wait_exit() == 1
    old.wait_for_descriptors(at_rest)
    expect_replaced(old, begin())


@pytest.mark.rule(rules.TAKEOVER_FAILS)
@pytest.mark.parametrize(
    "said", [None, b"", b"?", b"GET / HTTP/1.1\r\n\r\n"],
    ids=["hangs", "hangs-up", "rubbish", "http"],
)  # fmt: skip
def test_an_impostor_changes_nothing(
    begin: Start, impostor: Callable[[], Impostor], said: bytes | None
) -> None:
    old = begin()
    at_rest = descriptors_at_rest(old)
    one = impostor()
    assert one.receive() == b"."
    assert len(one.descriptors) == 2
    if said is not None:
        one.say(said) if said else one.close()
        old.wait_for_descriptors(at_rest)
    old.expect(b"alice", converted(ALICE))
    expect_replaced(old, begin())


@pytest.mark.rule(rules.TAKEOVER_FAILS)
def test_the_latest_who_asks_is_the_one(begin: Start, impostor: Callable[[], Impostor]) -> None:
    old = begin()
    hanging = impostor()
    assert hanging.receive() == b"."
    new = begin()
    assert hanging.receive() == b"n", "it was not told that another was quicker"
    expect_replaced(old, new)


@pytest.mark.parametrize("how", ["alone"], indirect=True)
@pytest.mark.rule(rules.TAKEOVER_FAILS)
def test_a_daemon_that_is_killed_on_its_way_leaves_the_old_one_serving(begin: Start) -> None:
    old = begin()
    # Stopped at its first word to the old daemon, which is that it serves.
    failing = begin(ready=False, under=stopped_at("sendto"))
    assert wait_until(lambda: failing.process.socket_count() >= 3, old.patience)
    old.expect(b"alice", converted(ALICE))
    failing.kill()
    failing.may_be_gone = True
    old.expect(b"alice", converted(ALICE))
    expect_replaced(old, begin())


@pytest.mark.rule(rules.TAKEOVER_FAILS)
def test_the_old_daemon_may_go_while_the_new_one_starts(
    begin: Start, impostor: Callable[[], Impostor]
) -> None:
    old = begin()
    one = impostor()
    assert one.receive() == b"."
    assert old.stop() == 0
    assert one.receive() == b""
    with socket.create_connection(old.address, timeout=old.patience):
        accepted, _ = one.descriptors[1].accept()
        accepted.close()


@pytest.mark.rule(rules.TAKEOVER_FAILS)
@pytest.mark.parametrize("sent, line", [
    (b"", "does not hand its sockets over"), (b"1hello", "does not hand its sockets over"),
    (b"2", "(it says '2', and we know '1'): stop it first"),
    (b"\x1b", "(it says '\\x1b', and we know '1'): stop it first")],
    ids=["hangs-up", "rubbish", "later-version", "no-version"])  # fmt: skip
def test_what_answers_and_hands_nothing_over_is_told(
    begin: Start, path: str, sent: bytes, line: str
) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(path)
        other.listen()
        asking = begin(ready=False)
        client, _ = other.accept()
        with client:
            client.sendall(sent)
        asking.expect_refusal(1, line)


@pytest.mark.rule(rules.TAKEOVER_FAILS)
def test_what_hands_sockets_over_without_end_is_not_waited_for(begin: Start, path: str) -> None:
    with socket.socket(socket.AF_UNIX) as other, socket.create_server(("127.0.0.1", 0)) as socket_:
        other.bind(path)
        other.listen()
        asking = begin(ready=False)
        client, _ = other.accept()
        until = time.monotonic() + 2 * asking.patience
        with client, suppress(BrokenPipeError, ConnectionResetError):
            client.sendall(b"1")
            while time.monotonic() < until:
                socket.send_fds(client, [b"+"], [socket_.fileno()])
                time.sleep(0.5)
        assert time.monotonic() < until
        asking.expect_refusal(1, "does not hand its sockets over")


@pytest.mark.rule(rules.TAKEOVER_STALE)
def test_a_socket_file_that_nobody_listens_at_is_no_obstacle(begin: Start, path: str) -> None:
    killed = begin()
    killed.kill()
    killed.may_be_gone = True
    assert stat.S_ISSOCK(os.stat(path).st_mode)
    old = begin()
    expect_replaced(old, begin())


@pytest.mark.rule(rules.TAKEOVER_STALE)
def test_a_file_that_is_no_socket_is_left_alone(begin: Start, path: str) -> None:
    Path(path).write_text("precious")
    begin(ready=False).expect_refusal(1, path)
    assert Path(path).read_text() == "precious"


@pytest.mark.rule(rules.DRAIN)
def test_an_old_daemon_that_is_asked_to_stop_finishes_its_answers(
    begin: Start, homes: Path
) -> None:
    """Replaced, and then asked to stop, it drains: who has sent no query is not waited for."""
    old = begin("--query-timeout", "0", "--deadline", "0")
    (homes / "alice" / ".plan").write_bytes(LARGE)
    asking, silent = old.connect(receive_buffer=4096), old.connect()
    asking.send(b"alice\r\n")
    begun = asking.receive(1000)
    old.expect(b"bob", NO_PLAN)  # silent has been accepted
    begin()
    old.send_signal(signal.SIGTERM)
    silent.expect_end()
    asking.let_window_grow()
    asking.expect_that(begun + asking.receive_until_end(), converted(LARGE))
    asking.close()
    assert old.wait_exit() == 0


def test_the_new_parent_reloads(start_as_root: Start, path: str) -> None:
    old = start_as_root("--takeover", path)
    new = start_as_root("--takeover", path)
    expect_replaced(old, new)
    reload(new)
    new.expect(b"alice", converted(ALICE))
    assert len(workers(new)) == 1


@pytest.mark.rule(rules.TAKEOVER_MANAGER)
def test_the_manager_is_told_which_process_is_the_main_one(begin: Start, manager: Manager) -> None:
    old = begin(under=manager.under)
    new = begin()
    expect_replaced(old, new)
    told = manager.wait_until_told(2, old.patience)
    assert told[0]["READY"] == "1"
    assert told[1]["MAINPID"] == str(new.pid)


def test_what_the_old_server_has_done_to_its_listener_is_undone(
    begin: Start, manager: Manager
) -> None:
    old = begin(under=manager.under)
    spoil(manager.listener)
    new = begin()
    expect_replaced(old, new)
    assert is_sound(manager.listener)
    new.expect(b"alice", converted(ALICE))


def take_over_under_load(begin: Start, times: int) -> None:
    """So many takeovers; no exchange may be lost meanwhile."""
    last = begin(*MANY, "--quiet")
    with Load(last.address, last.patience) as load:
        for _ in range(times):
            new = begin(*MANY, "--quiet")
            assert last.wait_exit() == 0
            last = new
            load.wait_for_answers(20)
            assert load.lost == [], load.lost
    assert load.lost == [], load.lost


@pytest.mark.clock
def test_no_exchange_is_lost_under_load(begin: Start) -> None:
    take_over_under_load(begin, 3)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.clock
def test_a_hundred_takeovers_lose_nothing(begin: Start) -> None:
    take_over_under_load(begin, 100)


@pytest.mark.rule(rules.TAKEOVER_OWNER)
def test_another_user_is_refused(begin: Start, path: str) -> None:
    need_root()
    old = begin()
    os.chmod(path, 0o666)  # as if the mode did not say it already
    for directory in Path(path).parents:
        if directory.is_relative_to(tempfile.gettempdir()) and directory.owner() == "root":
            directory.chmod(stat.S_IMODE(directory.stat().st_mode) | 0o055)
    asking = subprocess.run(
        ["/usr/bin/python3", "-c", "import socket, sys; s = socket.socket(socket.AF_UNIX); "
         "s.settimeout(10); s.connect(sys.argv[1]); print(*socket.recv_fds(s, 1, 9)[:2])", path],
        user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert asking.stdout == "b'' []\n", asking  # although it serves as that user
    assert wait_until(lambda: f"uid {NOBODY}" in old.stderr_text(), old.patience)
    expect_replaced(old, begin())


@pytest.mark.rule(rules.TAKEOVER_OWNER)
def test_another_users_daemon_is_not_trusted(begin: Start, path: str) -> None:
    need_root()
    with socket.socket(socket.AF_UNIX) as bait, socket.create_server(("127.0.0.1", 0)) as theirs:
        bait.bind(path)
        os.chown(path, NOBODY, NOBODY)
        os.seteuid(NOBODY)
        try:
            bait.listen()
        finally:
            os.seteuid(0)
        asking = begin(ready=False)
        client, _ = bait.accept()
        with client:
            with suppress(BrokenPipeError):  # it may have hung up already
                socket.send_fds(client, [b"."], [bait.fileno(), theirs.fileno()])
            asking.expect_refusal(1, f"uid {NOBODY}")


@pytest.mark.rule(rules.OUT_OF_DESCRIPTORS)
def test_without_a_descriptor_for_its_successor_it_rests(start: Start, path: str) -> None:
    server = start("--takeover", path)
    with Strace(server, *inject("accept4", "EMFILE", "1+")) as tracer:
        with socket.socket(socket.AF_UNIX) as successor:
            successor.connect(path)
            time.sleep(1.0)
    tracer.must_have_injected()
    assert tracer.injected() < 100, "each pause between two attempts is 100 ms"
