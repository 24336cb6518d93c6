"""A failure shows so much of the server's own calls that even a stranger to the server can name the
mistake."""

import re
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

import broken_servers
from harness import own_calls, own_suite, timeline
from harness.call_reader import Call, CallReader
from harness.server import Server
from harness.strace import need_ptrace
from harness.target import foreign_server
from harness.timeline import THE_SERVER, Event
from harness.transcript import Transcript
from harness.verdict import server_section
from run_judge import FLEET, PROTOCOL, SUBJECTS

long = pytest.mark.long
# For a server of the fleet, a test that it fails and the lines that show why, in this order.
MISTAKES = {
    "no-rest": (
        "test_crowd.py::test_a_server_with_nothing_to_do_takes_no_processor_time",
        r"the test  looks for 0.5 s whether it rests",
        r"epoll_wait\(\d+, timeout 0\) = 0  \([\d,]+ times in 0.\d s\)"),
    "waits-for-the-gone": (
        "test_drain.py::test_a_client_that_resets_with_answers_unread_does_not_hold_up_the_stop"
        "[yours-just_before]",
        r"client 1  reset the connection", r"the test  sends SIGTERM",
        r"sendto\(\d+, .*\) = EPIPE", r"receives SIGPIPE, which it ignores",
        r" \.\.\. .*[\d,]+ x sendto\(\d+\) = EPIPE"),
    "no-time-wait": (
        "test_half_close.py::test_half_close_still_answers_every_complete_message",
        r"setsockopt\(\d+, SO_LINGER, \{l_onoff=1, l_linger=0\}\) = 0", r"client 1  got  a reset"),
    "lingers-for-the-first": (
        "test_closing.py::test_unread_input_of_a_later_client_does_not_either"
        "[yours-too-long-a-message]",
        r"close\(\d+\) = 0  \d+ bytes were never read", r"client 2  got  a reset",
        r"stderr: .*: the message is too long  \(client 2\)"),
    "full-and-still-watching": (
        "test_max_connections.py::test_waiting_new_connections_cost_no_processor_time",
        r"epoll_wait\(\d+\) = 1: EPOLLIN of \d+, its listener  \([\d,]+ times in 0.\d s\)",
        r"client \d  still waits to be accepted"),
    "sluggish": (
        "test_read_timeout.py::test_the_end_comes_soon_after_the_time",
        r"epoll_wait\(\d+\) = 0 after \d+ ms", r"shutdown\(\d+, SHUT_WR\) = 0"),
    "reads-until-dry": (
        "test_crowd.py::test_a_flood_does_not_starve_its_neighbour",
        r'recvfrom\(\d+, "\\4\\0\\0\\0fire', r" \.\.\. .*\d+ x recvfrom\(\d+\)"),
    "dies-of-a-reset": (
        "test_survival.py::test_a_client_that_resets_at_any_byte_harms_nobody",
        r"accept4\(\d+\) = \d+, client 1", r"recvfrom\(\d+\) = ECONNRESET"),
    "holds-buffers": (
        "test_restore.py::test_an_idle_client_holds_no_buffer_and_no_thread",
        r"fallen silent cost", r"s with other clients: \d+ ",
        r"stderr: .*: the stream ended inside a message  \(client 1\)"),
}
QUICK = {"no-rest", "waits-for-the-gone", "no-time-wait"}


@pytest.mark.parametrize(
    "bug", [pytest.param(bug, marks=() if bug in QUICK else long) for bug in MISTAKES])
def test_the_mistake_can_be_seen(bug: str) -> None:
    need_ptrace()
    test, *wanted = MISTAKES[bug]
    name = test.partition("::")[2]
    server, level = f"{FLEET}/broken_loops.py", "command-line"
    if bug in broken_servers.BUGS:
        server, level = f"{SUBJECTS}/broken_servers.py", "closing"
    run = own_suite.run_suite(
        PROTOCOL, test, "--show", name if "[" in name else f"{name}[yours]", "--server",
        f"{sys.executable} {server} {bug} --port {{port}}", "--level", level,
        "--without", "workers")
    place = 0
    for words in wanted:
        found = re.compile(words).search(run.stdout, place)
        assert found, f"no {words!r} after the lines before it:\n{run.stdout}"
        place = found.end()


SOCKET = "5<TCP:[127.0.0.1:80->127.0.0.1:5000]>"


def reader_of(transcript: Transcript) -> CallReader:
    """A reader for a server with one client, which is at SOCKET."""
    client = SimpleNamespace(name="client 1", port=5000, transcript=transcript)
    server = SimpleNamespace(pid=7, arrivals=SimpleNamespace(names=lambda: {5000: "client 1"}))
    return CallReader(server, [client])


def test_a_send_is_told_with_the_time_at_which_its_call_began() -> None:
    """On a busy machine, the client has the bytes before strace notes that the call
    has returned."""
    reader = reader_of(Transcript())
    noted = [(1.0, f'sendto({SOCKET}, "hell", 4, 0, NULL, 0 <unfinished ...>'),
             (1.5, "<... sendto resumed>) = 4 <0.5>"),
             (2.0, f"recvfrom({SOCKET}, <unfinished ...>"),
             (2.5, '<... recvfrom resumed>"hell", 65536, 0, NULL, NULL) = 4 <0.5>')]
    calls = [call for at, text in noted for call in reader.read("7", at, text)]
    assert [(call.at, call.what.partition("(")[0]) for call in calls] == [
        (1.0, "sendto"), (2.5, "recvfrom")]


