"""The filter of system calls refuses nothing while the daemon does all that it can. The list of
permitted calls fits this C library. A different version may make more calls, and then this test
names them.
"""

import re
import signal
from pathlib import Path

import pytest

import rules
from conftest import ANSWER
from harness.proc import wait_until
from harness.strace import from_start
from kit import hanging_fs
from kit.machine import Machine
from kit.parent import workers
from kit.reference import LARGE, NO_PLAN, converted
from kit.server import FingerServer, Start

pytestmark = [
    pytest.mark.needs("contract"),
    pytest.mark.timeout(120),
    pytest.mark.usefixtures("walled_in"),
    pytest.mark.rule(rules.CONFINED),
]

PROXY = "127.0.0.5"
# A shortage of descriptors, as far as the daemon can tell.
SHORTAGE = ("-e", "inject=accept4:error=EMFILE:when=3")
# A process that has given root up tries to get it back, before it sets up the filter.
TRIED_ON_PURPOSE = ("setresuid", "setresuid32", "setresgid", "setresgid32")
REFUSED = re.compile(r"(?P<call>\w+)(?:\(| resumed>).* = -1 EPERM")


def refused(trace: list[str]) -> list[str]:
    """Returns the lines with calls that failed with the filter's error."""
    found = [(line, REFUSED.search(line)) for line in trace]
    return [line for line, call in found if call and call["call"] not in TRIED_ON_PURPOSE]


def test_a_refused_call_is_found_in_a_trace() -> None:
    trace = [
        "81 1.0 setresuid(0, 0, 0) = -1 EPERM (Operation not permitted)",
        "81 1.1 seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, {len=9}) = 0",
        "81 1.2 openat(AT_FDCWD, \"/etc\", O_RDONLY) = -1 EACCES (Permission denied)",
        "81 1.3 mincore(0x7f0000000000, 4096, [1]) = -1 EPERM (Operation not permitted)",
        "82 1.4 <... clone3 resumed>, 88)  = -1 EPERM (Operation not permitted)",
    ]
    assert refused(trace) == trace[3:]


def ask_everything(server: FingerServer) -> None:
    """Asks for every kind of answer, and lets a client leave."""
    server.expect(b"alice", ANSWER)
    server.expect(b"bob", NO_PLAN)
    for query in (b"", b"/W alice", b"ghost", b"a@b", b"\xff", b"x" * 1025):
        assert server.ask(query)
    with server.connect() as client:
        client.send_and_half_close(b"ali")
        assert client.receive_until_end()
    with server.connect() as client:
        client.send(b"ali")
        client.reset()


def read_slowly(server: FingerServer, plan: Path) -> None:
    """Reads a plan larger than all buffers until the deadline."""
    kept = plan.read_bytes()
    plan.write_bytes(LARGE)
    client = server.asking(b"alice", receive_buffer=4096)
    client.wait_for_hang_up(server.patience)
    plan.write_bytes(kept)


def turn_away(server: FingerServer) -> None:
    """Opens more connections than one address may have."""
    clients = [server.connect(source="127.0.0.9") for _ in range(4)]
    assert wait_until(lambda: "turned away" in server.stderr_text(), server.patience)
    for client in clients:
        client.close()


def come_through_a_proxy(server: FingerServer) -> None:
    for header in (b"PROXY TCP4 192.0.2.7 192.0.2.1 50412 79\r\n", b"nonsense\r\n"):
        with server.connect(source=PROXY) as client:
            client.try_send(header + b"alice\r\n")
            assert client.receive_until_gone() == (ANSWER if header[0] == 80 else b"")


def stop_while_it_answers(server: FingerServer, plan: Path) -> None:
    plan.write_bytes(LARGE)
    client = server.reading_slowly(b"alice")
    server.send_signal(signal.SIGTERM)
    client.wait_for_hang_up(server.patience)
    assert server.wait_exit() == 0


def test_nothing_that_the_daemon_does_is_refused(
    start_either: Start, homes: Path, tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    options = ("--max-per-ip", "2", "--deadline", "2s", "--proxy-protocol", PROXY)
    first = start_either(*options, under=from_start(trace, *SHORTAGE))
    plan = homes / "alice" / ".plan"
    ask_everything(first)
    read_slowly(first, plan)
    come_through_a_proxy(first)
    turn_away(first)
    first.send_signal(signal.SIGUSR1)
    assert wait_until(lambda: "served so far: " in first.stderr_text(), first.patience)
    assert first.reload().startswith("reloaded: ")
    first.expect(b"alice", ANSWER)
    stop_while_it_answers(first, plan)
    lines = trace.read_text(errors="replace").splitlines()
    assert any("SECCOMP_SET_MODE_FILTER" in line for line in lines), "there is no filter"
    assert refused(lines) == []
    assert "(INJECTED)" in trace.read_text(errors="replace"), "no shortage was tried"


@pytest.mark.parametrize("hangs", ["lookup", "open", "read"])
def test_nothing_is_refused_while_a_home_hangs(
    machine: Machine, start_as_root: Start, tmp_path: Path, hangs: str
) -> None:
    trace = tmp_path / "trace"
    with hanging_fs.mounted(hangs, deaf=True, home=machine.homes / "alice") as (_, files):
        server = start_as_root("--deadline", "500ms", under=from_start(trace))
        client = server.asking(b"alice")
        assert files.hanging.wait(server.patience), "nothing has hung: this test tested nothing"
        client.wait_for_hang_up(server.patience)
        files.let_go()
        server.expect(b"alice", converted(hanging_fs.ALICES_PLAN))
        assert server.stop() == 0
        assert len(workers(server)) == 0
    lines = trace.read_text(errors="replace").splitlines()
    assert any("SECCOMP_SET_MODE_FILTER" in line for line in lines), "there is no filter"
    assert refused(lines) == []
