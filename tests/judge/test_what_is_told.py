"""The tests' own test: what a failure tells about a server, and which server we take for the tested
one."""

import json
import shlex
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

import rules
from harness import plugin, port_only, server as servers, sockdiag, timeline
from harness.frames import distinct_payloads, frames
from harness.proc import wait_until
from harness.results import Results, blames
from harness.rule import LIVES, PROGRESS, SAYS_READY, STOPS, STOPS_IN_TIME, TAKES_MANY, Rule
from harness.server import Server
from harness.serving import end_in_order
from harness.target import foreign_server, free_port
from harness.verdict import (ContractBroken, NoReadyLine, NotReady, Silent, cut, folded,
                             server_section)
from level_runs import run_level
from run_judge import SUBJECTS

ECHO = f"{sys.executable} {SUBJECTS}/echo_server.py --port {{port}}"
BEGIN = ("import signal, socket, sys; listener = socket.create_server(('127.0.0.1', 0)); "
         "port = listener.getsockname()[1]; ")
# The judge would replace a {port} in here.
SAY = "print('listening on 127.0.0.1:%d' % port, flush=True); "
SERVE = SAY + "listener.accept(); signal.pause()"


@contextmanager
def running(
    command: str, level: str = "framing", *options: str, patience: float = 10
) -> Iterator[Server]:
    """A server that this command starts; the caller has to wait until it's ready."""
    server = Server(foreign_server(command, level), options, patience=patience)
    try:
        yield server
    finally:
        server.close_clients()
        server.kill()


def scripted(script: str, level: str = "start", *options: str) -> Iterator[Server]:
    """A server of a few words that takes the contract's options and finds `listener` ready."""
    command = shlex.join([sys.executable, "-c", BEGIN + script, "{port}"])
    return running(command, level, *options, patience=0.5)


