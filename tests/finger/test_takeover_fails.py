"""--takeover that comes to nothing: a successor fails, lies or hangs, and the old one serves on."""

import os
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

import rules
from conftest import ALICE
from harness.needed import need_root
from harness.proc import wait_until
from harness.strace import Strace, inject, stopped_at
from kit.namespace import NOBODY
from kit.reference import converted
from kit.server import FingerServer, Start
from kit.takeover import Impostor, begin, expect_replaced, impostor, path  # noqa: F401

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.TAKEOVER)]


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
