"""--takeover: a server is replaced while it runs, and no client notices."""

from __future__ import annotations

import os
import resource
import socket
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import rules
from harness.frames import frame, header
from harness.proc import wait_until
from harness.server import START_SECONDS, Server
from harness.strace import stopped_at
from harness.successor import Impostor, Load
from harness.target import Target
from harness.verdict import ContractBroken

pytestmark = pytest.mark.needs("takeover")

WORKERS = [pytest.param((), id="one"), pytest.param(("--workers", "3"), id="workers")] + [
    pytest.param(("--workers", "3", "--accept", how), id=how, marks=pytest.mark.option("--accept"))
    for how in ("exclusive", "shared")
]
NOBODY = 65534
PER_SECOND = 1000


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Where servers meet their successors."""
    return str(tmp_path / "takeover")


@pytest.fixture
def begin(start: Callable[..., Server], path: str) -> Callable[..., Server]:
    """Starts a server that can be replaced, or one that replaces it."""
    return lambda *options, **how: start("--takeover", path, *options, **how)


@pytest.fixture
def impostor(path: str, patience: float) -> Iterator[Callable[[], Impostor]]:
    """Makes processes that ask to take over, and never do."""
    made: list[Impostor] = []

    def ask() -> Impostor:
        made.append(Impostor(path, patience))
        return made[-1]

    yield ask
    for one in made:
        one.close()


def expect_replaced(old: Server, new: Server) -> None:
    """The new one serves on the same port, and the old one ends in good order."""
    assert new.address == old.address
    old.expect_exit()
    with new.connect() as client:
        client.echo(b"who serves?")


def exchange(server: Server) -> Callable[[], None]:
    """A connection, a message and its answer."""

    def ask() -> None:
        with socket.create_connection(server.address, timeout=server.patience) as client:
            client.sendall(frame(b"hello"))
            with client.makefile("rb") as stream:
                assert stream.read(len(frame(b"hello"))) == frame(b"hello"), "the answer is missing"

    return ask


@pytest.mark.rule(rules.TAKEOVER)
@pytest.mark.parametrize("options", WORKERS)
def test_the_new_server_serves_and_the_old_one_ends(
    begin: Callable[..., Server], options: tuple[str, ...]
) -> None:
    last = begin(*options)
    for _ in range(3):
        new = begin(*options)
        expect_replaced(last, new)
        last = new


@pytest.mark.rule(rules.TAKEOVER_CONVERSATION)
@pytest.mark.parametrize("options", WORKERS)
def test_conversations_are_finished_by_the_old_server(
    begin: Callable[..., Server], options: tuple[str, ...]
) -> None:
    old = begin("--drain-timeout", "30s", *options)
    silent, talking = old.connect(), old.connect()
    talking.echo(b"before")
    talking.send(header(6) + b"hal")
    # After the others in the backlog, so that these have been accepted when it is answered.
    assert wait_until(lambda: old.process.socket_count() >= 4, old.patience)
    new = begin(*options)
    talking.send(b"ves")
    talking.expect(b"halves")
    silent.echo(b"the first")
    talking.echo(b"the last")
    new.connect().echo(b"elsewhere")
    assert old.is_alive(), "it has left its clients alone"
    for server in (old, new):  # what was meant for the new one may be with the old one
        server.close_clients()
    old.expect_exit()


@pytest.mark.clock
@pytest.mark.rule(rules.TAKEOVER_CONVERSATION)
def test_who_stays_too_long_is_drained(begin: Callable[..., Server]) -> None:
    old = begin("--drain-timeout", "300ms")
    idle = old.connect()
    idle.echo(b"idle from now on")
    new = begin()
    old.expect_exit()
    idle.expect_end()
    new.connect().echo(b"on time")


@pytest.mark.rule(rules.TAKEOVER)
@pytest.mark.parametrize("options", [(), ("--workers", "3")], ids=["one", "workers"])
def test_who_waits_in_the_backlog_is_served_by_the_new_server(
    begin: Callable[..., Server], options: tuple[str, ...]
) -> None:
    old = begin("--max-connections", "1", *options)
    inside = old.connect()
    inside.echo(b"has the only place")
    waiting = [old.connect() for _ in range(20)]
    for client in waiting:
        client.send_messages(b"still in the backlog")
    new = begin(*options)
    for client in waiting:
        client.expect(b"still in the backlog")
    inside.echo(b"still with the old server")
    inside.close()
    old.expect_exit()
    assert new.is_alive()


def descriptors_at_rest(server: Server) -> int:
    """With one client: when that is served, the server has opened all that it keeps."""
    server.connect().echo(b"has begun")
    return server.process.descriptor_count()


@pytest.mark.rule(rules.TAKEOVER_FAILS)
@pytest.mark.parametrize(
    "said", [None, b"", b"?", b"GET / HTTP/1.1\r\n\r\n"],
    ids=["hangs", "hangs-up", "rubbish", "http"],
)  # fmt: skip
def test_an_impostor_changes_nothing(
    begin: Callable[..., Server], impostor: Callable[[], Impostor], said: bytes | None
) -> None:
    old = begin()
    at_rest = descriptors_at_rest(old)
    one = impostor()
    assert one.receive() == b"."
    assert len(one.descriptors) == 2
    if said is not None:
        one.say(said) if said else one.close()
        old.wait_for_descriptors(at_rest)
    old.connect().echo(b"still here")
    old.close_clients()
    expect_replaced(old, begin())


@pytest.mark.rule(rules.TAKEOVER_FAILS)
def test_the_latest_who_asks_is_the_one(
    begin: Callable[..., Server], impostor: Callable[[], Impostor]
) -> None:
    old = begin()
    hanging = impostor()
    assert hanging.receive() == b"."
    new = begin()
    assert hanging.receive() == b"n", "it was not told that another was quicker"
    expect_replaced(old, new)


def begun(target: Target, options: tuple[str, ...], **how: object) -> subprocess.Popen[str]:
    """A server that cannot start."""
    return subprocess.Popen(  # type: ignore[call-overload]
        target.words("0", options), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how
    )


def outcome(server: subprocess.Popen[str]) -> tuple[int, str]:
    """Its exit status and stderr."""
    try:
        stdout, stderr = server.communicate(timeout=START_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        stdout, _ = server.communicate()
        raise ContractBroken(f"it should have ended, and runs on, with {stdout!r}") from None
    assert stdout == "", "it said that it listens"
    return server.returncode, stderr


def end_of(target: Target, options: tuple[str, ...], **how: object) -> tuple[int, str]:
    """What becomes of a server that cannot start."""
    return outcome(begun(target, options, **how))


@pytest.mark.rule(rules.TAKEOVER_FAILS)
def test_a_server_that_cannot_start_leaves_the_old_one_serving(
    begin: Callable[..., Server], target: Target, path: str
) -> None:
    def descriptors(limit: int) -> Callable[[], None]:
        return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

    old = begin("--workers", "3")
    at_rest = descriptors_at_rest(old)
    takeover = ("--takeover", path)
    status, said = end_of(target, (*takeover, "--workers", "2"))
    assert status == 1 and "3 listening sockets" in said and "--workers" in said
    assert end_of(target, (*takeover, "--workers", "none"))[0] == 2
    for limit in (6, 9, 12):  # it fails to receive them, to offer them, and to make its loops
        few = end_of(target, (*takeover, "--workers", "3"), preexec_fn=descriptors(limit))
        assert few[0] == 1, few
    old.wait_for_descriptors(at_rest)
    old.connect().echo(b"still here")
    old.close_clients()
    expect_replaced(old, begin("--workers", "4"))


@pytest.mark.rule(rules.TAKEOVER_FAILS)
def test_a_server_that_is_killed_on_its_way_leaves_the_old_one_serving(
    begin: Callable[..., Server], start: Callable[..., Server], path: str
) -> None:
    old = begin()
    # Stopped at its first word to the old server, which is that it serves.
    failing = start("--takeover", path, ready=False, under=stopped_at("sendto"))
    assert wait_until(lambda: failing.process.socket_count() >= 3, old.patience)
    old.connect().echo(b"the new one hangs")
    failing.kill()
    failing.may_be_gone = True
    old.connect().echo(b"still here")
    old.close_clients()
    expect_replaced(old, begin())


@pytest.mark.rule(rules.TAKEOVER_FAILS)
def test_the_old_server_may_go_while_the_new_one_starts(
    begin: Callable[..., Server], impostor: Callable[[], Impostor]
) -> None:
    old = begin()
    one = impostor()
    assert one.receive() == b"."
    old.expect_stop()
    assert one.receive() == b""
    with socket.create_connection(old.address, timeout=old.patience):
        accepted, _ = one.descriptors[1].accept()
        accepted.close()


@pytest.mark.rule(rules.TAKEOVER_OWNER)
def test_another_user_is_refused(
    begin: Callable[..., Server], path: str, patience: float
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    old = begin()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    os.chmod(path, 0o666)  # as if the mode did not say it already
    for directory in Path(path).parents:
        if directory.is_relative_to(tempfile.gettempdir()) and directory.owner() == "root":
            os.chmod(directory, stat.S_IMODE(os.stat(directory).st_mode) | 0o055)
    asking = subprocess.run(
        ["/usr/bin/python3", "-c", "import socket, sys; s = socket.socket(socket.AF_UNIX); "
         f"s.settimeout({patience}); s.connect(sys.argv[1]); "
         "print(*socket.recv_fds(s, 1, 9)[:2])", path],
        user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert asking.stdout == "b'' []\n", f"it was given {asking.stdout}{asking.stderr}"
    assert any(f"uid {NOBODY}" in line for line in old.wait_for_log_lines(1))
    expect_replaced(old, begin())


@pytest.mark.rule(rules.TAKEOVER_OWNER)
def test_another_users_server_is_not_trusted(
    begin: Callable[..., Server], target: Target, path: str
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    with socket.socket(socket.AF_UNIX) as bait, socket.create_server(("127.0.0.1", 0)) as theirs:
        bait.bind(path)
        os.chown(path, NOBODY, NOBODY)
        os.seteuid(NOBODY)
        try:
            bait.listen()
        finally:
            os.seteuid(0)
        running = begun(target, ("--takeover", path))
        client, _ = bait.accept()
        with client:
            with suppress(BrokenPipeError):  # it may have hung up already
                socket.send_fds(client, [b"."], [bait.fileno(), theirs.fileno()])
            status, said = outcome(running)
        assert status == 1 and f"uid {NOBODY}" in said, said


@pytest.mark.rule(rules.TAKEOVER_STALE)
def test_a_socket_file_that_nobody_listens_at_is_no_obstacle(
    begin: Callable[..., Server], path: str
) -> None:
    killed = begin()
    killed.kill()
    killed.may_be_gone = True
    assert stat.S_ISSOCK(os.stat(path).st_mode)
    old = begin()
    with old.connect() as client:
        client.echo(b"the port is new")
    expect_replaced(old, begin())


@pytest.mark.rule(rules.TAKEOVER_STALE)
def test_a_file_that_is_no_socket_is_left_alone(
    begin: Callable[..., Server], target: Target, path: str
) -> None:
    Path(path).write_text("precious")
    status, said = end_of(target, ("--takeover", path))
    assert status == 1 and path in said
    assert Path(path).read_text() == "precious"


@pytest.mark.rule(rules.TAKEOVER_FAILS)
@pytest.mark.parametrize("sent, line", [
    (b"", "does not hand its sockets over"), (b"1hello", "does not hand its sockets over"),
    (b"2", "(it says '2', and we know '1'): stop it first"),
    (b"\x1b", "(it says '\\x1b', and we know '1'): stop it first")],
    ids=["hangs-up", "rubbish", "later-version", "no-version"])  # fmt: skip
def test_what_answers_and_hands_nothing_over_is_told(
    target: Target, path: str, sent: bytes, line: str
) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(path)
        other.listen()
        running = begun(target, ("--takeover", path))
        client, _ = other.accept()
        with client:
            client.sendall(sent)
        status, said = outcome(running)
        assert status == 1 and line in said, said


@pytest.mark.rule(rules.TAKEOVER)
def test_an_old_server_that_is_asked_to_stop_drains(begin: Callable[..., Server]) -> None:
    old = begin("--drain-timeout", "30s")
    idle = old.connect()
    idle.echo(b"idle from now on")
    new = begin()
    new.connect().echo(b"it has taken over")
    old.expect_stop()
    idle.expect_end()


def take_over_under_load(begin: Callable[..., Server], options: tuple[str, ...], times: int) -> int:
    """So many takeovers; how many exchanges there were meanwhile. None may be lost."""
    last = begin(*options)
    with Load(exchange(last), PER_SECOND, last.patience) as load:
        for _ in range(times):
            new = begin(*options)
            last.expect_exit()
            last = new
            load.wait_for_answers(20)
            assert load.lost == [], load.lost
        load.wait_for_answers(20)
    assert load.lost == [], load.lost
    last.expect_stop()
    return load.answered


@pytest.mark.rule(rules.TAKEOVER)
@pytest.mark.clock
@pytest.mark.parametrize("options", WORKERS)
def test_no_exchange_is_lost_under_load(
    begin: Callable[..., Server], options: tuple[str, ...]
) -> None:
    take_over_under_load(begin, options, 5)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.rule(rules.TAKEOVER)
@pytest.mark.clock
@pytest.mark.parametrize("options", WORKERS)
def test_a_hundred_takeovers_lose_nothing(
    begin: Callable[..., Server], options: tuple[str, ...], record_property: Callable[..., None]
) -> None:
    record_property("exchanges", take_over_under_load(begin, options, 100))
