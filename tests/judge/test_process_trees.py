"""The tests' own test: a server is all the processes that its command has started, in any session,
and we don't hold any other process against it."""

import os
import shlex
import signal
import sys
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

from harness import own_suite, port_only, timeline
from harness.proc import Process, wait_until
from harness.rule import IS_THE_SERVER, LISTENS, LIVES
from harness.server import Server
from harness.serving import end_in_order
from harness.strace import from_start, need_ptrace
from harness.target import foreign_server
from harness.verdict import ContractBroken
from run_judge import FLEET, PROTOCOL, SUBJECTS, judge

STAYS = """trap 'kill -TERM $!' TERM INT
{} &
while :; do wait $!; status=$?; kill -0 $! 2>/dev/null || exit $status; done"""
LOOP = f"{sys.executable} {SUBJECTS}/loop_server.py --port {{port}}"
ECHO = f"{sys.executable} {SUBJECTS}/echo_server.py --port {{port}}"
LISTENING = ("import os, signal, socket, sys, time; "
             "listener = socket.create_server(('127.0.0.1', int(sys.argv[1]))); ")
SAYS_SO = "print('listening on 127.0.0.1:%d' % listener.getsockname()[1], flush=True); "
NO_DELAY = "test_framing.py::test_every_connection_has_tcp_nodelay"


def below_a_shell(command: str) -> str:
    """A script that starts the command, stays, and passes on the signals that ask for a stop."""
    return shlex.join(["sh", "-c", STAYS.format(command)])


def in_python(script: str) -> str:
    """The command of a few words in Python, with `listener` ready."""
    return shlex.join([sys.executable, "-c", LISTENING + script, "{port}"])


def started(command: str, level: str = "start") -> Server:
    """A server that the test must kill."""
    return Server(foreign_server(command, level), patience=5)


@pytest.mark.parametrize(("bug", "test"), [
    ("no-rest", "test_crowd.py::test_a_server_with_nothing_to_do_takes_no_processor_time[yours]"),
    ("holds-buffers", "test_restore.py::test_an_idle_client_holds_no_buffer_and_no_thread[yours]"),
])
def test_a_shell_before_the_server_hides_nothing(bug: str, test: str) -> None:
    server = f"{sys.executable} {FLEET}/broken_loops.py {bug} --port {{port}}"
    run = own_suite.run_suite(
        PROTOCOL, test, "--server", below_a_shell(server), "--level", "command-line")
    assert "1 failed" in run.stdout, run.stdout


def test_a_server_that_accepts_slowly_is_not_given_more_clients_than_its_backlog_holds() -> None:
    slow = in_python("listener.listen(socket.SOMAXCONN); " + SAYS_SO + """
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
while True:
    client = listener.accept()[0]
    time.sleep(0.05)
    if os.fork() == 0:
        listener.close()
        while data := client.recv(65536):
            client.sendall(data)
        os._exit(0)
    client.close()
""")
    run = own_suite.run_suite(
        PROTOCOL, "test_turns.py::test_a_client_is_served_before_all_new_connections_are_accepted",
        "--server", slow, "--level", "light")
    assert "1 passed" in run.stdout, run.stdout


def test_a_correct_server_below_a_shell_is_not_accused() -> None:
    tests = (NO_DELAY,
             "test_faults.py::test_an_accept_that_fails_twice_is_tried_again[yours-EPERM]",
             "test_framing.py::test_connections_beside_one_another_have_tcp_nodelay")
    run = own_suite.run_suite(
        PROTOCOL, *tests, "--server", below_a_shell(LOOP), "--level", "command-line")
    assert run.returncode == 0 and "skipped" not in run.stdout, run.stdout


def test_every_process_of_a_server_is_seen_stopped_and_ended_in_any_session() -> None:
    """A child that loses its parent and leaves the session is still ours."""
    leaves = f"(setsid sh -c 'sleep 60 & sleep 60' &) ; exec {ECHO}"
    server = started(shlex.join(["sh", "-c", leaves]), "framing")
    try:
        server.wait_until_ready()
        assert wait_until(lambda: server.process.thread_count() == 4, 10), server.tree.pids()
        pids = server.tree.pids()
        server.pause()
        assert all(Process(pid).is_stopped() for pid in pids)
        server.resume()
    finally:
        server.kill()
    assert not any(Process(pid).exists() for pid in pids)


def is_gone(pid: int) -> bool:
    """Whether the process is gone. If we adopted this orphan in an earlier test, we wait for it
    first."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return not Process(pid).exists()


def test_servers_end_with_the_tests_however_those_end() -> None:
    """A server in a session of its own ends, too."""
    ours, theirs = os.pipe()
    if (tests := os.fork()) == 0:
        server = started(shlex.join(["sh", "-c", f"(setsid sleep 60 &) ; exec {ECHO}"]), "framing")
        server.wait_until_ready()
        wait_until(lambda: server.process.thread_count() == 2, 10)
        os.write(theirs, " ".join(map(str, server.tree.pids())).encode())
        signal.pause()
    pids = [int(pid) for pid in os.read(ours, 100).split()]
    os.kill(tests, signal.SIGKILL)
    os.waitpid(tests, 0)
    assert len(pids) == 2
    assert wait_until(lambda: all(map(is_gone, pids)), 10)


def test_a_server_that_stops_itself_after_a_pause_is_woken_to_end() -> None:
    """sudo does this when it learns, late, that its command was stopped."""
    like_sudo = """import os, signal, subprocess, sys, time
server = subprocess.Popen(sys.argv[1:])
signal.signal(signal.SIGCONT, lambda *_: time.sleep(0.1) or
              signal.signal(signal.SIGCONT, signal.SIG_DFL) and os.kill(os.getpid(), 19))
