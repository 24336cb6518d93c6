"""Plans that change while they're served. Only that answer may suffer, and no other file shows."""

import os
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

import rules
from conftest import ALICE, ANSWER
from harness.strace import Strace, delay
from kit.client import FingerClient
from kit.load import all_the_while
from kit.reference import LARGE, NO_PLAN, converted
from kit.scanner import ACCESS_PERM, OPEN_PERM, silent_about
from kit.server import FingerServer, Start

pytestmark = [
    pytest.mark.needs("contract"),
    pytest.mark.every_ring,
    pytest.mark.rule(rules.CHANGING),
]

SECRET = b"what no client may see\n"


@pytest.fixture
def server(start: Start) -> FingerServer:
    """A server with a deadline that is long enough for a large plan on an emulated machine."""
    return start("--deadline", "1m")


@pytest.fixture
def reader(server: FingerServer) -> FingerClient:
    """A client that received the beginning of a large plan and reads no more for now."""
    server.users.replace("alice", LARGE)
    return server.reading_slowly(b"alice")


@pytest.mark.parametrize("becomes", ["nothing", "another", "a-link"])
def test_a_plan_that_is_replaced_is_served_as_it_was(
    server: FingerServer, reader: FingerClient, becomes: str
) -> None:
    if becomes == "another":
        server.users.replace("alice", b"another\n")
    else:
        server.users.plan("alice").unlink()
    if becomes == "a-link":
        (server.users.outside / "secret").write_bytes(SECRET)
        server.users.plan("alice").symlink_to("../../secret")
    server.expect(b"alice", b"another\r\n" if becomes == "another" else NO_PLAN)
    reader.expect_that(reader.take_the_rest(), converted(LARGE))


@pytest.mark.parametrize("left", [0, 500, 5_000_000])
def test_an_answer_whose_plan_shrinks_does_not_look_whole(
    server: FingerServer, reader: FingerClient, left: int
) -> None:
    os.truncate(server.users.plan("alice"), left)
    reader.expect_reset()
    assert " became shorter " in server.wait_for_log_lines(1)[0]
    server.expect(b"bob", NO_PLAN)


@pytest.mark.parametrize("left", [0, 500])
def test_a_plan_that_shrinks_before_it_is_open_is_served_as_it_is(
    server: FingerServer, left: int
) -> None:
    """The plan was longer when the daemon found it, but its size at that time is no promise."""
    plan = server.users.plan("alice")
    plan.write_bytes(LARGE)
    with silent_about(plan, OPEN_PERM) as scanner:
        client = server.asking(b"alice")
        scanner.wait_until_asked()
        os.truncate(plan, left)
        scanner.permit()
        client.expect_answer(converted(LARGE[:left]) or NO_PLAN)


@pytest.mark.parametrize(("name", "left"), [(".plan", 0), (".plan", 500), (".project", 0)])
def test_a_plan_that_shrinks_before_it_is_read_does_not_look_whole(
    server: FingerServer, name: str, left: int
) -> None:
    """The plan was longer when the daemon opened it. If it's empty now, nothing was sent yet."""
    plan = server.users.plan("alice").with_name(name)
    plan.write_bytes(LARGE)
    with silent_about(plan, ACCESS_PERM) as scanner:
        client = server.asking(b"alice")
        scanner.wait_until_asked()
        os.truncate(plan, left)
        scanner.permit()
        client.expect_reset()
    assert " became shorter " in server.wait_for_log_lines(1)[0]


def test_a_plan_that_grows_is_served_at_least_as_it_was(
    server: FingerServer, reader: FingerClient
) -> None:
    with open(server.users.plan("alice"), "ab") as plan:
        plan.write(b"and more\n")
    wanted = converted(LARGE)
    assert reader.take_the_rest() in (wanted, wanted + b"and more\r\n")


@pytest.mark.clock
@pytest.mark.rule(rules.DEADLINE)
def test_a_plan_too_long_for_its_deadline_is_not_logged_as_a_hanging_home(start: Start) -> None:
    server = start("--deadline", "2s")
    os.truncate(server.users.plan("alice"), 1 << 36)
    with server.asking(b"alice") as client, suppress(ConnectionResetError):
        while client.socket.recv(1 << 20):
            pass
    assert server.wait_for_exchange().outcome == "timed out"


@pytest.mark.clock
@pytest.mark.rule(rules.DEADLINE)
def test_the_kernel_holds_little_of_an_answer_that_nobody_reads(start: Start) -> None:
    """Otherwise each client would take four megabytes of kernel memory, which none of our limits
    bounds."""
    server = start("--deadline", "1s")
    server.users.replace("alice", LARGE)
    with server.asking(b"alice", receive_buffer=4096):
        assert server.wait_for_exchange().bytes < 1 << 20


def expect_her_plan_or_none(
    server: FingerServer, change: Callable[[int], None], queries: int = 400
) -> None:
    """Asks for alice again and again while her plan changes."""
    with all_the_while(change):
        seen = {server.ask(b"alice") for _ in range(queries)}
    assert seen <= {ANSWER, NO_PLAN}, f"other answers: {seen}"


@pytest.mark.rule(rules.NO_LINKS)
@pytest.mark.parametrize("other", ["link", "pipe"])
def test_a_race_between_a_plan_and_another_file_is_never_won(
    server: FingerServer, other: str
) -> None:
    fresh, plan = server.users.outside / "fresh", server.users.plan("alice")
    (plan.parent / "secret").write_bytes(SECRET)  # within all fences

    def change(number: int) -> None:
        if number % 2 == 0:
            fresh.write_bytes(ALICE)
        elif other == "link":
            fresh.symlink_to("secret")
        else:
            os.mkfifo(fresh)
        os.replace(fresh, plan)

    with Strace(server, *delay("statx", 20_000)):  # after the look
        expect_her_plan_or_none(server, change, queries=40)


@pytest.mark.rule(rules.NO_LINKS)
def test_a_race_between_a_home_and_a_link_is_never_won(server: FingerServer) -> None:
    outside, home = server.users.outside, server.users.directory / "alice"
    (outside / "elsewhere").mkdir()
    (outside / "elsewhere" / ".plan").write_bytes(SECRET)

    def change(number: int) -> None:
        home.rename(outside / "kept")
        home.symlink_to("../elsewhere")
        home.unlink()
        (outside / "kept").rename(home)

    expect_her_plan_or_none(server, change)


@pytest.mark.rule(rules.RESTORE)
def test_nothing_is_left_open_whenever_a_client_goes_away(start: Start) -> None:
    server = start("--max-per-ip", "100")
    server.users.replace("alice", LARGE)
    server.expect(b"bob", NO_PLAN)
    at_rest = server.descriptors_at_rest()
    for number in range(80):
        client = server.asking(b"alice", receive_buffer=4096)
        if number % 4:
            client.receive(number * 100)
        (client.close, client.reset)[number % 2]()
    server.wait_for_descriptors(at_rest)
