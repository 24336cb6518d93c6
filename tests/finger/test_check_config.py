"""--check-config: which users a daemon with these options would serve, or why it wouldn't run."""

import re
import signal
from pathlib import Path

import pytest

import rules
from conftest import ALICE, ANSWER
from harness.confined import confined, skip_if_impossible
from harness.proc import wait_until
from kit.machine import Machine, Person
from kit.server import FingerServer, Start

FEW = 100  # descriptors
PER_CLIENT = 3

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.CHECK_CONFIG)]


def checked(start: Start, *options: str, **how: object) -> tuple[int, str]:
    """Returns the exit status, and the output: stdout if it succeeded, and otherwise stderr."""
    server = start("--check-config", *options, ready=False, **how)
    status = server.wait_exit()
    skip_if_impossible(status, server.stderr_text())
    said, complaint = server.stdout_text(), server.stderr_text()
    assert (status == 0) == bool(said), (status, said, complaint)
    return status, said or complaint


def test_it_says_what_it_would_serve(start: Start) -> None:
    status, said = checked(start, "--max-clients", "7")
    assert status == 0
    assert "3 users" in said and "--max-clients 7" in said and "127.0.0.1" in said, said


def test_with_few_descriptors_it_says_how_many_connections_there_are(start_either: Start) -> None:
    """--check-config names as many as the daemon has when it serves, with a hint what to do."""
    status, said = checked(start_either, descriptor_limit=FEW)
    found = re.search(r", with --max-clients (\d+): ", said)
    assert status == 0 and found, said
    assert (FEW - 12) // PER_CLIENT <= int(found[1]) <= FEW // PER_CLIENT, said
    server = start_either(descriptor_limit=FEW)
    lowered = (
        f"--max-clients is {found[1]} instead of 1024, for want of descriptors: "
        "raise LimitNOFILE= (ulimit -Hn)\n"
    )
    assert lowered in server.stderr_text()
    server.reload()
    assert server.stderr_text().count("LimitNOFILE=") == 1, "once is enough"


def test_with_a_closed_output_the_status_tells_the_result(start: Start) -> None:
    closed = ("sh", "-c", 'exec "$@" >&-', "sh")
    server = start("--check-config", ready=False, under=closed)
    status = server.wait_exit()
    skip_if_impossible(status, server.stderr_text())
    assert status == 0, server.stderr_text()


@pytest.mark.parametrize(("options", "is_said"), [
    (["--query-timeout", "30s"], True), (["--query-timeout", "30s", "--deadline", "40s"], False),
    (["--query-timeout", "30s", "--deadline", "0"], False), (["--query-timeout", "0"], False),
    (["--deadline", "1s"], False)])
def test_a_query_that_has_less_time_than_was_asked_for_is_told(
    start: Start, options: list[str], is_said: bool
) -> None:
    server = start("--check-config", *options, ready=False)
    assert server.wait_exit() == 0
    assert ("longer than --deadline" in server.stderr_text()) is is_said


def test_a_member_without_an_account_is_named(machine: Machine, start_as_root: Start) -> None:
    machine.opt_in(machine.add("dora", ALICE), Person("ghost", 0, Path("/nonexistent")))
    status, said = checked(start_as_root)
    assert status == 0 and "1 user;" in said and "no account: ghost" in said, said


def test_a_login_that_no_query_can_ask_for_is_named(machine: Machine, start_as_root: Start) -> None:
    machine.opt_in(machine.add("dora", ALICE), machine.add("al@corp.example", ALICE))
    status, said = checked(start_as_root)
    assert status == 0 and "1 user; cannot be asked for: al@corp.example" in said, said
    server = start_as_root()
    assert "serving 1 user; cannot be asked for: al@corp.example\n" in server.stderr_text()


def test_it_says_whether_the_address_is_taken_and_disturbs_no_daemon_there(
    start: Start, server: FingerServer
) -> None:
    port = server.address[1]
    status, said = checked(start, port=port)
    assert status == 0 and f"at 127.0.0.1:{port} (already taken, " in said, said
    server.expect(b"alice", ANSWER)
    assert server.reload() == "reloaded: serving 3 users; before: 3"
    status, said = checked(start, "--addr", "192.0.2.1", port=port)
    assert status == 1 and f"cannot serve 192.0.2.1 port {port}: " in said, said


@pytest.mark.parametrize(("options", "why"), [
    (("--users", "/nonexistent"), "cannot read --users"),
    (("--group", "no-such-group"), "there is no group no-such-group"),
    (("--addr", "192.0.2.1"), "must be an address of this machine")])  # fmt: skip
def test_a_configuration_that_cannot_be_served_is_explained(
    start: Start, options: tuple[str, str], why: str
) -> None:
    status, said = checked(start, *options)
    assert status == 1 and why in said, said


def test_the_check_passes_if_only_systemd_may_listen(start: Start) -> None:
    """This happens in ExecStartPre= with RestrictAddressFamilies=AF_UNIX, for instance."""
    status, said = checked(start, under=confined("family=INET", "family=INET6"))
    assert status == 0 and "where systemd has to listen" in said, said


@pytest.mark.parametrize("restriction, word", [("ring=EPERM", "io_uring cannot be used"),
                                               ("enter=EPERM", "io_uring cannot be used"),
                                               ("nofile=9", "ulimit -n")])  # fmt: skip
def test_a_missing_requirement_of_a_query_is_named(
    start: Start, restriction: str, word: str
) -> None:
    status, said = checked(start, under=confined(restriction))
    assert status == 1 and word in said, said


def test_wrong_usage_is_wrong_usage(start: Start) -> None:
    server = start("--check-config", "--deadline", "soon", ready=False)
    assert server.wait_exit() == 2 and "--deadline" in server.stderr_text()


def test_a_signal_ends_it_while_the_group_database_is_silent(
    machine: Machine, start_as_root: Start
) -> None:
    with machine.silent_group_database():
        server = start_as_root("--check-config", ready=False)
        waits = Path(f"/proc/{server.pid}/wchan")
        assert wait_until(lambda: "lease" in waits.read_text(), server.patience)
        server.send_signal(signal.SIGINT)
        assert server.wait_exit() == -signal.SIGINT