signal.signal(signal.SIGTERM, lambda *_: server.terminate())
sys.exit(server.wait())"""
    server = started(shlex.join([sys.executable, "-c", like_sudo, *shlex.split(LOOP)]))
    try:
        server.wait_until_ready()
        server.pause()
        server.resume()
        server.expect_stop()
    finally:
        server.kill()


def test_a_server_that_is_traced_already_is_not_accused_of_it() -> None:
    need_ptrace()
    traced = f"strace -f -o /dev/null {LOOP}"
    tests = ("test_addresses.py::test_nobody_is_refused_after_the_ready_line[yours]",
             "test_faults.py::test_an_accept_that_fails_twice_is_tried_again[yours-EPERM]")
    run = own_suite.run_suite(PROTOCOL, *tests, "--server", traced, "--level", "resources", "-rs")
    assert run.stdout.count("it is traced already") == 2, run.stdout


def test_a_stop_is_no_servers_fault_while_we_trace_it(tmp_path: Path) -> None:
    """strace holds the first thread back, so the kernel gives the signal to another, and Python's
    handler waits until the first one wakes up."""
    deaf = in_python(SAYS_SO + "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)")
    server = Server(foreign_server(deaf, "start"), patience=1,
                    under=from_start(tmp_path / "log", "-e", "trace=listen"))
    try:
        server.wait_until_ready()
        end_in_order(server)
    finally:
        server.kill()


@pytest.mark.parametrize(("number", "words"), [
    (signal.SIGTERM, "is gone, killed by SIGTERM, and process [0-9]+, which it has started, still"),
    (signal.SIGINT,
     "running 0.5 s after SIGINT: its first process, [0-9]+, kept the signal to its"),
])
def test_a_shell_that_passes_no_signal_on_is_told_and_not_the_server_below_it(
    number: signal.Signals, words: str
) -> None:
    server = started(shlex.join(["sh", "-c", f"{LOOP}; true"]))
    try:
        server.wait_until_ready()
        with pytest.raises(ContractBroken, match=words) as told:
            server.expect_stop(number, within=0.5)
        assert told.value.rule is IS_THE_SERVER
    finally:
        server.kill()


def test_children_that_nobody_waits_for_are_told_as_such() -> None:
    server = started(in_python(
        SAYS_SO + "\nfor _ in range(7): os.fork() or os._exit(0)\ntime.sleep(60)"))
    server.patience = 0.5
    try:
        server.wait_until_ready()
        with pytest.raises(ContractBroken, match="7 are children that have ended and are not wai"):
            server.wait_for_threads(1)
    finally:
        server.kill()


def test_a_child_that_comes_and_goes_while_one_looks_is_no_error() -> None:
    comes_and_goes = in_python(
        SAYS_SO + "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "while True: os.fork() or os._exit(0)")
    server = started(comes_and_goes)
    looks = ("descriptor_count", "descriptor_kinds", "socket_count", "memory_bytes", "forget_peak",
             "peak_memory_bytes", "virtual_bytes", "thread_count", "times_of_threads",
             "cpu_seconds", "wanted_seconds", "switches_of_threads", "soft_descriptor_limit",
             "is_asleep")
    try:
        server.wait_until_ready()
        spent = [0.0]
        for _ in range(100):
            for look in looks:
                getattr(server.process, look)()
            spent.append(server.process.cpu_seconds())
        assert all(later - before > -1e-6 for before, later in pairwise(spent)), spent
        server.pause()
        server.resume()
    finally:
        server.kill()


@pytest.mark.parametrize("level", ["framing", "start"])
def test_a_server_in_the_background_is_told_at_once_to_stay_and_is_ended(
    level: str, tmp_path: Path
) -> None:
    pid = tmp_path / "pid"
    daemon = (f"setsid sh -c 'echo $$ > {pid}; exec {ECHO}' & "
              f"while ! test -s {pid}; do sleep 0.01; done")
    server = started(shlex.join(["sh", "-c", daemon]), level)
    try:
        with pytest.raises(ContractBroken, match="in the background: keep the server in") as told:
            server.wait_until_ready()
    finally:
        server.kill()
    assert told.value.rule is LISTENS
    assert not Process(int(pid.read_text())).exists()


def test_a_banner_longer_than_a_pipe_holds_up_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_only.PortOnly, "START_SECONDS", 5.0)
    server = started(f"sh -c 'yes | head -c 200000; exec {ECHO}'", "framing")
    try:
        server.wait_until_ready()
    finally:
        server.kill()


def test_the_judges_own_look_at_the_port_is_told_and_held_against_who_did_not_survive_it(
    tmp_path: Path,
) -> None:
    deaf = in_python("listener.accept()[0].recv(1) or listener.close(); time.sleep(60)")
    ran = judge(deaf, "--level", "framing", "-k", "a_message_comes_back", at=tmp_path)
    assert "the test  connects and leaves, to see whether it listens" in ran.said, ran.said
    assert LIVES.text in ran.said, ran.said


def test_the_client_whose_reset_ended_the_server_is_shown() -> None:
    script = (SAYS_SO + "\nfor _ in range(9):\n  client, _ = listener.accept()\n"
              "  while data := client.recv(9): client.sendall(data)\n")
    server = started(in_python(script))
    try:
        server.wait_until_ready()
        for _ in range(8):
            with server.connect() as client:
                client.echo(b"served")
        with server.connect() as culprit:
            culprit.send_messages(b"unread")
            assert wait_until(culprit.has_input, 10)
        assert wait_until(lambda: not server.is_alive(), 10)
        lines = timeline.lines(timeline.happened([server], server.is_gone()))
    finally:
        server.kill()
    assert any("client 9  closed, with unread input: a reset" in line for line in lines), lines
