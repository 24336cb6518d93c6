"""A line for each exchange: who, what, how it ended, how much, how long."""

import fcntl
import os
import re
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

import rules
from conftest import ALICE
from harness.proc import wait_until
from harness.verdict import ContractBroken
from kit.namespace import as_nobody
from kit.reference import LIST_DENIED, NO_PLAN, converted
from kit.server import Exchange, FingerServer, Start
from kit.users import Users

pytestmark = pytest.mark.needs("logs")

ANSWERED = {
    "plan": (b"alice", "alice", "answered", len(converted(ALICE))),
    "name-and-plan": (b"/W alice", "/W alice", "answered", len(converted(ALICE)) + 13),
    "no-plan": (b"bob", "bob", "no plan (No such file or directory)", len(NO_PLAN)),
    "empty": (b"carol", "carol", "no plan (it is empty)", len(NO_PLAN)),
    "name-without-plan": (b"/W carol", "/W carol", "no plan (it is empty)", len(NO_PLAN) + 13),
    "list": (b"", "", "answered", 19),
    "nobody": (b"nobody", "nobody", "no such user", 21),
    "relay": (b"a@b", "a@b", "relay access denied", 28),
}
NASTY = {
    "control": b"a\x1b[2Jb",
    "NUL": b"a\0b",
    "C1": b"a\xc2\x9bb",
    "no-utf8": b"a\xff\xfeb",
    "CR": b"a\rforged 1 bytes 1 ms",
    "DEL": b"\x7f",
    "direction": "a\u202eb\u2066".encode(),
    "line-separator": "a\u2028b".encode(),
}


@pytest.mark.rule(rules.LOGS)
@pytest.mark.parametrize("case", ANSWERED)
def test_a_line_tells_of_the_exchange(server: FingerServer, case: str) -> None:
    line, query, outcome, size = ANSWERED[case]
    client = server.connect()
    host, port = client.socket.getsockname()[:2]
    answer = client.ask(line)
    client.close()
    exchange = server.wait_for_exchange()
    assert exchange.peer == f"{host}:{port}"
    assert (exchange.query, exchange.outcome, exchange.bytes) == (query, outcome, size)
    assert len(answer) == size
    assert exchange.milliseconds < 5000


def make_unreadable(plan: Path) -> None:
    plan.write_bytes(ALICE)
    plan.chmod(0)


def make_link(plan: Path) -> None:
    plan.symlink_to("elsewhere")


NO_PLANS = {
    "no plan (Permission denied)": make_unreadable,
    "no plan (a symbolic link)": make_link,
    "no plan (not a regular file)": os.mkfifo,
}


@pytest.mark.rule(rules.WHY_NO_PLAN)
@pytest.mark.parametrize("outcome", NO_PLANS)
def test_the_line_says_why_there_is_no_plan(start: Start, users: Users, outcome: str) -> None:
    NO_PLANS[outcome](users.plan("bob"))
    server = start(under=as_nobody())
    server.expect(b"bob", NO_PLAN)
    assert server.wait_for_exchange().outcome == outcome


@pytest.mark.rule(rules.WHY_NO_PLAN)
def test_the_line_says_that_a_home_is_closed(start: Start, users: Users) -> None:
    users.plan("alice").parent.chmod(0)
    server = start(under=as_nobody())
    server.expect(b"alice", NO_PLAN)
    assert server.wait_for_exchange().outcome == "no plan (Permission denied for the home)"


def journal(log: int) -> tuple[str, ...]:
    """Words in front of a server whose stderr is said to be this stream of the journal."""
    file = os.fstat(log)
    return ("env", f"JOURNAL_STREAM={file.st_dev}:{file.st_ino}")


@pytest.mark.rule(rules.PRIORITIES)
def test_the_journal_is_told_what_matters(start: Start, users: Users, tmp_path: Path) -> None:
    log = os.open(tmp_path / "log", os.O_CREAT | os.O_RDWR | os.O_APPEND)
    server = start("--max-per-ip", "1", log_to=log, under=journal(log))
    os.close(log)
    with server.connect():
        server.wait_until_busy()
        server.connect().expect_end()
    wait_until(lambda: server.process.socket_count() == 1, server.patience)
    server.expect(b"alice", converted(ALICE))
    users.directory.rename(users.directory.with_name("gone"))
    server.send_signal(signal.SIGHUP)
    read = (tmp_path / "log").read_text
    assert wait_until(lambda: "reload" in read(), server.patience)
    users.directory.with_name("gone").rename(users.directory)
    assert server.stop() == 0
    severities = {line[3:].split(" ", 1)[-1][:12]: line[:3] for line in read().splitlines()}
    assert severities == {"turned away:": "<4>", '"" unexpecte': "<6>", '"alice" answ': "<6>",
                          "reload, the ": "<4>"}  # fmt: skip


