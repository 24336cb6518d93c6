"""The log's line for each query: client, query, outcome, bytes, milliseconds."""

import os
import re
import signal
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

import rules
from conftest import ALICE, ANSWER
from harness.proc import wait_until
from harness.subject import REPOSITORY
from harness.unread import UNREAD, under_of
from harness.verdict import ContractBroken
from kit.namespace import as_nobody
from kit.parent import replace_worker
from kit.reference import NO_PLAN
from kit.server import FingerServer, Start, start_with_journal
from kit.users import Users

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.LOGS)]

ANSWERED = {
    "plan": (b"alice", "alice", "answered", len(ANSWER)),
    "name-and-plan": (b"/W alice", "/W alice", "answered", len(ANSWER) + 13),
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
    "BEL": b"a\x07forged 1 bytes 1 ms",
    "DEL": b"\x7f",
    "direction": "a\u202eb\u2066".encode(),
    "line-separator": "a\u2028b".encode(),
    "quotation-mark": b'x" answered 9 bytes 1 ms',
}


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


def unreadable(plan: Path) -> None:
    plan.write_bytes(ALICE)
    plan.chmod(0)


NO_PLANS: dict[str, Callable[[Path], object]] = {
    "no plan (Permission denied)": unreadable,
    "no plan (a symbolic link)": lambda plan: plan.symlink_to("elsewhere"),
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
    server = start(under=as_nobody())
    users.plan("bob").parent.chmod(0)
    server.expect(b"bob", NO_PLAN)
    assert server.wait_for_exchange().outcome == "no plan (Permission denied for the home)"


@pytest.mark.rule(rules.PRIORITIES)
def test_the_journal_is_told_what_matters(start: Start, users: Users, tmp_path: Path) -> None:
    server = start_with_journal(start, tmp_path / "log", "--max-per-ip", "1")
    with server.connect():
        server.wait_until_busy()
        server.connect().expect_end()
    wait_until(lambda: server.connection_count() == 0, server.patience)
    server.expect(b"alice", ANSWER)
    users.directory.rename(users.directory.with_name("gone"))
    server.send_signal(signal.SIGHUP)
    read = (tmp_path / "log").read_text
    assert wait_until(lambda: "reload" in read(), server.patience)
    users.directory.with_name("gone").rename(users.directory)
    assert server.stop() == 0
    severities = {line[3:].split(" ", 1)[-1][:12]: line[:3] for line in read().splitlines()}
    assert severities == {"3 users": "<6>", "turned away:": "<4>", '"" unexpecte': "<6>",
                          '"alice" answ': "<6>", "reload, so t": "<4>",
                          "3 accepted, ": "<6>"}  # fmt: skip


@pytest.mark.rule(rules.PRIORITIES)
@pytest.mark.parametrize(("option", "status", "said"), [
    ("--addr=192.0.2.1", 1, "<3>cannot serve "), ("--max-clientz", 2, "<3>fingerd: "),
    ("--no-list=yes", 2, "<3>fingerd: ")])  # fmt: skip
def test_why_it_cannot_run_is_an_error(
    start: Start, tmp_path: Path, option: str, status: int, said: str
) -> None:
    server = start_with_journal(start, tmp_path / "log", option, ready=False)
    assert server.wait_exit() == status
    assert (tmp_path / "log").read_text().startswith(said)


@pytest.mark.rule(rules.PRIORITIES)
@pytest.mark.parametrize("stream", ["", "1:2", "nonsense"])
def test_a_stderr_that_the_variable_does_not_name_gets_plain_lines(
    start: Start, stream: str
) -> None:
    server = start(under=("env", f"JOURNAL_STREAM={stream}"))
    server.ask(b"alice")
    assert server.wait_for_log_lines(1)[0][0] != "<"
    assert server.wait_for_exchange().outcome == "answered"


def test_every_exchange_has_exactly_one_line(server: FingerServer) -> None:
    for number in range(40):
        with server.connect() as client:
            client.ask((b"alice", b"nobody", b"", b"\xff")[number % 4])
    server.wait_for_log_lines(40)
    lines = server.log_lines()
    assert len(lines) == 40 and len(server.exchanges()) == 40, lines


@pytest.mark.parametrize(("host", "named"), [("::1", "[::1]:"), ("127.0.0.1", "127.0.0.1:")])
def test_a_peer_of_an_ipv6_socket_is_named_as_what_it_is(
    start: Start, host: str, named: str
) -> None:
    server = start("--addr", "::")
    server.ask(b"alice", host=host)
    assert server.wait_for_exchange().peer.startswith(named)


@pytest.mark.clock
@pytest.mark.parametrize(("leave", "outcome", "size"), [
    ("reset", "gone", 0), (None, "query timeout", 22)])
def test_the_log_says_how_half_a_query_ended(
    start: Start, leave: str | None, outcome: str, size: int
) -> None:
    server = start("--query-timeout", "300ms")
    client = server.connect()
    client.send_in_pieces(b"ali")
    if leave:
        getattr(client, leave)()
    exchange = server.wait_for_exchange()
    assert (exchange.outcome, exchange.bytes) == (outcome, size)
    assert leave or 300 <= exchange.milliseconds < 1500


def test_a_client_with_half_a_query_is_logged_as_stopped_when_the_worker_ends(
    server: FingerServer
) -> None:
    client = server.connect()
    client.send(b"ali")
    server.wait_until_busy()
    assert server.stop() == 0
    assert [each.outcome for each in server.exchanges()] == ["stopped"]


@pytest.mark.clock
def test_the_man_page_names_each_refusal_as_the_log_does(start: Start) -> None:
    """An administrator who greps the log for the page's words must find them."""
    server = start("--no-list", "--query-timeout", "300ms", "--log", "outcome")
    for query in (b"nobody", b"a@b", b"\xff", b"x" * 1100, b""):
        with server.connect() as client:
            client.ask(query)
    with server.connect() as client:
        client.half_close()
        client.receive_until_end()
    with server.connect() as client:
        client.receive_until_end()
    lines = server.wait_for_log_lines(7)
    page = (REPOSITORY / "finger" / "server" / "fingerd.8.scd").read_text()
    output = page.partition("\n# OUTPUT\n")[2].partition("\n# ")[0]
    logged = {line.partition(" bytes ")[0].rpartition(" ")[0] for line in lines}
    assert len(logged) == 7 and logged <= set(re.findall("_([^_]+)_", output))


@pytest.mark.rule(rules.ESCAPED)
@pytest.mark.parametrize("query", NASTY.values(), ids=NASTY)
def test_bytes_from_a_peer_are_escaped(server: FingerServer, query: bytes) -> None:
    server.ask(query)
    (line,) = server.wait_for_log_lines(1)
    assert re.fullmatch("[ -~]*", line), f"unprintable or beyond ASCII: {line!r}"
    assert re.fullmatch(r'\S+ "([^"\\]|\\.)*" (invalid query|no such user) .*', line), line
    assert server.wait_for_exchange().bytes > 0


@pytest.mark.parametrize("before", [b"", b"/W"], ids=["in-front", "behind-the-switch"])
def test_blanks_do_not_hide_who_was_asked_for(server: FingerServer, before: bytes) -> None:
    assert server.ask(before + b" \t" * 300 + b"alice").endswith(ANSWER)
    asked = server.wait_for_exchange().query
    assert asked.startswith(before.decode()) and asked.endswith("alice"), asked


@pytest.mark.rule(rules.ESCAPED)
def test_a_backslash_cannot_forge_an_escape(server: FingerServer) -> None:
    server.ask(b"\\x1b")
    server.ask(b"\x1b")
    first, second = server.wait_for_log_lines(2)
    assert first.split('"')[1] != second.split('"')[1]


@pytest.mark.rule(rules.PRIVACY)
def test_outcomes_alone_name_neither_the_peer_nor_the_query(start: Start) -> None:
    server = start("--log", "outcome", "--max-per-ip", "1")
    server.expect(b"alice", ANSWER)
    with server.connect():
        server.wait_until_busy()
        server.connect().expect_end()

    def is_answered() -> bool:
        """Returns false if the client before hasn't given its place back yet."""
        with suppress(ContractBroken):
            return server.ask(b"carol@elsewhere") != b""
        return False

    assert wait_until(is_answered, server.patience)
    server.wait_for_log_lines(4)
    lines = server.log_lines()
    assert re.fullmatch(r"answered \d+ bytes \d+\.\d ms", lines[0])
    assert "turned away: too many connections from one address" in server.stderr_text()
    assert not [line for line in lines if re.search(r"127\.|alice|carol|elsewhere", line)]


@pytest.mark.rule(rules.PRIVACY)
@pytest.mark.parametrize("detail", ["outcome", "none"])
def test_no_line_of_any_kind_names_a_client(start: Start, detail: str) -> None:
    proxy = "127.0.0.2"
    server = start("--log", detail, "--max-per-ip", "1", "--proxy-protocol", proxy)
    with server.connect(source=proxy) as client:
        client.send(b"nonsense\r\n")
        assert client.receive_until_gone() == b""
    with server.connect():
        server.wait_until_busy()
        server.connect().expect_end()
    assert server.stop() == 0
    text = server.stderr_text()
    assert "turned away: " in text and "closed: PROXY header: " in text
    assert "127." not in text


def said(server: FingerServer) -> list[str]:
    """Returns all lines except the warning about a kernel without Landlock, and those of each
    worker."""
    lines = server.stderr_text().splitlines()
    return [line for line in lines if not re.match(r"no Landlock|serving \d|served: ", line)]


def test_a_daemon_that_logs_none_says_nothing_of_exchanges(start: Start) -> None:
    server = start("--log=none")
    for query in (b"alice", b"nobody", b"\xff", b"a@b", b""):
        server.ask(query)
    server.connect().reset()
    server.expect(b"alice", ANSWER)
    assert server.stop() == 0 and said(server) == []


@pytest.mark.rule(rules.STALLED_LOG)
@pytest.mark.parametrize("kind", UNREAD)
def test_a_log_reader_that_stops_holds_up_no_client(
    start: Start, tmp_path: Path, kind: str
) -> None:
    with ExitStack() as held:
        server = start(log_to=UNREAD[kind](held, tmp_path), under=under_of(kind))
        for _ in range(600):  # lines of some seventy bytes
            server.expect(b"alice", ANSWER)
        assert server.stop() == 0


def fill(writer: int) -> None:
    """Fills the pipe or terminal to the last byte. Then a write waits for room, as writes do by
    default."""
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b".\n" * 2048)
    os.set_blocking(writer, True)


