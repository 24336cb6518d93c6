"""Rights that the process which talks to clients lacks, should one of them take it over."""

import os
import re
import signal
import socket
import subprocess
from collections.abc import Collection, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

import rules
from conftest import ANSWER
from harness.proc import wait_until
from harness.strace import from_start
from kit.call_list import permitted_calls
from kit.intruder import (
    COMPILER,
    NATIVE_CALLS,
    Intrude,
    Intruder,
    landlock_version,
    listed_numbers,
    need_landlock,
    processor,
)
from kit.machine import GROUP, Machine
from kit.manager import Manager
from kit.namespace import NOBODY, as_nobody
from kit.parent import only_worker, replace_worker, workers
from kit.reference import NO_PLAN
from kit.server import FingerServer, Start
from kit.terminal import Terminal, can_read, has_terminal
from kit.users import Users

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.CONFINED)]

THREADS_MAX = 1024  # io workers, for calls that wait

# A shell that starts the daemon while it has a file open, as a parent of the daemon may.
INHERITED = ("sh", "-c", 'exec 7>>"$0"; exec "$@"')


def files_open(pid: int) -> list[str]:
    """Returns the targets of the process's descriptors."""
    found = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed in between
            found.append(os.readlink(entry))
    return found


@pytest.fixture(params=[False, True], ids=["as-we-are", "not-root"])
def by_nobody(request: pytest.FixtureRequest, how: str) -> tuple[str, ...]:
    """Words in front of the daemon's command: none, or those that make it run as nobody."""
    if request.param and how != "alone":
        pytest.skip("with these accounts it is started as root")
    return as_nobody() if request.param else ()


@pytest.mark.parametrize("passed", [False, True], ids=["own-socket", "passed-socket"])
def test_files_that_the_shell_had_open_reach_neither_process(
    manager: Manager, start_either: Start, tmp_path: Path, passed: bool
) -> None:
    file = tmp_path / "a-file"
    server = start_either(under=(*(manager.under if passed else ()), *INHERITED, str(file)))
    assert (server.address == manager.address) == passed
    server.expect(b"alice", ANSWER)
    assert file.exists(), "it was not open: this test tested nothing"
    for pid in (server.pid, *workers(server)):
        assert str(file) not in files_open(pid)


def expect_nothing_gained(could: dict[str, str]) -> None:
    assert could, "nobody tried: this test tested nothing"
    assert could["reads-home"] == "done"
    assert (could["writes-home"], could["writes-outside"]) == ("EACCES", "EACCES")
    if landlock_version() >= 3:
        assert could["empties-home"] == "EACCES"
    if landlock_version() >= 6:
        assert (could["connects-abstract"], could["signals"]) == ("EPERM", "EPERM")


def expect_no_way_out(could: dict[str, str]) -> None:
    assert could["reads-outside"] == "EACCES"
    assert could["walks-outside"] == "done", "the page could promise more"
    if landlock_version() >= 4:
        assert could["connects"] == "EACCES"  # by a ring, which no filter sees
    refused = ("binds", "makes-socket", "disconnects", "makes-ring",
               "executes", "makes-code", "makes-shared-code", "makes-pair", "makes-process",
               "makes-namespace", "types", "signals",
               # These calls are permitted, but not with such arguments.
               "protects-code", "clears-flags", "sets-owner", "duplicates", "sets-nonblocking",
               "registers-credentials", "signals-thread", "maps-log", "sends-to", "sets-timeout",
               "merges-pages",
               "stops-listening", "silences-log", "makes-closing-wait")  # fmt: skip
    assert {what: could[what] for what in refused} == dict.fromkeys(refused, "EPERM")
    assert could["forgets-ring"] != "EPERM", "the end of a ring is refused"


def expect_no_rights_to_gain(pids: Collection[int]) -> None:
    for pid in pids:
        assert "NoNewPrivs:\t1\n" in Path(f"/proc/{pid}/status").read_text()


def expect_it_kept_in(intruder: Intruder, server: FingerServer) -> None:
    server.expect(b"alice", ANSWER)
    could = intruder.could(server)
    expect_nothing_gained(could)
    expect_no_way_out(could)
    expect_no_rights_to_gain(workers(server))