@pytest.mark.rule(rules.PRIORITIES)
def test_why_it_cannot_run_is_an_error(start: Start, server: FingerServer, tmp_path: Path) -> None:
    log = os.open(tmp_path / "log", os.O_CREAT | os.O_RDWR | os.O_APPEND)
    second = start(port=server.address[1], log_to=log, under=journal(log), ready=False)
    os.close(log)
    assert second.wait_exit() == 1
    assert (tmp_path / "log").read_text().startswith("<3>cannot serve ")


@pytest.mark.rule(rules.PRIORITIES)
def test_so_is_a_wrong_option(start: Start, tmp_path: Path) -> None:
    log = os.open(tmp_path / "log", os.O_CREAT | os.O_RDWR | os.O_APPEND)
    wrong = start("--max-clientz", "5", log_to=log, under=journal(log), ready=False)
    os.close(log)
    assert wrong.wait_exit() == 2
    assert (tmp_path / "log").read_text().startswith("<3>fingerd: ")


@pytest.mark.rule(rules.PRIORITIES)
@pytest.mark.parametrize("stream", ["", "1:2", "nonsense"])
def test_whom_the_variable_does_not_mean_gets_plain_lines(start: Start, stream: str) -> None:
    server = start(under=("env", f"JOURNAL_STREAM={stream}"))
    server.ask(b"alice")
    assert server.wait_for_log_lines(1)[0][0] != "<"
    assert server.wait_for_exchange().outcome == "answered"


@pytest.mark.rule(rules.LOGS)
def test_every_exchange_has_exactly_one_line(server: FingerServer) -> None:
    for number in range(40):
        with server.connect() as client:
            client.ask((b"alice", b"nobody", b"", b"\xff")[number % 4])
    server.wait_for_log_lines(40)
    lines = server.log_lines()
    assert len(lines) == 40 and len(server.exchanges()) == 40, lines


@pytest.mark.rule(rules.LOGS)
def test_the_ipv6_peer_is_named_with_brackets(start: Start) -> None:
    server = start("--addr", "::")
    server.ask(b"alice", host="::1")
    assert server.wait_for_exchange().peer.startswith("[::1]:")


@pytest.mark.rule(rules.LOGS)
def test_an_ipv4_peer_of_an_ipv6_socket_is_named_as_ipv4(start: Start) -> None:
    server = start("--addr", "::")
    server.ask(b"alice", host="127.0.0.1")
    assert server.wait_for_exchange().peer.startswith("127.0.0.1:")


@pytest.mark.rule(rules.LOGS)
@pytest.mark.parametrize(
    "options, outcome", [(("--no-list",), "user list denied"), ((), "answered")]
)
def test_the_list_has_its_outcome(start: Start, options: tuple[str, ...], outcome: str) -> None:
    server = start(*options)
    assert (server.ask(b"") == LIST_DENIED) == (outcome != "answered")
    assert server.wait_for_exchange().outcome == outcome


def unfinished(server: FingerServer, begun: bytes, leave: str) -> Exchange:
    """What is told of a client that leaves with half a query."""
    client = server.connect()
    if begun:
        client.send_in_pieces(begun)
    getattr(client, leave)()
    exchange = server.wait_for_exchange()
    return exchange


@pytest.mark.rule(rules.LOGS)
def test_an_end_before_the_line_is_told(server: FingerServer) -> None:
    exchange = unfinished(server, b"ali", "half_close")
    assert exchange.outcome == "unexpected EOF" and exchange.bytes == 23


@pytest.mark.rule(rules.LOGS)
def test_a_reset_is_told(server: FingerServer) -> None:
    exchange = unfinished(server, b"ali", "reset")
    assert exchange.outcome == "gone" and exchange.bytes == 0


@pytest.mark.clock
@pytest.mark.rule(rules.LOGS)
def test_a_deadline_is_told(start: Start) -> None:
    server = start("--deadline", "300ms")
    server.connect().send(b"ali")
    exchange = server.wait_for_exchange()
    assert exchange.outcome == "timed out" and exchange.bytes == 0
    assert 300 <= exchange.milliseconds < 1500


@pytest.mark.rule(rules.ESCAPED)
@pytest.mark.parametrize("query", NASTY.values(), ids=NASTY)
def test_what_a_peer_sends_is_escaped(server: FingerServer, query: bytes) -> None:
    server.ask(query)
    (line,) = server.wait_for_log_lines(1)
    assert re.fullmatch("[ -~]*", line), f"unprintable or beyond ASCII: {line!r}"
    assert server.wait_for_exchange().bytes > 0


