"""--workers: a pool of threads in part2, and from part5 on several loops that share one limit."""

import resource
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import rules
from harness import limits, sockdiag
from harness.at_rest import expect_rest
from harness.client import Client
from harness.crowd import answered, crowd, expect_all_served
from harness.proc import wait_until
from harness.server import Server, Start
from harness.strace import from_start, inject
from harness.target import Target
from harness.usage import expect_wrong_usage
from harness.verdict import ContractBroken

TRIES_A_SECOND = 10  # to accept, without descriptors: one in 100 ms
MANY = 20  # workers; the locked memory of an ordinary user has room for some fifty rings
TURNS = 20
ROUNDS = 20  # a single round finds an error of this kind in one of three cases
WAYS = [pytest.param((), id="default")] + [
    pytest.param(("--accept", how), id=how, marks=pytest.mark.option("--accept"))
    for how in ("reuseport", "exclusive", "shared")
]


def expect_served(clients: list[Client], count: int, patience: float) -> None:
    """Expects that `count` clients get an answer, and no more within a short while."""
    assert wait_until(lambda: len(answered(clients)) >= count, patience), (
        f"{len(answered(clients))} of {len(clients)} clients are served within {patience:g} s, and "
        f"{count} have a place")
    time.sleep(0.1)
    served = len(answered(clients))
    assert served == count, f"{served} are served at a limit of {count}"


# part2: a fixed pool


@pytest.mark.needs("pool")
@pytest.mark.rule(rules.POOL)
def test_a_pool_has_as_many_threads_as_it_was_told(start: Start) -> None:
    server = start("--workers", "4")
    for _ in range(4):
        server.connect().echo(b"served")
    before = server.process.thread_count()
    waiting = [server.connect() for _ in range(20)]
    added = wait_until(lambda: server.process.thread_count() > before, 0.2)
    assert not added, "threads were added for clients"
    for client in waiting:
        client.expect_silence(0.001)


@pytest.mark.needs("pool")
@pytest.mark.rule(rules.POOL)
def test_as_many_slow_clients_as_workers_keep_the_next_one_waiting(start: Start) -> None:
    server = start("--workers", "3")
    slow = [server.connect() for _ in range(3)]
    for client in slow:
        client.echo(b"has a thread, and says nothing more")
    following = server.connect()
    following.send_messages(b"waits for a thread")
    following.expect_silence(0.3)
    slow[1].close()
    following.expect(b"waits for a thread")


@pytest.mark.needs("pool")
@pytest.mark.rule(rules.DRAIN_IDLE)
@pytest.mark.clock
def test_a_pool_stops_at_once_with_its_clients_idle(start: Start) -> None:
    server = start("--workers", "3")
    for _ in range(3):
        server.connect().echo(b"idle from now on")
    waiting = server.connect()
    begin = time.monotonic()
    server.expect_stop()
    took = time.monotonic() - begin
    assert took < 3.0, f"the stop took {took:.1f} s, with nothing but idle clients; at most 3 s"
    waiting.wait_for_hang_up()


@pytest.mark.needs("pool")
@pytest.mark.rule(rules.MAX_CONNECTIONS)
def test_a_limit_below_the_pool_holds(start: Start) -> None:
    server = start("--workers", "4", "--max-connections", "2")
    expect_served(crowd(server, 5), 2, server.patience)


# part5 and later: several loops


@pytest.mark.needs("workers")
@pytest.mark.rule(rules.WORKERS)
@pytest.mark.parametrize("how", WAYS)
def test_every_way_to_accept_serves_everybody(start: Start, how: tuple[str, ...]) -> None:
    server = start("--workers", "3", *how)
    clients = [server.connect() for _ in range(60)]
    for turn in range(3):
        for number, client in enumerate(clients):
            client.send_messages(b"%d of %d" % (number, turn))
        for number, client in enumerate(clients):
            client.expect(b"%d of %d" % (number, turn))