@pytest.mark.parametrize("by_root", [True, False], ids=["root", "not-root"])
def test_an_intruder_reads_what_lies_with_the_users_and_no_more(
    users: Users, start: Start, intrude: Intrude, by_root: bool
) -> None:
    need_landlock()
    # Not the plan, because Linux 6.1 would let the intruder empty it.
    notes = users.plan("alice").with_name("notes")
    notes.write_bytes(b"a file beside the plan\n")
    notes.chmod(0o666)
    beside = users.outside / "notes"
    beside.write_bytes(b"a file beside DIR, and not in it\n")
    beside.chmod(0o666)
    intruder = intrude(notes, outside=beside)
    server = start(under=(*intruder.under, *(() if by_root else as_nobody())))
    expect_it_kept_in(intruder, server)


def test_an_intruder_in_the_worker_reads_what_lies_in_homes_and_no_more(
    machine: Machine, start_as_root: Start, intrude: Intrude
) -> None:
    need_landlock()
    open_to_all = machine.homes / "alice" / "notes"
    open_to_all.write_bytes(b"a file beside the plan\n")
    open_to_all.chmod(0o666)
    open_to_all.parent.chmod(0o755)
    intruder = intrude(Path("/home/alice/notes"))
    server = start_as_root(under=intruder.under)
    expect_it_kept_in(intruder, server)


@pytest.mark.usefixtures("walled_in")
@pytest.mark.rule(rules.WHY_NO_PLAN)
def test_homes_that_are_mounted_again_are_served_after_a_reload(
    machine: Machine, start_as_root: Start
) -> None:
    need_landlock()
    server = start_as_root()
    server.expect(b"alice", ANSWER)
    home = machine.another_disk / "alice"
    machine.homes.joinpath("alice").rename(home)
    mount = 'umount -l /home && mount --bind "$1" /home'
    subprocess.run(["nsenter", f"--target={server.pid}", "--mount", "--root",
                    "sh", "-c", mount, "sh", str(machine.another_disk)], check=True)  # fmt: skip
    server.expect(b"alice", NO_PLAN)
    assert "no plan (Permission denied) 10 bytes" in server.wait_for_log_lines(2)[1]
    replace_worker(server)
    server.expect(b"alice", ANSWER)


@pytest.mark.rule(rules.ROOT_IS_GONE)
def test_an_intruder_can_send_only_as_the_daemons_account(
    start_as_root: Start, intrude: Intrude
) -> None:
    notes = Path("/home/alice/notes")
    intruder = intrude(notes, credentials=2)
    server = start_as_root(under=intruder.under)
    server.expect(b"alice", ANSWER)
    alice_and_bob = [f"{NOBODY}:{NOBODY}"] * 2
    assert intruder.told(server, "speaks-as") == alice_and_bob


def test_an_intruder_cannot_write_over_what_the_log_says(
    start_as_root: Start, intrude: Intrude
) -> None:
    intruder = intrude(Path("/home/alice/.plan"), log=1)
    server = start_as_root(under=intruder.under)
    with server.connect() as client:
        client.wait_for_hang_up(server.patience)
    assert wait_until(lambda: "overwrites-log" in intruder.could(server), server.patience)
    assert server.stderr_text().startswith("serving 2 users\nintruder was here\n")
    assert server.wait_exit() == 1


def test_an_intruder_cannot_fill_the_machine_with_the_kernels_threads(
    users: Users, start: Start, intrude: Intrude
) -> None:
    intruder = intrude(users.plan("alice"), threads=THREADS_MAX + 200)
    server = start("--deadline", "1s", under=intruder.under)
    before = server.process.thread_count()
    server.asking(b"alice")
    assert wait_until(lambda: "makes-threads" in intruder.could(server), server.patience)
    more = server.process.thread_count() - before
    server.stop(signal.SIGKILL)  # its loop has met completions that it doesn't know
    if more < THREADS_MAX / 2:
        pytest.skip(f"this kernel, or so slow a machine, makes no more than {more} threads")
    assert more <= THREADS_MAX