@pytest.mark.parametrize(("script", "stop", "words", "rule"), [
    pytest.param(SERVE, signal.SIGTERM, "SIGTERM, which killed it [0-9]+ ms after its ready", STOPS,
                 id="is-killed"),
    pytest.param(f"signal.signal(signal.SIGINT, lambda *_: sys.exit(3)); {SAY}listener.accept()",
                 signal.SIGINT, "with SIGINT, the server ended .* status 3, not with 0", STOPS,
                 id="status"),
    pytest.param(f"signal.signal(signal.SIGINT, lambda *_: signal.raise_signal(11)); {SAY}"
                 "listener.accept()", signal.SIGINT, "ended by signal SIGSEGV", STOPS, id="signal"),
    pytest.param(SERVE.replace(", flush=True", ""), None, "it was not printed, or not flushed",
                 SAYS_READY, id="not-flushed"),
    pytest.param(f"signal.signal(signal.SIGINT, signal.SIG_IGN); {SERVE}", signal.SIGINT,
                 "running 0.5 s after SIGINT", STOPS_IN_TIME, id="runs-on"),
    pytest.param("listener.accept()", None, "listens on port [0-9]+, and .* or not flushed",
                 SAYS_READY, id="says-nothing"),
])
def test_a_failure_names_what_the_server_owes(
    script: str, stop: signal.Signals | None, words: str, rule: Rule | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")  # no server may have this, or it'd flush everything
    begin = time.monotonic()
    with scripted(script) as server, pytest.raises(ContractBroken, match=words) as told:
        server.wait_until_ready()
        assert stop is not None
        server.expect_stop(stop)
    assert plugin.rule_of(told.value, rules.RESTART) is rule and time.monotonic() - begin < 10
    if "killed" in words:
        assert server.describe_end() == "asked to stop with SIGTERM, which killed it"


@pytest.mark.parametrize(("change", "words"), [
    pytest.param("stream[:50000] + stream[50100:]", r"100 bytes are missing there; the bytes",
                 id="lost"),
    pytest.param("stream[:50000] + bytes(100) + stream[50000:]", r"100 extra bytes came there",
                 id="too-many"),
    pytest.param("stream[:50000] + bytes(100) + stream[50100:]", r"from byte 50000 on: .*[|]$",
                 id="others"),
])
def test_a_failure_names_the_piece_of_a_long_stream_that_is_lost_or_too_many(
    change: str, words: str
) -> None:
    stream = frames(distinct_payloads(20, 5000))
    script = (f"{SAY}client, _ = listener.accept(); stream = client.recv({len(stream)}, "
              f"socket.MSG_WAITALL); client.sendall({change}); signal.pause()")
    with scripted(script) as server:
        server.wait_until_ready()
        client = server.connect()
        with pytest.raises(ContractBroken, match=words):
            client.echo_stream(stream)


def test_a_ready_line_that_did_not_come_is_not_waited_for_as_long_again() -> None:
    command = shlex.join([sys.executable, "-c", f"{BEGIN}signal.pause()", "{port}"])
    for words in ("and 2 s after its start", "and 1 s after its start"):
        with running(command, "start", patience=2) as server:
            with pytest.raises(ContractBroken, match=words):
                server.wait_until_ready()


def test_a_wrong_stdout_is_told_under_the_rule_about_stdout() -> None:
    with scripted("signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('bye'))); "
                  + SERVE) as server:
        server.wait_until_ready()
        with pytest.raises(ContractBroken, match="stdout holds more than the ready") as told:
            end_in_order(server)
        assert told.value.rule is SAYS_READY
        assert told.value.at == server.events[-1].at, "the mark is at another server's end"


@pytest.mark.parametrize(("rule", "size", "client", "options", "told"), [
    (rules.BOUNDED_MEMORY, 1 << 21, 0, (), PROGRESS),  # the server works, so it may only be slow
    (rules.BOUNDED_MEMORY, 1 << 21, 0, (), rules.ECHO),  # it sleeps
    (rules.RESTORE, 5, 0, (), LIVES),
    (rules.WAKE_UP_FLAT, 5, 1, (), TAKES_MANY),  # the client waits to be accepted
    (rules.RESTORE, 5, 1, ("--max-connections", "1"), rules.RESTORE),
    (rules.ORDER, 5, 1, (), rules.ORDER),
])
def test_an_answer_that_does_not_come_is_not_told_under_a_rule_about_memory(
    rule: Rule, size: int, client: int, options: tuple[str, ...], told: Rule,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plugin, "MANY", 1)
    waits = "while True: pass" if told is PROGRESS else "signal.pause()"
    script = f"{SAY}one = listener.accept()\n{waits}"
    with scripted(script, "resources", *options) as server:
        server.wait_until_ready()
        clients = [server.connect() for _ in range(2)]
        words = r"after 0 of 2,097,156 bytes .* copy all that" if size > 5 else "sent nothing for"
        with pytest.raises(Silent, match=words) as broken:
            if size > 5:
                clients[client].echo_stream(frames([bytes(size)]))
            clients[client].echo(bytes(size))
        assert plugin.rule_of(broken.value, rule, [server]) is told
    assert ("not accepted yet" in str(broken.value)) == (told is TAKES_MANY)


def test_a_client_that_is_cut_off_is_not_told_under_a_rule_about_costs() -> None:
    with scripted(f"{SAY}listener.accept()[0].close(); signal.pause()") as server:
        server.wait_until_ready()
        with pytest.raises(ContractBroken) as told:
            server.connect().echo(b"hello")
        assert plugin.rule_of(told.value, rules.WAKE_UP_FLAT, [server]) is LIVES


def test_a_client_is_waited_for_while_those_before_it_are_accepted() -> None:
    with scripted(f"import time; {SAY}\n"
                  "for _ in range(20): time.sleep(0.1); listener.accept()[0].close()\n"
                  "one = listener.accept()[0]; one.sendall(one.recv(99))\n"
                  "signal.pause()") as server:
        server.wait_until_ready()
        for _ in range(20):
            server.connect().close()
        server.connect().echo(b"two seconds later, four times as long as silence may last")
        with pytest.raises(Silent):
            server.connect().echo(b"nobody is accepted any more")


def test_a_full_backlog_is_told_to_be_short_only_where_it_could_be_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with scripted(f"listener.listen(3); {SAY}signal.pause()") as server:
        server.wait_until_ready()
        for _ in range(4):
            server.connect()
        words = "4 connections wait to be accepted.* a backlog of 3, so the kernel drops the next"
        with pytest.raises(ContractBroken, match=f"{words}; SOMAXCONN"):
            server.connect()
        monkeypatch.setattr(sockdiag, "backlog_max", lambda: 3)
        with pytest.raises(ContractBroken, match=f"{words}$"):
            server.connect()


def test_a_server_that_runs_and_says_nothing_may_be_on_a_busy_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(servers, "START_SECONDS", 0.3)
    with scripted("listener.close(); signal.pause()") as server:
        with pytest.raises(NotReady, match=r"no ready line on stdout within \d\.\d s, and nothing"):
            server.wait_until_ready()
    with scripted("print('hello', flush=True); signal.pause()") as server:
        with pytest.raises(NoReadyLine, match="stdout begins with 'hello") as told:
            server.wait_until_ready()
        assert told.value.rule is SAYS_READY and blames(told.value) == "all"


def test_a_failed_start_on_a_given_port_is_told_under_the_rule_of_its_test() -> None:
    command = shlex.join([sys.executable, "-c", "raise SystemExit('Address already in use')"])
    server = Server(foreign_server(f"{command} {{port}}", "start"), patience=5, port=4711)
    with pytest.raises(ContractBroken, match="and was to listen on port 4711") as told:
        server.wait_until_ready()
    assert told.value.rule is None


def test_a_level_is_given_up_where_every_test_would_say_the_same(tmp_path: Path) -> None:
    run = run_level("sh -c 'echo hello {port}; sleep 60'", "command-line", tmp_path)
    assert run.failures[0].rule == SAYS_READY.text and len(run.tests) < len(run.names) / 2


def told(servers: list[Server], error: BaseException) -> list[str]:
    """The lines that tell what happened, without their times."""
    return [f"{line[:1]}{line[6:]}" for line in timeline.lines(timeline.happened(servers, error))]


def test_a_client_in_the_backlog_is_told_to_have_been_there_when_the_signal_came() -> None:
    with scripted(f"{SAY}signal.pause()") as server:
        server.wait_until_ready()
        server.connect()
        server.send_signal(signal.SIGTERM)
        assert "   the test  sends SIGTERM; not accepted yet: client 1" in told([server], OSError())


def test_a_client_that_leaves_before_it_is_accepted_is_told_to_have_done_so() -> None:
    with scripted(f"{SAY}one = listener.accept(); signal.pause()") as server:
        server.wait_until_ready()
        accepted, resets, closes = [server.connect() for _ in range(3)]
        assert wait_until(accepted.is_held_by_the_server, 10)
        accepted.reset()
        resets.reset()
        closes.close()
        said = told([server], OSError())
    waited = "not yet accepted by the server"
    for line in ("1  reset the connection", f"2  reset the connection, {waited}",
                 f"3  closed, {waited}"):
        assert f"   client {line}" in said, said


def test_a_close_over_unread_input_is_told_to_be_a_reset() -> None:
    with running(ECHO) as server:
        server.wait_until_ready()
        leaves_it, takes_it = server.connect(), server.connect()
        for client in (leaves_it, takes_it):
            client.send_messages(b"hello")
            assert wait_until(client.has_input, 10)
        takes_it.expect(b"hello")
        server.close_clients()
        said = told([server], OSError())
    assert "   client 1  closed, with unread input: a reset" in said, said
    assert "   client 2  closed" in said, said


def test_the_clients_that_wait_are_shown_of_many() -> None:
    with running(ECHO) as server:
        server.wait_until_ready()
        for _ in range(5):
            server.connect().echo(b"served")
        waiting = server.connect()
        waiting.send(b"\x05\0\0\0half")
        lines = told([server], OSError("one waits"))
        assert "   client 6  sent 8 bytes: 05 00 00 00 68 61 6c 66 |....half|" in lines
        assert "   client 5  sent 10 bytes: 06 00 00 00 73 65 72 76 65 64 |....served|" in lines
        assert not any("client 1" in line for line in lines)
        assert lines[-1].endswith("(3 more clients)")


def test_the_last_clients_are_shown_when_the_server_ends_unasked() -> None:
    """The other clients connected while the server was ending, so their turn never came."""
    script = (f"{SAY}import time\nwhile True:\n  client, _ = listener.accept()\n"
              "  if client.recv(9): time.sleep(0.3); sys.exit(1)")
    with scripted(script) as server:
        server.wait_until_ready()
        server.connect().close()
        for _ in range(12):
            with server.connect() as client:
                client.send(b"\5")
        assert wait_until(lambda: not server.is_alive(), 10)
        lines = told([server], server.is_gone())
    assert "   client 2  sent 1 byte: 05 |.|" in lines, lines
    assert not any("client 13" in line for line in lines), lines
    assert lines[-1].endswith("(10 more clients)"), lines


def test_a_server_that_ends_unasked_is_told_so_whatever_the_test_is_about() -> None:
    ends = f"{sys.executable} {SUBJECTS}/broken_servers.py ends-with-its-client --port {{port}}"
    with running(ends) as server:
        server.wait_until_ready()
        with server.connect() as client:
            client.echo(b"the only one")
        assert wait_until(lambda: not server.is_alive(), 10)
        for look in (server.connect, lambda: end_in_order(server)):
            with pytest.raises(ContractBroken, match="is gone: it ended with exit status 0, thou") \
                    as told:
                look()
            assert told.value.rule is LIVES
        assert server.describe_end() == "ended with exit status 0, unasked"


def test_the_clients_of_several_servers_are_told_apart() -> None:
    with ExitStack() as stack:
        both = [stack.enter_context(running(ECHO)) for _ in range(2)]
        for server in both:
            server.wait_until_ready()
            server.connect().echo(b"hello")
        said = told(both, both[1].clients[0].broken("something"))
        for number in (1, 2):
            assert f"   client 1 of server {number}  connects" in said, said


@pytest.mark.parametrize("listens", [False, True], ids=["silent", "listening"])
def test_a_port_that_was_taken_meanwhile_is_tried_again(
    listens: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        if listens:  # it answers before our server has found its port taken
            other.listen()
        ports = iter([other.getsockname()[1], free_port()])
        monkeypatch.setattr(port_only, "free_port", lambda: next(ports))
        with running(ECHO) as server:
            server.wait_until_ready()
            assert server.address[1] != other.getsockname()[1]
            server.connect().echo(b"served by the right server")


def test_a_child_that_has_ended_is_no_obstacle_to_a_limit() -> None:
    # Nobody waits for the child, so it remains as a zombie.
    with running(f"sh -c 'true & exec {ECHO}'") as server:
        server.wait_until_ready()
        server.limit_memory(1 << 30)
        server.connect().echo(b"still there")


def test_a_test_that_fails_and_then_cannot_end_in_order_tells_both(tmp_path: Path) -> None:
    """pytest counts this as `1 failed, 1 error`."""
    results = Results(tmp_path / "results")
    for when, failed, cause in (("setup", False, ""), ("call", True, "no answer"),
                                ("teardown", True, "it cannot be ended")):
        results.pytest_runtest_logreport(SimpleNamespace(
            nodeid="test_x.py::test_it[yours]", when=when, failed=failed, skipped=False,
            user_properties=[("cause", cause)], sections=[("the rule", "is told")]))
    (line,) = (tmp_path / "results").read_text().splitlines()
    entry = json.loads(line)
    assert (entry["outcome"], entry["cause"]) == ("failed", "no answer")
    assert entry["sections"] == [["the rule", "is told"],
                                 ["and at the end of the test", "it cannot be ended"]]


def test_a_long_line_is_cut_in_its_middle() -> None:
    told = cut("error: " + "x" * 5000 + " at the end")
    assert told.startswith("error: xxx") and told.endswith("xxx at the end")
    assert "... (4,838 characters) ..." in told
    assert cut("short") == "short"


def test_lines_of_the_log_that_tell_the_same_of_many_clients_are_folded() -> None:
    of_clients = [f"127.0.0.1:{4000 + n}: too long  (client {n})" for n in range(1, 6)]
    assert list(folded(["ready", *of_clients, "bye", "bye"])) == [
        "ready", of_clients[0], "... and 3 lines between, of other clients", of_clients[-1],
        "bye  (2 times)"]
    assert list(folded(of_clients[:3])) == of_clients[:3], "a single line is not left out"


def test_descriptors_that_a_server_has_opened_since_it_was_ready_are_told() -> None:
    script = (SAY + "client = listener.accept(); "
              "kept = [open('/dev/null') for _ in range(3)]; signal.pause()")
    with scripted(script) as server:
        server.wait_until_ready()
        server.connect()
        assert wait_until(lambda: server.process.descriptor_kinds().count("/dev/null") > 3, 10)
        with pytest.raises(ContractBroken, match="ready: 3 x /dev/null, 1 x socket$"):
            server.wait_for_descriptors(1)


def test_a_log_that_a_test_has_elsewhere_is_not_called_empty(tmp_path: Path) -> None:
    target = foreign_server(ECHO, "framing")
    with (tmp_path / "log").open("wb") as log:
        server = Server(target, (), patience=10, log_to=log.fileno())
        server.kill()
    assert "nothing on stderr" not in server_section(server)
