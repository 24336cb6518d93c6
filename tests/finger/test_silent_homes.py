"""Homes that don't answer: how much may wait there, and what else still works."""

import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import rules
from harness.proc import wait_until
from kit import hanging_fs
from kit.hanging_fs import ALICES_PLAN, BOBS_PLAN, HangingFileSystem
from kit.machine import Machine
from kit.parent import workers
from kit.reference import converted
from kit.scanner import ACCESS_PERM, silent_about
from kit.server import FingerServer, Start

pytestmark = [
    pytest.mark.needs("contract"),
    pytest.mark.clock,
    pytest.mark.timeout(100),
    pytest.mark.rule(rules.HANGING_FILES),
]

HOMES = 256
PER_ADDRESS = 16
DESCRIPTORS = 64
PLACES = 17  # with this many descriptors
LEFT_OPEN, OPENING = 2 * PLACES, 20
LARGE_BYTES = 10_000_000
BOB = converted(BOBS_PLAN)
ALICE = converted(ALICES_PLAN)


@pytest.fixture
def alices(bob: Machine) -> Iterator[HangingFileSystem]:
    """Alice's home, a file system of its own, in which no plan can be opened."""
    with hanging_fs.mounted("open", deaf=True, home=bob.homes / "alice") as (_, files):
        yield files


@pytest.mark.rule(rules.RELOAD_FAILS)
def test_it_reloads_no_more_while_too_many_workers_do_not_end(
    bob: Machine, start_as_root: Start
) -> None:
    hosts = [bob.add(f"host{number}") for number in range(4)]
    people = [*hosts, bob.add("zoe", BOBS_PLAN)]
    bob.opt_in(*people)
    with ExitStack() as mounts:
        all_files = [
            mounts.enter_context(hanging_fs.mounted("open", deaf=True, home=host.home))[1]
            for host in hosts
        ]
        server = start_as_root("--deadline", "200ms", "--log", "none")
        for host, files in zip(hosts, all_files):
            (before,) = set(workers(server)) - {int(pid) for pid in stuck(server)}
            server.connect().send(host.login.encode() + b"\r\n")
            assert files.hanging.wait(server.patience), "nothing has hung"
            server.send_signal(signal.SIGHUP)
            assert wait_until(lambda before=before: str(before) in stuck(server), server.patience)
        refusal = "cannot reload, so the old worker goes on: 4 workers were killed and do not end: "
        assert server.reload() == refusal + "a home hangs"
        server.expect(b"zoe", BOB)
        for files in all_files:
            files.let_go()
        assert wait_until(lambda: len(workers(server)) == 1, server.patience)
        assert server.reload().startswith("reloaded: ")


def stuck(server: FingerServer) -> list[str]:
    """Returns the ids of the workers that don't end, according to the log."""
    lines = [line.split() for line in server.log_lines()]
    return [words[1] for words in lines if words[2:6] == ["was", "killed", "and", "does"]]


@pytest.mark.parametrize("kind", ["lookup", "open", "read"])
def test_a_dead_server_with_many_homes_leaves_threads_for_the_others(
    bob: Machine, start_as_root: Start, kind: str
) -> None:
    people = [bob.add(f"host{number:03}") for number in range(HOMES + PER_ADDRESS)]
    bob.opt_in(*people, bob.add("zoe", BOBS_PLAN))
    logins = tuple(person.login.encode() for person in people)
    mounted = hanging_fs.mounted(
        kind, deaf=True, department=bob.move_homes(*people), people=logins
    )
    with mounted as (_, files):
        server = start_as_root("--deadline", "3s", "--max-clients", "1000", "--log", "none")
        for number, login in enumerate(logins):
            server.connect(source=f"127.0.1.{1 + number // PER_ADDRESS}").send(login + b"\r\n")
        assert wait_until(
            lambda: len(files.waiting) == len(people), server.patience
        ), f"{len(files.waiting)} homes hang, and no further one is asked for a plan"
        begin = time.monotonic()
        server.expect(b"zoe", BOB)
        assert time.monotonic() - begin < 1
        files.let_go()
        server.close_clients()


