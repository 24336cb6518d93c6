"""--ring and --spin: how the server sets up its ring, and its messages if it can't have one."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import pytest

import rules
from harness.confined import IO_URING_SETUP, confined, skip_if_impossible
from harness.frames import distinct_payloads, frame, header
from harness.memory import MEBIBYTE, in_units, need_own_memory
from harness.proc import Process, is_sanitized
from harness.server import Server, Start
from harness.strace import ACCEPT_CALLS, TO_END_UNDER_STRACE, Strace, inject
from harness.target import Target

pytestmark = [pytest.mark.needs("ring"), pytest.mark.option("--ring")]

SECCOMP = ("seccomp", "io_uring_setup")
SECURITY_MODULE = ("security module", "SELinux")
RELEASE = os.uname().release
NO_RING_AT_ALL = ("Linux 6.1 or newer with io_uring is needed", RELEASE, "CONFIG_IO_URING")
TOO_OLD = ("Linux 6.1 or newer is needed", RELEASE)
SWITCHED_OFF = ("sysctl -w kernel.io_uring_disabled=0",)
BUFFERS = 2  # for a ring that has few of everything
TINY = ("--ring", f"entries=4,completions=8,buffers={BUFFERS}")
ROUNDS = 10
LOCKED_MEMORY = ("locked memory", "ulimit -l")

NO_RINGS = (
    "bogus", "none", "SQPOLL", "sqpoll,", ",sqpoll", "sqpoll,,sqpoll", "sqpoll sqpoll",
    "sqpoll=1", "entries", "entries=", "entries=3", "entries=32769",
    "entries=4k", "entries=+4", "entries=0x10", "entries= 4", "buffers=0", "buffers=3",
    "buffers=-2", "completions=0", "completions=65537",
    "buffers=65536", "buffer-bytes=0", "buffer-bytes=1048577", "buffer-bytes=16K",
    "entries=99999999999999999999",
)  # fmt: skip


def expect_end(server: Server, status: int, *named: str) -> None:
    """Expects this exit status, one line on stderr that names all of these, and nothing
    on stdout."""
    ended = server.wait_exit()
    skip_if_impossible(ended, server.stderr_text())
    lines = server.stderr_text().splitlines()
    assert ended == status, f"exit status {ended}, not {status}, after {lines}"
    assert len(lines) == 1, f"{len(lines)} lines on stderr, not 1: {lines}"
    for word in named:
        assert word in lines[0], f"the line does not name {word}: {lines[0]}"
    assert server.stdout_text() == ""


@cache
def is_counted_as_locked_memory() -> bool:
    """Returns true if this kernel counts a ring as locked memory; Linux 6.1 does not."""
    program = (
        "import ctypes; parameters = ctypes.create_string_buffer(120);"
        f"exit(ctypes.CDLL(None).syscall({IO_URING_SETUP}, 1024, parameters) < 0)"
    )
    return subprocess.run([*confined("memlock=0"), sys.executable, "-c", program]).returncode == 1


@pytest.mark.rule(rules.NO_RING)
@pytest.mark.parametrize(
    ("restrictions", "named"),
    [
        pytest.param(("ring=EPERM",), SECCOMP, id="seccomp-EPERM"),
        pytest.param(("ring=EACCES",), SECURITY_MODULE, id="security-module"),
        pytest.param(("ring=ENOSYS",), NO_RING_AT_ALL, id="seccomp-ENOSYS"),
        pytest.param(("ring=EINVAL",), TOO_OLD, id="kernel-too-old"),
        pytest.param(("disabled=2", "ring=EPERM"), SWITCHED_OFF, id="switched-off"),
        pytest.param(("enter=EPERM",), SECCOMP, id="seccomp-EPERM-of-one-call"),
        pytest.param(("enter=ENOSYS",), NO_RING_AT_ALL, id="seccomp-ENOSYS-of-one-call"),
        pytest.param(("memlock=0",), LOCKED_MEMORY, id="no-locked-memory"),
        pytest.param(("memlock=8192",), LOCKED_MEMORY, id="little-locked-memory"),
    ],
)
@pytest.mark.parametrize("workers", ["1", "3"])
def test_one_line_says_why_there_can_be_no_ring(
    start: Start,
    restrictions: tuple[str, ...],
    named: tuple[str, ...],
    workers: str,
) -> None:
    if named == LOCKED_MEMORY and not is_counted_as_locked_memory():
        pytest.skip("this kernel does not count a ring as locked memory")
    server = start("--workers", workers, "--ring", "entries=1024", ready=False,
                   under=confined(*restrictions))  # fmt: skip
    expect_end(server, 1, "io_uring cannot be used: ", *named)


@pytest.fixture
def own_memory(target: Target) -> None:
    """Skips a sanitizer's build, because a sanitizer's runtime takes terabytes of address space."""
    program = shutil.which(target.command[0])
    if program is not None and is_sanitized(Path(program)):
        pytest.skip("in a sanitizer's build memory is the sanitizer's")


@pytest.mark.usefixtures("own_memory")
@pytest.mark.rule(rules.NO_RING)
def test_buffers_for_which_there_is_no_memory_are_explained(start: Start) -> None:
    server = start("--ring", "buffer-bytes=1048576,buffers=32768", ready=False,
                   under=("prlimit", f"--as={4 << 30}"))  # fmt: skip
    expect_end(server, 1, "io_uring cannot be used: ", "memory")


@pytest.mark.usefixtures("own_memory")
@pytest.mark.rule(rules.NO_RING)
def test_buffers_that_nobody_has_used_take_no_memory(start: Start) -> None:
    server = start("--ring", "buffer-bytes=262144,buffers=4096")  # 1 GiB
    server.connect().echo(b"one of them is used")
    assert Process(server.pid).rss_bytes() < 200 << 20


@pytest.mark.usefixtures("own_memory")
@pytest.mark.rule(rules.NO_RING)
@pytest.mark.parametrize(("limit", "named"), [
    ("--as=20000000", "address space (-v)"), ("--data=1000000", "data (-d)"),
])
def test_the_limit_that_leaves_no_memory_is_named(start: Start, limit: str, named: str) -> None:
    server = start("--ring", "buffers=256", ready=False, under=("prlimit", limit))
    expect_end(server, 1, "io_uring cannot be used: ", named)


@pytest.mark.rule(rules.RINGS)
def test_the_ring_has_room_for_the_end_of_all_clients(start: Start) -> None:
    # With less room, a stop of many clients takes many times as long.
    for ring, completions in [("entries=256", 8192), ("entries=4", 8192),
                              ("entries=4,completions=8", 8)]:
        server = start("--ring", ring)
        infos = (file.read_text() for file in Path(f"/proc/{server.pid}/fdinfo").iterdir())
        masks = [int(mask, 16) for info in infos for mask in re.findall(r"CqMask:\s*(\S+)", info)]
        assert masks == [completions - 1], f"{ring}: {masks}"


@pytest.mark.rule(rules.NO_RING)
def test_a_ring_that_finds_no_descriptor_is_explained(start: Start) -> None:
    # Five are enough for the standard streams, the listener and the eventfd that wakes the server.
    server = start("--max-connections", "1", ready=False, under=confined("nofile=5"))
    assert server.wait_exit() == 1
    said, why = server.stderr_text().splitlines()
    assert "the limit of 5 descriptors" in said  # the contract wants this line, too
    assert "io_uring cannot be used: " in why, f"the line does not say what failed: {why}"
    assert "ulimit -n" in why, f"the line does not say what to do about it: {why}"


@pytest.mark.rule(rules.WRONG_USAGE)
@pytest.mark.parametrize("value", NO_RINGS)
def test_an_invalid_ring_is_wrong_usage(start: Start, value: str) -> None:
    server = start("--ring", value, ready=False)
    numbers = ("entries=N (4 to 32768)", "completions=N (1 to 65536)",
               "buffers=N (a power of two up to 32768)", "buffer-bytes=N (1 to 1048576)")
    expect_end(server, 2, "--ring", *numbers, "sqpoll")


@pytest.mark.rule(rules.WRONG_USAGE)
@pytest.mark.parametrize("value", ["", "1", "1us", "-1ms", "ever"])
def test_an_invalid_time_to_spin_is_wrong_usage(start: Start, value: str) -> None:
    expect_end(start("--spin", value, ready=False), 2, "--spin", "duration")


@pytest.mark.rule(rules.RINGS)
@pytest.mark.parametrize(
    "ring", ["entries=4,completions=8,buffers=2", "entries=4,completions=8,buffers=1",
             "buffer-bytes=5", "sqpoll"]
)
def test_several_workers_serve_with_any_ring(start: Start, ring: str) -> None:
    server = start("--workers", "3", "--ring", ring)
    clients = [server.connect() for _ in range(60)]
    for turn in range(3):
        payloads = distinct_payloads(len(clients), 20 + 5000 * turn)
        for client, payload in zip(clients, payloads):
            client.send_messages(payload, b"", payload)
        for client, payload in zip(clients, payloads):
            client.expect(payload, b"", payload)


@pytest.mark.clock
@pytest.mark.rule(rules.SPIN)
def test_it_spins_as_long_as_it_is_told(start: Start) -> None:
    server = start("--spin", "400ms")
    client = server.connect()
    time.sleep(0.5)
    before = server.process.wanted_seconds()
    client.echo(b"and now look out for more")
    time.sleep(1.5)
    spent = server.process.wanted_seconds() - before
    assert 0.3 < spent < 1.0, f"it wanted a processor for {spent:.2f} s, not for 0.4 s"


@pytest.mark.clock
@pytest.mark.rule(rules.CLOSE_WITHOUT_RESET)
def test_a_server_that_spins_waits_two_seconds_for_the_end(start: Start) -> None:
    # The server has ended its side. As long as the client doesn't end its own, it keeps the place.
    server = start("--spin", "8s", "--max-connections", "1", "--max-message", "10")
    lingers = server.connect()
    lingers.send(header(11))
    lingers.expect_end()
    following = server.connect()
    following.send_messages(b"my turn?")
    begin = time.monotonic()
    following.expect(b"my turn?")
    took = time.monotonic() - begin
    assert 1.0 < took < 6.0, f"the next client was served after {took:.1f} s, not after 2 s"


# Few buffers, few entries, and memory that is checked


@pytest.mark.rule(rules.SLOW_READER)
def test_clients_that_read_nothing_leave_the_buffers_to_others(start: Start) -> None:
    server = start(*TINY)
    for _ in range(2 * BUFFERS):
        client = server.connect(receive_buffer=4096)
        client.send_until_stuck(frame(bytes(60_000)) * 200, pause=0.05)
    server.connect().echo(b"no answer of mine waits")


@pytest.mark.rule(rules.HALF_CLOSE)
def test_clients_that_leave_together_are_all_noticed(start: Start) -> None:
    # One client sends a message, so the receives of the others find no buffer. When the buffer is
    # back, the first of them gets its end of stream, which uses no buffer. So the buffer stays
    # free, and nobody is left to give one back.
    server = start("--ring", "entries=4,completions=8,buffers=1")
    for _ in range(ROUNDS):
        speaker, *clients = (server.connect() for _ in range(4))
        for client in (speaker, *clients):
            client.echo(b"here")
        server.pause()  # so that the server sees all of them in one turn
        speaker.send_messages(b"still here")
        speaker.wait_until_in_kernel()
        for client in clients:
            client.half_close()
        server.resume()
        speaker.expect(b"still here")
        for client in clients:
            client.expect_end()
            client.close()


@pytest.mark.rule(rules.IDLE_HOLDS_NOTHING)
def test_buffers_that_a_crowd_has_needed_keep_no_memory(start: Start) -> None:
    server = start()
    need_own_memory(server)
    crowd = [server.connect() for _ in range(500)]
    for client in crowd:
        client.echo(b"here")
    server.pause()  # so that each needs a buffer in the same turn
    for client in crowd:
        client.send_messages(b"all together")
    server.resume()
    for client in crowd:
        client.expect(b"all together")
    before = server.process.memory_bytes()
    for _ in range(1500):  # they fill one buffer after the other
        crowd[0].echo(bytes(16_000))
    kept = server.process.memory_bytes() - before
    assert kept < MEBIBYTE, f"{in_units(kept)} are kept for one client"


@pytest.mark.needs("ring", "drain")
@pytest.mark.rule(rules.DRAIN)
def test_a_stop_answers_messages_that_take_hundreds_of_receives(start: Start) -> None:
    server = start("--ring", "buffer-bytes=20", "--drain-timeout", "10m")
    client = server.connect()
    client.echo(b"is accepted")
    payloads = distinct_payloads(2, 20_000)
    server.pause()
    client.send_messages(*payloads)
    client.wait_until_in_kernel()
    server.send_signal(signal.SIGTERM)
    server.resume()
    client.expect(*payloads)
    client.expect_end()
    server.expect_exit()


@pytest.mark.needs("ring", "read-timeout")
@pytest.mark.rule(rules.PAUSED)
def test_a_message_that_came_in_time_may_take_many_receives(start: Start) -> None:
    server = start("--ring", "buffer-bytes=200", "--read-timeout", "500ms")
    client = server.connect()
    client.echo(b"is accepted")
    (payload,) = distinct_payloads(1, 40_000)
    server.pause()
    client.send_messages(payload)
    client.wait_until_in_kernel()
    time.sleep(1)  # its time is up when the server continues
    server.resume()
    client.expect(payload)


@pytest.mark.rule(rules.BYSTANDER)
@pytest.mark.parametrize(
    "ring", [f"buffers={BUFFERS}", f"entries=4,completions=8,buffers={BUFFERS}"]
)
def test_a_client_that_waits_for_a_buffer_gets_one(start: Start, ring: str) -> None:
    # Some of ten clients send at once, and the others stay silent. While the first answers still
    # hold the buffers, no other input comes that would wake the server.
    server = start("--ring", ring)
    clients = [server.connect() for _ in range(5 * BUFFERS)]
    chance = random.Random(0)
    for _ in range(200):
        speakers = chance.sample(clients, chance.randint(1, len(clients)))
        for client in speakers:
            client.send_messages(b"hi")
        for client in speakers:
            client.expect(b"hi")


@pytest.mark.clock
@pytest.mark.rule(rules.READ_TIMEOUT)
def test_the_time_in_which_a_client_waits_for_a_buffer_is_not_its_own(start: Start) -> None:
    # All messages came in time. When the server runs again, it has a buffer for one of them, and
    # the time of all its clients has passed.
    server = start("--ring", "buffers=1", "--read-timeout", "2s")
    clients = [server.connect() for _ in range(10)]
    for client in clients:
        client.echo(b"accepted")
    server.pause()
    for client in clients:
        client.send_messages(b"in time")
        client.wait_until_in_kernel()
    time.sleep(2.5)
    server.resume()
    for client in clients:
        client.expect(b"in time")
    for client in clients:  # from now on each client's own time counts again
        client.expect_end()


@pytest.mark.rule(rules.ECHO)
def test_an_answer_is_what_its_client_sent_though_memory_is_used_again(start: Start) -> None:
    # If the server gives a buffer back too early, it's overwritten before the kernel sends from it.
    server = start("--ring", "check-memory")
    clients = [server.connect() for _ in range(10)]
    payloads = distinct_payloads(len(clients), 3000)
    for _ in range(3):
        server.pause()
        for client, payload in zip(clients, payloads):
            client.send_messages(payload)
            client.wait_until_in_kernel()
        server.resume()
        for client, payload in zip(clients, payloads):
            client.expect(payload)


@pytest.mark.needs("accept-faults")
@pytest.mark.rule(rules.CANNOT_RUN)
def test_input_that_arrives_as_the_server_ends_is_not_served(start: Start) -> None:
    # Each client sends more than a buffer takes. When the server ends, it waits until the kernel
    # has released its memory, and meanwhile receives the next bytes, which are the middle of a
    # message. If they began a new conversation, they'd be read as a length, and the log would blame
    # the client.
    server = start("--ring", "check-memory", under=TO_END_UNDER_STRACE)
    clients = [server.connect() for _ in range(10)]
    clients[0].echo(b"all are accepted")
    server.pause()
    for client in clients:
        client.send_messages(*distinct_payloads(3, 16_000))
        client.wait_until_in_kernel()
    clients.append(server.connect())
    with Strace(server, *inject(ACCEPT_CALLS, "EBADF", "1+")) as tracer:
        server.resume()
        status = server.wait_exit()
        tracer.must_have_injected()
    assert status == 1, f"exit status {status}, not 1"
    lines = server.log_lines()
    assert len(lines) == 1 and "cannot serve" in lines[0], lines


@pytest.mark.needs("workers")
@pytest.mark.rule(rules.WORKERS)
def test_the_only_slot_goes_to_whichever_worker_has_a_new_connection(start: Start) -> None:
    server = start("--workers", "4", "--max-connections", "1")
    for number in range(40):  # the kernel spreads the clients over the workers
        with server.connect() as client:
            client.echo(b"client %d" % number)