@pytest.mark.rule(rules.STALLED_LOG)
def test_a_terminal_that_nobody_reads_holds_up_no_reload_and_no_stop(start: Start) -> None:
    under = under_of("terminal-of-another")
    master, slave = os.openpty()
    fill(slave)
    os.read(master, 2048)
    server = start("--log", "none", log_to=slave, under=under)
    os.close(slave)
    for _ in range(60):  # lines of some forty bytes
        replace_worker(server)
    assert server.stop() == 0
    os.close(master)


@pytest.mark.rule(rules.STALLED_LOG)
def test_lines_that_waited_for_a_log_reader_are_written_once(start: Start) -> None:
    reader, writer = os.pipe()
    server = start(log_to=writer)
    fill(writer)
    os.close(writer)
    for _ in range(3):
        replace_worker(server)
    with open(reader, "rb", buffering=0) as lines:
        lines.read(1 << 20)  # makes room for the lines that wait
        server.expect(b"alice", ANSWER)
        assert server.stop() == 0
        told = lines.readall()
    assert told.count(b"reloaded: ") <= 3, told.decode()


@pytest.mark.rule(rules.STALLED_LOG)
def test_a_log_reader_that_leaves_ends_nothing(start: Start) -> None:
    reader, writer = os.pipe()
    server = start(log_to=writer)
    os.close(writer)
    os.close(reader)
    for _ in range(3):
        server.expect(b"alice", ANSWER)