@pytest.mark.rule(rules.ESCAPED)
def test_a_quotation_mark_cannot_end_the_query(server: FingerServer) -> None:
    query = b'x" answered 9 bytes 1 ms'
    server.ask(query)
    (line,) = server.wait_for_log_lines(1)
    found = re.search(r' "((?:[^"\\]|\\.)*)" (.*)', line)
    assert found and found[2].startswith("no such user"), line


@pytest.mark.rule(rules.ESCAPED)
def test_a_backslash_cannot_forge_an_escape(server: FingerServer) -> None:
    server.ask(b"\\x1b")
    server.ask(b"\x1b")
    first, second = server.wait_for_log_lines(2)
    assert first.split('"')[1] != second.split('"')[1]


def left_out(server: FingerServer) -> int:
    """How many lines are said to be missing."""
    found = re.findall(r": (\d+) lines left out$", "\n".join(server.log_lines()), re.MULTILINE)
    return sum(map(int, found))


@pytest.mark.clock
@pytest.mark.rule(rules.THINNED)
def test_one_address_does_not_fill_the_log(start: Start) -> None:
    server = start()
    begin = time.monotonic()
    for _ in range(500):
        server.ask(b"\x01" * 20, source="127.0.0.5")
    for _ in range(20):
        server.expect(b"alice", converted(ALICE), source="127.0.0.6")
    seconds = time.monotonic() - begin
    time.sleep(1.1)
    server.ask(b"\x01", source="127.0.0.5")  # so the number of those that are missing is told

    def flood() -> int:
        return sum(each.peer.startswith("127.0.0.5:") for each in server.exchanges())

    # Where the queries took longer than a second, some were told earlier.
    assert wait_until(lambda: flood() + left_out(server) >= 501, server.patience)
    assert 100 <= flood() <= 102 + seconds
    assert flood() + left_out(server) == 501
    assert len([each for each in server.exchanges() if each.peer.startswith("127.0.0.6:")]) == 20


@pytest.mark.rule(rules.PRIVACY)
def test_outcomes_alone_name_neither_the_peer_nor_the_query(start: Start) -> None:
    server = start("--log", "outcome", "--max-per-ip", "1")
    server.expect(b"alice", converted(ALICE))
    with server.connect():
        server.wait_until_busy()
        server.connect().expect_end()

    def is_answered() -> bool:
        """Not if the one before has not given its place back yet."""
        with suppress(ContractBroken):
            return server.ask(b"carol@elsewhere") != b""
        return False

    for _ in range(200):  # so some are left out
        assert wait_until(is_answered, server.patience)
    time.sleep(1.1)
    server.ask(b"alice")
    assert wait_until(lambda: "left out" in server.stderr_text(), server.patience)
    lines = server.log_lines()
    assert re.fullmatch(r"answered \d+ bytes \d+\.\d ms", lines[0])
    assert "turned away: too many connections from one address" in server.stderr_text()
    assert not [line for line in lines if re.search(r"127\.|alice|carol|elsewhere", line)]


def said(server: FingerServer) -> list[str]:
    """All lines but the warning about a kernel without Landlock."""
    return [line for line in server.stderr_text().splitlines() if "Landlock" not in line]


@pytest.mark.rule(rules.LOGS)
def test_none_is_quiet(start: Start) -> None:
    server = start("--log", "none")
    server.expect(b"alice", converted(ALICE))
    assert server.stop() == 0 and said(server) == []


@pytest.mark.rule(rules.LOGS)
def test_quiet_says_nothing_of_exchanges(start: Start) -> None:
    server = start("--quiet")
    for query in (b"alice", b"nobody", b"\xff", b"a@b", b""):
        server.ask(query)
    server.connect().reset()
    server.expect(b"alice", converted(ALICE))
    assert server.stop() == 0 and said(server) == []


@pytest.mark.rule(rules.STALLED_LOG)
def test_a_log_reader_that_stops_holds_up_no_client(start: Start) -> None:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    server = start(log_to=writer)
    os.close(writer)
    try:
        for _ in range(300):  # lines of some seventy bytes
            server.expect(b"alice", converted(ALICE))
        assert server.stop() == 0
    finally:
        os.close(reader)


@pytest.mark.rule(rules.STALLED_LOG)
def test_a_log_reader_that_leaves_ends_nothing(start: Start) -> None:
    reader, writer = os.pipe()
    server = start(log_to=writer)
    os.close(writer)
    os.close(reader)
    for _ in range(3):
        server.expect(b"alice", converted(ALICE))