@pytest.mark.rule(rules.OUT_OF_DESCRIPTORS)
@pytest.mark.parametrize(("request_kind", "count"), [("read", LEFT_OPEN), ("open", OPENING)])
def test_files_left_open_in_a_hanging_home_take_no_clients_descriptors(
    request_kind: str, count: int, bob: Machine, start_as_root: Start
) -> None:
    """The clients' places are free again, but fewer while files are left open. An open takes two
    descriptors."""
    people = [bob.add(f"host{number:02}") for number in range(count)]
    others = [bob.add(f"other{number:02}", BOBS_PLAN) for number in range(PLACES)]
    for other in others:
        os.truncate(other.plan, LARGE_BYTES)
    bob.opt_in(*people, *others)
    logins = tuple(person.login.encode() for person in people)
    mounted = hanging_fs.mounted(
        request_kind, deaf=True, department=bob.move_homes(*people), people=logins
    )
    with mounted as (_, files):
        server = start_as_root("--deadline", "2s", "--max-per-ip", "100",
                               descriptor_limit=DESCRIPTORS)  # fmt: skip
        for some in (logins[:PLACES], logins[PLACES:]):
            asking = [server.asking(login) for login in some]
            for client in asking:
                client.wait_for_hang_up(2 + server.patience)
        assert len(files.waiting) == count, "they do not hang: this test tested nothing"
        at_once = [server.asking(other.login.encode(), receive_buffer=4096) for other in others]
        for client in at_once:
            assert client.receive(len(BOB)) == BOB
            client.close()
        files.let_go()
        server.close_clients()


def test_a_scanner_that_does_not_answer_a_read_holds_up_no_other_client(
    bob: Machine, start_as_root: Start
) -> None:
    server = start_as_root("--deadline", "2s", "--log", "none")
    with silent_about(bob.homes / "alice" / ".plan", ACCESS_PERM):
        client = server.asking(b"alice")
        time.sleep(0.3)
        begin = time.monotonic()
        server.expect(b"bob", BOB)
        assert time.monotonic() - begin < 1, "bob waited for what is asked about alice's plan"
        client.wait_for_hang_up(2 + server.patience)
    server.expect(b"alice", converted((bob.homes / "alice" / ".plan").read_bytes()))


def wake_ups(worker: int) -> int:
    """Returns how often the serving thread wakes up in two seconds, starting a second from now."""
    time.sleep(1)
    before = waits_until_now(worker)
    time.sleep(2)
    return waits_until_now(worker) - before


def waits_until_now(worker: int) -> int:
    """Returns how often that thread has waited."""
    status = Path(f"/proc/{worker}/status").read_text()
    return int(re.findall(r"^voluntary_ctxt_switches:\t(\d+)$", status, re.MULTILINE)[0])


def test_a_worker_full_of_clients_of_a_hanging_home_rests(
    alices: HangingFileSystem, start_as_root: Start
) -> None:
    server = start_as_root("--max-clients", "20", "--deadline", "1m", "--query-timeout", "1m")
    for number in range(40):
        server.asking(b"alice", source=f"127.0.0.{2 + number}")
    assert alices.hanging.wait(server.patience), "nothing has hung: this test tested nothing"
    (worker,) = workers(server)
    woken = wake_ups(worker)
    alices.let_go()
    server.close_clients()
    assert woken < 40, f"woken {woken} times in 2 s, with nothing to do"


def test_a_worker_rests_while_a_cancelled_request_does_not_end(
    alices: HangingFileSystem, start_as_root: Start
) -> None:
    """The kernel can't tell when a request becomes cancellable, so the loop has to ask again. But
    how often? A file server may be dead for days, with a thousand homes on it."""
    server = start_as_root("--deadline", "200ms")
    client = server.asking(b"alice")
    assert alices.hanging.wait(server.patience), "nothing has hung: this test tested nothing"
    client.wait_for_hang_up(server.patience)
    (worker,) = workers(server)
    woken = wake_ups(worker)
    alices.let_go()
    server.expect_soon(b"alice", ALICE)
    assert woken < 40, f"woken {woken} times in 2 s, though its clients have gone"