@pytest.mark.needs("workers")
@pytest.mark.rule(rules.WORKERS)
def test_one_worker_serves_everybody(start: Start) -> None:
    server = start("--workers", "1")
    for client in [server.connect() for _ in range(20)]:
        client.echo(b"there is nobody else to do it")
    server.expect_stop()


@pytest.mark.needs("workers")
@pytest.mark.rule(rules.SO_MANY_WORKERS)
def test_four_workers_are_more_than_one(start: Start) -> None:
    # If a worker is a thread, there must be more threads, and so on. It's the server's business
    # which of these a worker is, and whether it's started before there is work for it.
    one, four = (workers_at_work(start("--workers", number)) for number in ("1", "4"))
    assert four - one, (
        f"with --workers 4 there is no more of anything than with --workers 1: {in_words(four)}. "
        "Is the option read and then not used?")


@pytest.mark.needs("workers")
@pytest.mark.rule(rules.SO_MANY_WORKERS)
def test_more_than_one_of_four_workers_has_clients(start: Start) -> None:
    server = start("--workers", "4")
    for _ in range(4):
        server.pause()  # so that new connections wait for whichever workers wake up
        clients = [server.connect() for _ in range(25)]
        server.resume()
        for client in clients:
            client.echo(b"accepted")
    before = server.process.switches_of_threads()
    if len(before) < 4:
        pytest.skip("a worker of this server is no thread and no process, so its clients cannot "
                    "be seen from outside")
    for _ in range(TURNS):
        for client in server.clients:
            client.send_messages(b"work")
        for client in server.clients:
            client.expect(b"work")
    after = server.process.switches_of_threads()
    busy = sum(count - before.get(thread, count) >= TURNS // 2 for thread, count in after.items())
    assert busy > 1, (
        f"with --workers 4, a hundred clients sent {TURNS} messages each, and {busy} of "
        f"{len(after)} threads had work: do all clients land in one loop?")


def workers_at_work(server: Server) -> Counter[str]:
    """Counts everything that a worker may be, at its most while clients are served."""
    most: Counter[str] = Counter()
    clients = [server.connect() for _ in range(40)]
    for turn in range(3):
        for client in clients:
            client.send_messages(b"work")
        most |= what_there_is(server)
        for client in clients:
            client.expect(b"work")
        most |= what_there_is(server)
    return most


def what_there_is(server: Server) -> Counter[str]:
    """Counts the listeners, processes, threads, epolls and rings of the server and of all that it
    started."""
    found = Counter({"listeners": len(sockdiag.listeners(server.address[1]))})
    for process in server.tree.members():
        try:
            own = [one for one in process.thread_ids() if not process.is_of_the_kernel(one)]
            found += Counter({"processes": 1, "threads": len(own),
                              "epolls and rings": process.wait_count()})
        except OSError:
            continue  # the process, or one of its threads, has just ended
    return found


def in_words(found: Counter[str]) -> str:
    """Returns, for instance, `1 listeners, 5 threads`."""
    return ", ".join(f"{count} {what}" for what, count in sorted(found.items()))


@pytest.mark.needs("workers", "max-connections")
@pytest.mark.rule(rules.WORKERS)
@pytest.mark.parametrize("how", WAYS)
def test_the_limit_counts_for_all_workers_together(start: Start, how: tuple[str, ...]) -> None:
    limit = 6
    server = start("--workers", "3", *how, "--max-connections", str(limit))
    clients = crowd(server, 20)
    expect_served(clients, limit, server.patience)
    for client in answered(clients)[:2]:
        client.close()
        clients.remove(client)
    expect_served(clients, limit, server.patience)


@pytest.mark.needs("workers", "max-connections")
@pytest.mark.rule(rules.WORKERS)
@pytest.mark.parametrize("how", WAYS)
def test_a_slot_freed_in_one_worker_serves_a_client_that_waits_at_another(
    start: Start, how: str
) -> None:
    # If each worker has a listener, new connections wait in several backlogs, but a place comes
    # free in one worker only. Where they wait is up to chance, so a server that wakes too few may
    # be lucky.
    server = start("--workers", "4", *how, "--max-connections", "1")
    for _ in range(ROUNDS):
        expect_all_served(crowd(server, 13), server.patience)  # one of them has the only place


@pytest.mark.clock
@pytest.mark.needs("workers", "max-connections")
@pytest.mark.rule(rules.REST)
@pytest.mark.parametrize("how", WAYS)
def test_workers_at_the_limit_rest(start: Start, how: tuple[str, ...]) -> None:
    server = start("--workers", "3", *how, "--max-connections", "2")
    for _ in range(10):
        server.connect().send_messages(b"waits or is served")
    time.sleep(0.1)
    expect_rest(server, "while new connections wait for a place")


@pytest.mark.clock
@pytest.mark.needs("workers")
@pytest.mark.rule(rules.DRAIN)
@pytest.mark.parametrize("how", WAYS)
def test_all_workers_stop_on_one_signal(start: Start, how: tuple[str, ...]) -> None:
    server = start("--workers", "3", *how)
    clients = [server.connect() for _ in range(30)]
    for client in clients:
        client.echo(b"idle from now on")
    begin = time.monotonic()
    server.expect_stop()
    took = time.monotonic() - begin
    assert took < 3.0, f"the stop took {took:.1f} s, with nothing but idle clients; at most 3 s"
    for client in clients:
        client.expect_end()


@pytest.mark.needs("workers")
@pytest.mark.rule(rules.OWN_ANSWERS)
def test_clients_of_all_workers_get_their_own_bytes_back(start: Start) -> None:
    # A loop may share its buffers among all of its clients, but loops can't share them with each
    # other.
    server = start("--workers", "4")
    clients = [server.connect() for _ in range(16)]

    def talk(client: Client, letter: bytes) -> None:
        for _ in range(100):
            client.echo(letter * 20_000)

    with ThreadPoolExecutor(len(clients)) as pool:
        for ended in [pool.submit(talk, client, bytes([ord("a") + number]))
                      for number, client in enumerate(clients)]:
            ended.result()


@pytest.mark.clock
@pytest.mark.needs("workers", "read-timeout")
@pytest.mark.rule(rules.READ_TIMEOUT)
def test_every_worker_watches_the_clock(start: Start) -> None:
    server = start("--workers", "3", "--read-timeout", "300ms")
    begin = time.monotonic()
    clients = [server.connect() for _ in range(12)]
    for client in clients:
        client.expect_end()
    waited = time.monotonic() - begin
    assert waited >= 0.3, f"the last one was closed after {waited:.3f} s, not after 0.3 s"


@pytest.mark.needs("workers")
@pytest.mark.rule(rules.OUT_OF_DESCRIPTORS)
@pytest.mark.parametrize("how", WAYS)
def test_workers_out_of_descriptors_serve_everybody_in_the_end(start: Start, how: str) -> None:
    server = start("--workers", "3", *how, descriptor_limit=48)
    expect_all_served(crowd(server, 80), server.patience)


def expect_all_threads_or_none(start: Start, log: Path) -> None:
    """Expects the server to log a line and end if it can't start a worker's thread."""
    failing = inject("clone,clone3", "EAGAIN", "2+")  # the first thread may be for anything
    server = start("--workers", "4", ready=False, under=from_start(log, *failing))
    status = server.wait_exit()
    assert "(INJECTED)" in log.read_text(), "no thread failed: this test tested nothing"
    assert status == 1, f"exit status {status}, not 1"
    lines = server.stderr_text().splitlines()
    assert len(lines) == 1, f"{len(lines)} lines on stderr, not 1: {lines}"
    assert "thread" in lines[0], f"the line does not say what is missing: {lines[0]}"
    assert server.stdout_text() == "", "it has said that it listens, and cannot run"


@pytest.mark.needs("pool")
@pytest.mark.rule(rules.CANNOT_RUN)
def test_a_pool_with_a_thread_missing_does_not_run(start: Start, tmp_path: Path) -> None:
    expect_all_threads_or_none(start, tmp_path / "trace")


@pytest.mark.needs("workers")
@pytest.mark.rule(rules.CANNOT_RUN)
def test_workers_do_not_run_when_one_is_missing(
    start: Start, target: Target, tmp_path: Path
) -> None:
    if target.name == "yours":
        pytest.skip("which of its threads are workers is not to be seen from outside")
    expect_all_threads_or_none(start, tmp_path / "trace")


def switches(server: Server) -> int:
    """Returns how often all threads together went to sleep."""
    return sum(server.process.switches_of_threads().values())


def leave_few_descriptors(server: Server) -> None:
    """Leaves 20 more descriptors to all the workers, however many they have already. If a worker is
    a process, it has at least one more."""
    more = max(20 // len(server.tree.pids()), 1)
    server.tree.limit(resource.RLIMIT_NOFILE, lambda one: one.descriptor_count() + more)


def expect_a_line_a_second(server: Server) -> None:
    """Expects one line a second from all workers together if there are more clients than
    descriptors."""
    begin, before = time.monotonic(), len(server.log_lines())
    for _ in range(200):
        server.connect()
    time.sleep(1.3)
    lines = server.log_lines()[before:]
    took = time.monotonic() - begin
    if not lines:
        raise ContractBroken(
            f"200 clients came, the server may have {server.process.soft_descriptor_limit()} "
            "descriptors, and it logged nothing in 1.3 s: a fault of its own, as a shortage is, is "
            "worth a line", rule=rules.LOGS)
    assert len(lines) <= 1 + took, f"{len(lines)} lines in {took:.1f} s: {lines[:5]}"


@pytest.mark.clock
@pytest.mark.needs("pool")
@pytest.mark.rule(rules.OUT_OF_DESCRIPTORS)
def test_a_pool_out_of_descriptors_reports_it_once_a_second(start: Start) -> None:
    expect_a_line_a_second(start("--workers", "60", descriptor_limit=32))


@pytest.mark.clock
@pytest.mark.needs("workers")
@pytest.mark.rule(rules.OUT_OF_DESCRIPTORS)
@pytest.mark.parametrize("how", WAYS)
def test_workers_out_of_descriptors_report_it_once_a_second(
    start: Start, how: tuple[str, ...]
) -> None:
    server = start("--workers", str(MANY), *how)
    if server.process.checks_types_by_descriptor():
        pytest.skip(limits.UBSAN_NEEDS_DESCRIPTORS)
    leave_few_descriptors(server)
    expect_a_line_a_second(server)


@pytest.mark.clock
@pytest.mark.needs("workers")
@pytest.mark.rule(rules.OUT_OF_DESCRIPTORS)
def test_workers_out_of_descriptors_do_not_wake_each_other(start: Start, target: Target) -> None:
    if target.name == "yours":
        pytest.skip("what else its threads wait for is not to be seen from outside")
    server = start("--workers", str(MANY))
    if server.process.checks_types_by_descriptor():
        pytest.skip(limits.UBSAN_NEEDS_DESCRIPTORS)
    leave_few_descriptors(server)
    for _ in range(500):
        server.connect()
    time.sleep(2.5)  # long enough for anything that grows with each try to show
    begin, before = time.monotonic(), switches(server)
    time.sleep(1)
    took = time.monotonic() - begin
    each = (switches(server) - before) / took / MANY
    assert each < 2.5 * TRIES_A_SECOND, (
        f"each of {MANY} workers has slept {each:.0f} times a second; it has to try whether "
        f"there is a descriptor {TRIES_A_SECOND} times")


@pytest.mark.needs("workers")
@pytest.mark.rule(rules.WRONG_USAGE)
@pytest.mark.option("--accept")
def test_an_unknown_way_to_accept_is_wrong_usage(start: Start) -> None:
    expect_wrong_usage(start("--accept", "thundering", ready=False), "--accept")