def test_an_intruder_in_a_daemon_with_accounts_and_without_root_writes_nothing(
    users: Users, start: Start, intrude: Intrude
) -> None:
    need_landlock()
    users.plan("alice").chmod(0o666)
    intruder = intrude(users.plan("alice"))
    server = start("--group", "root", under=(*intruder.under, *as_nobody()))
    server.connect()
    assert wait_until(lambda: "makes-threads" in intruder.could(server), server.patience)
    could = intruder.could(server)
    assert could["reads-home"] == "EACCES", "it is no home of that group's members"
    expect_nothing_gained(could | {"reads-home": "done"})
    expect_no_way_out(could)
    expect_no_rights_to_gain(workers(server))


def test_without_landlock_an_intruder_reads_and_writes_what_the_account_may(
    users: Users, start: Start, intrude: Intrude, tmp_path: Path
) -> None:
    """The page says so. If the intruder couldn't, the page could promise more."""
    notes = users.plan("alice").with_name("notes")
    notes.touch()
    notes.chmod(0o666)
    intruder = intrude(notes)
    trace = from_start(tmp_path / "trace", "-e", "inject=landlock_create_ruleset:error=ENOSYS")
    server = start(under=(*trace, *intruder.under))
    server.expect(b"alice", ANSWER)
    could = intruder.could(server)
    for what in ("reads-outside", "writes-home", "writes-outside", "empties-home"):
        assert could[what] == "done"


def test_no_system_call_is_permitted_but_those_on_the_list(
    users: Users, start_either: Start, how: str, intrude: Intrude
) -> None:
    plan = users.plan("alice") if how == "alone" else "/home/alice/.plan"
    intruder = intrude(plan, permitted=listed_numbers())
    server = start_either(under=intruder.under)
    server.expect(b"alice", ANSWER)
    assert intruder.passes(server) == []


def makes_calls_of_i386(scratch: Path) -> bool:
    """Returns true if the kernel has `int 0x80`, where 20 is getpid(2). Some kernels don't."""
    source, program = scratch / "getpid.c", scratch / "getpid"
    source.write_text('int main(void) { int r = 20; __asm__("int $0x80" : "+a"(r)); return 0; }')
    subprocess.run(["cc", "-o", program, source], check=True)
    return subprocess.run([program]).returncode == 0


@pytest.mark.parametrize("numbers", ["i386", "x32"])
@pytest.mark.parametrize("under", [(), NATIVE_CALLS], ids=["by itself", "native calls"])
def test_a_worker_that_calls_by_another_processors_numbers_is_killed(
    start_as_root: Start, intrude: Intrude, numbers: str, under: tuple[str, ...], tmp_path: Path
) -> None:
    if processor() != "x86_64" or (numbers == "i386" and not makes_calls_of_i386(tmp_path)):
        pytest.skip("it makes no calls of another processor")
    home = Path("/home/alice/.plan")
    intruder = intrude(home, numbers=numbers)
    server = start_as_root(under=(*under, *intruder.under))
    with server.connect() as client:
        client.wait_for_hang_up(server.patience)
    assert server.wait_exit() == 1
    said = server.stderr_text()
    assert "the worker ended unexpectedly: signal 31" in said
    assert "lives on" not in said


@pytest.mark.usefixtures("walled_in")
def test_a_library_that_knows_accounts_writes_nothing_and_leaves_no_socket_to_the_worker(
    machine: Machine, start: Start, how: str, tmp_path: Path
) -> None:
    need_landlock()
    library = tmp_path / "libnss_keeper.so.2"
    source = Path(__file__).parent / "kit" / "nss_keeper.c"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    machine.ask_first("keeper")
    with closing(socket.socket(socket.AF_UNIX)) as service:
        service.bind(str(tmp_path / "service"))
        service.listen()
        keeper = ("env", f"LD_LIBRARY_PATH={tmp_path}", f"KEEPER_SERVICE={tmp_path / 'service'}",
                  f"KEEPER_FILE={tmp_path / 'written'}")  # fmt: skip
        options = () if how == "alone" else ("--group", GROUP)
        server = start(*options, under=(*machine.under, *keeper))
        service.settimeout(server.patience)
        asked, _ = service.accept()
        with closing(asked):
            # With --users, the main process looks up the account that it becomes, without a fence.
            could_write = "done" if how == "alone" else "EACCES"
            assert set(asked.recv(4096).decode().split()) == {could_write}
        (worker,) = workers(server)
        sockets = [file for file in files_open(worker) if file.startswith("socket:")]
        assert len(sockets) == 2, "more than the port and its parent"


