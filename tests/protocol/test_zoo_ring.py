"""Rings with little in them: few buffers, few entries, memory that is watched."""

import random
import time

import pytest

import rules
from harness.frames import distinct_payloads, frame
from harness.server import Start
from harness.strace import ACCEPT_CALLS, TO_END_UNDER_STRACE, Strace, inject

pytestmark = [pytest.mark.needs("concurrency", "light-clients"), pytest.mark.option("--ring")]

BUFFERS = 2
TINY = ("--ring", f"entries=4,buffers={BUFFERS}")
ROUNDS = 10


@pytest.mark.rule(rules.SLOW_READER)
def test_clients_that_read_nothing_leave_the_buffers_to_others(start: Start) -> None:
    server = start(*TINY)
    for _ in range(2 * BUFFERS):
        client = server.connect(receive_buffer=4096)
        client.send_until_stuck(frame(bytes(60_000)) * 200, pause=0.05)
    server.connect().echo(b"no answer of mine waits")


@pytest.mark.rule(rules.HALF_CLOSE)
def test_clients_that_leave_together_are_all_noticed(start: Start) -> None:
    # One has said something, and the receives of the others find no buffer. When that is back, the
    # first of them has its end of stream, which fills none: the buffer is there, and nobody is left
    # who would give one back.
    server = start("--ring", "entries=4,buffers=1")
    for _ in range(ROUNDS):
        speaker, *clients = (server.connect() for _ in range(4))
        for client in (speaker, *clients):
            client.echo(b"here")
        server.pause()  # so that it sees all of them in one turn
        speaker.send_messages(b"still here")
        speaker.wait_until_in_kernel()
        for client in clients:
            client.half_close()
        server.resume()
        speaker.expect(b"still here")
        for client in clients:
            client.expect_end()
            client.close()


@pytest.mark.rule(rules.BYSTANDER)
@pytest.mark.parametrize("ring", [f"buffers={BUFFERS}", f"entries=4,buffers={BUFFERS}"])
def test_whoever_waits_for_a_buffer_gets_one(start: Start, ring: str) -> None:
    # Of ten clients some speak at once, and the others do not. When the first answers are sent and
    # hold the buffers still, nobody says another word that would wake the server.
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
@pytest.mark.rule(rules.BYSTANDER)
@pytest.mark.parametrize("error", ["EAGAIN", "EBUSY"])
@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_submission_that_fails_delays_no_answer(start: Start, error: str, call: int) -> None:
    # Two clients hold the buffers that the third waits for. The call that submits their answers
    # takes none, or the one after it.
    server = start("--ring", f"buffers={BUFFERS}", "--read-timeout", "30s")
    clients = [server.connect() for _ in range(BUFFERS + 1)]
    for client in clients:
        client.echo(b"accepted")
    server.pause()  # so that all messages come in one turn
    for client in clients:
        client.send_messages(b"hi")
        client.wait_until_in_kernel()
    with Strace(server, *inject("io_uring_enter", error, str(call))) as tracer:
        server.resume()
        begin = time.monotonic()
        for client in clients:
            client.expect(b"hi")
        took = time.monotonic() - begin
        tracer.must_have_injected()
    assert took < 10, f"the answers took {took:.1f} s"


@pytest.mark.clock
@pytest.mark.rule(rules.READ_TIMEOUT)
def test_the_time_in_which_a_client_waits_for_a_buffer_is_not_its_own(start: Start) -> None:
    # All messages came in time. When the server runs again it has a buffer for one of them, and
    # the time of everybody is over.
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
    for client in clients:  # from now on its time counts again
        client.expect_end()


@pytest.mark.rule(rules.ECHO)
def test_an_answer_is_what_its_client_sent_though_memory_is_used_again(start: Start) -> None:
    # A buffer that is given back too early is filled with rubbish before the kernel sends from it.
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
def test_what_comes_together_with_the_end_of_the_server_is_not_served(start: Start) -> None:
    # Each says more than a buffer takes. As the server ends, it waits until the kernel has let go
    # of its memory, and receives what comes next: the middle of a message. In a conversation that
    # begins there, it would be the length of one, and the log would blame the client.
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
    for number in range(40):  # the kernel spreads them over the workers
        with server.connect() as client:
            client.echo(b"client %d" % number)