def test_bytes_that_a_process_leaves_to_its_child_are_not_called_unread() -> None:
    transcript = Transcript()
    transcript.sent(b"hello", begun=0.0)
    reader = reader_of(transcript)
    noted = [("7", f"accept(3<TCP:[127.0.0.1:80]>, NULL, NULL) = {SOCKET} <0.1>"),
             ("7", "clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 8 <0.1>"),
             ("7", f"close({SOCKET}) = 0 <0.1>"),
             ("8", f'recvfrom({SOCKET}, "hel", 3, 0, NULL, NULL) = 3 <0.1>'),
             ("8", f"close({SOCKET}) = 0 <0.1>")]
    calls = [call.what for process, text in noted for call in reader.read(process, 0.0, text)]
    assert calls[1:] == ["close(5) = 0", 'recvfrom(5, "hel") = 3',
                         "close(5) = 0  2 bytes were never read"]


SPINS = """import select, signal, socket, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    print("listening on 127.0.0.1:%d" % listener.getsockname()[1], flush=True)
    client, _ = listener.accept()
    client.sendall(client.recv(100))
    poller = select.poll()
    poller.register(client, select.POLLOUT)
    while True:
        poller.poll(1000)
"""


def test_a_server_that_spins_at_little_cost_is_still_seen_with_strace_beside_it() -> None:
    need_ptrace()
    test = "test_a_server_with_nothing_to_do_takes_no_processor_time"
    run = own_suite.run_suite(
        PROTOCOL, f"test_crowd.py::{test}", "--show", f"{test}[yours]", "--level", "rest",
        "--server", shlex.join([sys.executable, "-c", SPINS, "{port}"]))
    spins = r"poll\(\) = 1: POLLOUT of \d+, client 1  \([\d,]+ times"
    assert re.search(spins, run.stdout), run.stdout


def test_threads_that_wait_beside_others_do_not_spin_together() -> None:
    waits = [Call(at / 1000, "ppoll() = 1", "ppoll()", is_wait=True, thread=str(at % 4))
             for at in range(3 * own_calls.SPINS)]
    assert not [*own_calls.without_rest(waits)]
    served = [Call(wait.at, "recvfrom(7)", thread="4") for wait in waits]
    spinning = [wait._replace(thread="0") for wait in waits]
    beside = [call for pair in zip(spinning, served, strict=True) for call in pair]
    assert sorted(own_calls.without_rest(beside)) == sorted(beside)


def routine(at: float, what: str) -> Event:
    """A call of which there may be thousands."""
    return Event(at, THE_SERVER, what, kind=what.partition(" = ")[0])


def test_calls_in_turn_are_counted_and_other_events_stand_between_them() -> None:
    in_turn = ["recvfrom(7)", "sendto(7) = EAGAIN", "SIGPIPE"]
    events = [routine(at, in_turn[at % 3]) for at in range(3000)]
    events.insert(1000, Event(999.5, "client 1", "reset the connection"))
    events.insert(2000, Event(1998.5, "the test", "sends SIGTERM"))
    told = [event.what for event in timeline.condensed(events)]
    assert {"reset the connection", "sends SIGTERM"} < set(told) and len(told) < 40, told
    assert told[3] == "... 332 x recvfrom(7), 331 x sendto(7), 331 x SIGPIPE", told


def test_bytes_to_and_fro_become_one_line_with_two_times() -> None:
    """Each of three clients sends and receives a few times, and nobody does anything else."""
    events = [Event(-0.01, THE_SERVER, "is started")]
    for begin, who in ((0.0, "client 1"), (0.1, "client 2"), (0.2, "client 3")):
        events.append(Event(begin, who, "connects"))
        events += [Event(begin + at / 1000, who, f"{verb} {at} bytes", kind=f"{who} {verb}")
                   for at in range(0, 20, 2) for verb in ("sent", "got")]
    told = timeline.lines(timeline.condensed(events))
    assert told[4].strip() == "... from 12 ms to 26 ms: 8 x client 1 sent, 7 x client 1 got", told
    assert len(told) == 1 + 3 * 7, told


LOGS = """import socket, sys
with socket.create_server(("127.0.0.1", 0)) as listener:
    print("listening on 127.0.0.1:%d" % listener.getsockname()[1], flush=True)
    clients = []
    while True:
        clients.append(listener.accept())
        print("%s:%d: hello" % clients[-1][1], file=sys.stderr)
        print("and again\\nand again", file=sys.stderr, flush=True)
"""


@contextmanager
def logging_server() -> Iterator[Server]:
    """A server that logs a line with each client's address, and then the same line twice."""
    server = Server(foreign_server(shlex.join([sys.executable, "-c", LOGS, "{port}"]), "start"),
                    patience=10)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.close_clients()
        server.kill()


def test_a_log_says_whose_lines_those_are_and_counts_those_that_are_alike() -> None:
    with logging_server() as server:
        for _ in range(2):
            server.connect()
            server.clients.clear()  # as tests with many clients do
        server.wait_for_log_lines(6)
        said = re.findall("^stderr: .*$", server_section(server), re.MULTILINE)
    assert [re.sub(":[0-9]+:", ":", line) for line in said] == [
        "stderr: 127.0.0.1: hello  (client 1)", "stderr: and again  (2 times)",
        "stderr: 127.0.0.1: hello  (client 2)", "stderr: and again  (2 times)"]


def test_clients_that_a_test_has_let_go_are_told_and_where_others_came_in_between() -> None:
    with logging_server() as server:
        for number in range(9):
            server.connect().close()
            server.clients.clear()
            if number == 0:
                time.sleep(timeline.GAP_SECONDS)
        told = [event.what for event in timeline.happened([server], OSError("enough"))]
    assert "(6 more clients)" in told and told.count("connects") == 3, told
    assert any(re.fullmatch(r"\.\.\. \d\.\d s with other clients: 6 connect", what)
               for what in told), told