def test_the_worker_is_killed_before_its_parent_when_memory_runs_out(
    start_either: Start, by_nobody: tuple[str, ...]
) -> None:
    """Otherwise an intruder could use up the kernel's memory until the parent is killed, and
    go on."""
    server = start_either(under=by_nobody)
    scores = {pid: int(Path(f"/proc/{pid}/oom_score_adj").read_text())
              for pid in (server.pid, *workers(server))}  # fmt: skip
    assert scores.pop(server.pid) < 1000
    assert list(scores.values()) == [1000]


WALLS = {"seccomp": "no filter of system calls: ", "landlock_create_ruleset": "no Landlock: ",
         "landlock_restrict_self": "Landlock is there, and refused: ",
         "landlock_add_rule": "no Landlock: ", "close_range": "no close_range(2): ",
         "setsid": "no session of its own: "}  # fmt: skip


@pytest.mark.usefixtures("walled_in")
@pytest.mark.parametrize("call", WALLS)
def test_a_missing_wall_is_logged_and_plans_are_served(
    start_either: Start, tmp_path: Path, call: str
) -> None:
    trace = from_start(tmp_path / "trace", "-e", f"inject={call}:error=ENOSYS")
    server = start_either(under=trace)
    server.expect(b"alice", ANSWER)
    told = [line for line in server.stderr_text().splitlines() if WALLS[call] in line]
    assert len(told) == 1, server.stderr_text()
    assert re.search(rf"{re.escape(WALLS[call])}\w", told[0])


def test_the_page_names_the_calls_that_are_permitted() -> None:
    page = (Path(__file__).parents[2] / "SECURITY.md").read_text()
    _, _, table = page.partition("| what for | system calls |\n| --- | --- |\n")
    rows = table.partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", rows)) == permitted_calls()


def test_each_no_of_the_page_is_tried() -> None:
    page = (Path(__file__).parents[2] / "finger/README.md").read_text()
    rows = re.findall(r"^\| ([^|]*) \| (no.*) \| \2 \|$", page, re.M)
    assert [what for what, _ in rows] == list(TRIED)
    assert {answer for _, answer in rows[:2]} == {"no, with Landlock"}
    assert {answer for _, answer in rows[2:]} == {"no"}


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """A terminal, until the end of the test."""
    with closing(Terminal()) as opened:
        yield opened


def test_an_intruder_in_the_worker_has_no_terminal_to_type_at_or_read_from(
    start_as_root: Start, terminal: Terminal, intrude: Intrude
) -> None:
    intruder = intrude(Path("/home/alice/.plan"))
    server = start_as_root(before=terminal.under, under=intruder.under)
    assert has_terminal(server.pid), "it was started at none: this test tested nothing"
    server.expect(b"alice", ANSWER)
    assert intruder.could(server, terminal.shown())["types"] in ("EPERM", "EIO")
    (worker,) = workers(server)
    assert not has_terminal(worker)
    for pid in (server.pid, worker):
        assert not can_read(pid, 2)
        assert Path(f"/proc/{pid}/fd/0").samefile("/dev/null")
    assert Path(f"/proc/{worker}/fd/1").samefile("/dev/null")


def test_a_daemon_without_root_reads_nothing_from_its_terminal(
    start: Start, terminal: Terminal
) -> None:
    server = start(under=terminal.under)
    server.expect(b"alice", ANSWER)
    for pid in (server.pid, only_worker(server)):
        assert not can_read(pid, 2)
        assert Path(f"/proc/{pid}/fd/0").samefile("/dev/null")


# Things that an intruder can't do, according to the page's table, and the tests that try them.
_CALLS = test_no_system_call_is_permitted_but_those_on_the_list
TRIED = {
    "read anything else, list `/home`, write a file":
        test_an_intruder_in_the_worker_reads_what_lies_in_homes_and_no_more,
    "become another user, run a program, trace a process": _CALLS,
    "make a process or a thread, and so outlive a stop or a restart": _CALLS,
    "type at a terminal, or read what is typed there":
        test_an_intruder_in_the_worker_has_no_terminal_to_type_at_or_read_from,
    "make a connection or a socket, send UDP packets, reconnect a client's socket": _CALLS,
    "talk to Unix sockets, send signals to other processes": _CALLS,
    "make memory executable, and so run code of its own": _CALLS,
}  # fmt: skip
