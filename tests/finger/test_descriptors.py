"""Out of descriptors or threads: clients wait, all are served in the end, the processor rests."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import rules
from conftest import ALICE, ANSWER
from harness.proc import Process, wait_until
from harness.strace import Strace, inject
from kit.client import FingerClient
from kit.parent import replace_worker, workers
from kit.reference import LARGE, converted
from kit.server import FingerServer, Start
from kit.users import Users

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.OUT_OF_DESCRIPTORS)]

LIMIT = 18  # enough for fingerd itself, and for two clients with their homes and plans
PER_CLIENT = 3  # a connection, a home and a plan
CLIENTS = 60
WATCHED_SECONDS = 0.6
MANY = ("--max-per-ip", "1000", "--max-clients", "1000")


def start_with_few(start: Start, *options: str, clients: int = 2) -> FingerServer:
    return start(*MANY, *options, descriptor_limit=LIMIT + PER_CLIENT * (clients - 2))


def connected(server: FingerServer) -> int:
    """Returns how many clients all workers have. Each worker also has its parent, and the newest
    has the listener."""
    return sum(Process(pid).socket_count() - 1 for pid in workers(server)) - 1


def occupy(server: FingerServer) -> list[FingerClient]:
    """Connects more silent clients than the server has descriptors for."""
    clients = [server.connect() for _ in range(CLIENTS)]
    for client in clients:
        client.send(b"ali")
    server.wait_until_busy()
    time.sleep(0.1)  # so that the server accepts as many as it has room for
    return clients


def test_with_sixteen_descriptors_all_are_served_in_the_end(start: Start) -> None:
    server = start_with_few(start)
    clients = [server.asking(b"alice") for _ in range(CLIENTS)]
    for client in clients:
        client.expect_answer(ANSWER)
        client.close()


@pytest.mark.clock
def test_a_shortage_is_told_at_most_once_a_second(server: FingerServer) -> None:
    """Others may use up what the system has, though the daemon leaves each client enough."""
    begin = time.monotonic()
    with Strace(server, *inject("accept4", "ENFILE", "1+")):
        client = server.asking(b"alice")
        time.sleep(WATCHED_SECONDS)  # several tries
    client.expect_answer(ANSWER)
    told = server.stderr_text().count("cannot accept: Too many open files in system\n")
    assert 1 <= told <= 1 + time.monotonic() - begin, server.stderr_text()


def test_slots_that_become_free_go_to_waiting_connections(start: Start) -> None:
    server = start_with_few(start)
    server.expect(b"alice", ANSWER)
    at_rest = server.descriptors_at_rest()
    reading = reading_slowly(server, 2)
    waiting = [server.asking(b"alice") for _ in range(CLIENTS)]
    waiting[0].expect_silence(0.3)
    for client in reading:
        client.take_the_rest()
        client.close()
    for client in waiting:
        client.expect_answer(ANSWER)
        client.close()
    server.wait_for_descriptors(at_rest)


def test_files_shown_before_a_plan_take_no_descriptors_from_others(start: Start) -> None:
    """Asks for everybody's three files at the same time, with no more descriptors than that many
    clients need."""
    count = 10
    server = start_with_few(start, clients=count)
    for number in range(count):
        home = server.users.add(f"user{number}", b"plan\n").parent
        home.joinpath(".project").write_bytes(b"project\n")
        home.joinpath(".pubkey").write_bytes(b"key\n")
    replace_worker(server)  # the old one may still accept whom the new one has no place for
    answer = b"Name: user0\r\nProject: project\r\nkey\r\nplan\r\n"
    for _ in range(10):
        clients = [server.connect() for _ in range(count)]
        for number, client in enumerate(clients):
            client.send(b"/W user%d\r\n" % number)
        for number, client in enumerate(clients):
            client.expect_answer(answer.replace(b"user0", b"user%d" % number))
            client.close()


def test_sockets_that_are_passed_take_no_descriptor_from_clients(
    start: Start, users: Users
) -> None:
    for number in range(22):
        users.add(f"user{number}", ALICE)
    words = ("-c", "import os, socket, sys\n"
             "kept = [socket.create_server(('127.0.0.1', 0)) for _ in range(20)]\n"
             "for each in kept: each.set_inheritable(True)\n"
             "assert kept[0].fileno() == 3\n"
             "os.environ |= {'LISTEN_PID': str(os.getpid()), 'LISTEN_FDS': '20'}\n"
             "os.execvp(sys.argv[1], sys.argv[1:])")  # fmt: skip
    server = start(*MANY, under=(sys.executable, *words), descriptor_limit=LIMIT + 60)
    clients = [server.connect() for _ in range(22)]
    time.sleep(0.1)  # so that the server accepts as many as it has room for
    for number, client in enumerate(clients):
        client.send(b"user%d\r\n" % number)
    answers = [client.receive_until_end() for client in clients]
    # On a busy machine, the server may displace a client that has sent nothing for 250 ms.
    displaced = sum("displaced" in line for line in server.log_lines())
    assert answers.count(ANSWER) + min(displaced, answers.count(b"")) == 22


@pytest.mark.clock
def test_a_lack_of_descriptors_causes_no_busy_loop_and_fills_no_log(start: Start) -> None:
    server = start_with_few(start)
    occupy(server)
    lines, spent = len(server.log_lines()), server.process.cpu_seconds()
    time.sleep(WATCHED_SECONDS)
    spent = server.process.cpu_seconds() - spent
    assert spent < 0.06, f"{spent:.2f} s of processor time in {WATCHED_SECONDS} s"
    more = [line for line in server.log_lines()[lines:] if "displaced" not in line]
    assert len(more) <= 2, f"{len(more)} lines in {WATCHED_SECONDS} s: {more[:5]}"


@pytest.mark.clock
@pytest.mark.parametrize("readers", [1, 3])
def test_a_slow_reader_keeps_no_plan_from_others(start: Start, readers: int) -> None:
    # Each client holds at most its connection, home and plan, so the descriptors for one more are
    # left.
    server = start_with_few(start, "--deadline", "60s", clients=readers + 1)
    slow = reading_slowly(server, readers)
    begin = time.monotonic()
    for _ in range(20):
        server.expect(b"alice", ANSWER)
    took = time.monotonic() - begin
    assert took < 3, f"others have waited {took:.1f} s for those who read slowly"
    for client in slow:
        client.expect_that(client.take_the_rest(), converted(LARGE))


def reading_slowly(server: FingerServer, count: int) -> list[FingerClient]:
    """Returns clients that received the beginning of dora's plan, and don't ask for the
    rest yet."""
    server.users.add("dora", LARGE)
    server.send_signal(signal.SIGHUP)
    server.expect_soon(b"dora", converted(LARGE))
    return [server.reading_slowly(b"dora") for _ in range(count)]


@pytest.mark.parametrize("replaced", [False, True], ids=["same-directory", "another-directory"])
def test_reloads_take_no_descriptor_from_plans(start: Start, replaced: bool) -> None:
    server = start_with_few(start, "--query-timeout", "1m", "--deadline", "1m", clients=4)
    clients = []
    for _ in range(4):  # each begins with the list of a different reload
        clients.append(server.connect())
        clients[-1].send(b"ali")
        # Any worker counts, because for a moment after a reload the old one may still accept.
        assert wait_until(lambda: connected(server) == len(clients), server.patience)  # noqa: B023
        server.reload()
    if replaced:
        server.users.directory.rename(server.users.outside / "before")
        server.users.directory.mkdir()
        server.reload()
    for client in clients:
        client.send(b"ce\r\n")
        client.expect_answer(ANSWER)


def test_a_stop_works_without_a_free_descriptor(start: Start) -> None:
    server = start_with_few(start)
    occupy(server)
    assert server.stop() == 0


@pytest.mark.rule(rules.READY_MEANS_READY)
def test_plans_are_opened_where_no_further_thread_can_be_made(start: Start) -> None:
    """The kernel makes io workers, but they count as the daemon's threads. One exists from the
    start."""
    server = start("--deadline", "10s")
    limit_threads(server, 1)
    time.sleep(6)  # an idle io worker ends after five seconds
    clients = [server.asking(b"alice") for _ in range(3)]
    for client in clients:
        client.expect_answer(ANSWER)
    limit_threads(server, 1000)  # at the end, a sanitizer looks for leaks in a thread of its own


def limit_threads(server: FingerServer, most: int) -> None:
    """Limits the threads of the daemon's user, and does that as this user, not as root."""
    words = ["prlimit", "--pid", str(server.process.pid), f"--nproc={most}:"]
    if os.geteuid() == 0:
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        user, group = re.findall(r"^[UG]id:\t(\d+)", status, re.MULTILINE)
        words[:0] = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"]
    subprocess.run(words, check=True)
