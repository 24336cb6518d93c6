"""A daemon that root starts, with the system's accounts: it opens plans as their owners, and gives
root up."""

import errno
import os
import signal
import subprocess
from pathlib import Path

import pytest

import rules
from conftest import ANSWER
from harness.needed import need_root
from harness.proc import wait_until
from harness.strace import from_start
from kit.intruder import Intrude, need_landlock
from kit.machine import GROUP_ID, Machine
from kit.namespace import NOBODY, as_user
from kit.parent import expect_no_right_left, replace_worker, workers
from kit.reference import NO_PLAN, NO_SUCH_USER
from kit.server import Start

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.AS_OWNER)]

FEW_CAPABILITIES = ("setpriv", "--no-new-privs",
                    "--bounding-set=-all,+net_bind_service,+setuid,+setgid,+kill")


def test_a_home_that_nobody_else_may_enter_is_served(
    start_as_root: Start
) -> None:
    server = start_as_root()
    server.expect(b"alice", ANSWER)
    server.expect(b"bob", NO_PLAN)
    server.expect(b"carol", NO_SUCH_USER)
    server.expect(b"", b"alice\tAlice\r\nbob\tBob\r\n")


@pytest.mark.parametrize("whose", ["root", "carol", "nobody"])
def test_a_hard_link_leads_to_no_file_that_its_owner_may_not_read(
    machine: Machine, start_as_root: Start, whose: str
) -> None:
    uid = {"root": 0, "nobody": NOBODY, "carol": machine.homes.joinpath("carol").stat().st_uid}
    secret = machine.secret(uid[whose], b"not for clients\n")
    os.link(secret, machine.homes / "bob" / ".plan")
    start_as_root().expect(b"bob", NO_PLAN)


def test_without_root_what_the_account_itself_may_read_is_served(
    machine: Machine, start_as_root: Start
) -> None:
    """The log says so, because users who start the daemon as themselves publish their own private
    plans."""
    alice = machine.homes.joinpath("alice").stat().st_uid
    server = start_as_root(under=as_user(alice))
    server.expect(b"alice", ANSWER)
    server.expect(b"bob", NO_PLAN)
    said = "started without root: only plans that this account may read are served"
    assert said in server.stderr_text()


def test_an_owners_further_groups_open_nothing(machine: Machine, start_as_root: Start) -> None:
    secret = machine.secret(0, b"for the group\n")
    secret.chmod(0o640)
    os.chown(secret, 0, GROUP_ID)
    os.link(secret, machine.homes / "bob" / ".plan")
    start_as_root().expect(b"bob", NO_PLAN)


def test_a_plan_that_the_user_may_read_is_served_whoever_owns_it(
    machine: Machine, start_as_root: Start
) -> None:
    plan = machine.homes / "bob" / ".plan"
    plan.write_bytes(b"from root, for all\n")
    start_as_root().expect(b"bob", b"from root, for all\r\n")


@pytest.mark.parametrize("outside", [False, True], ids=["elsewhere", "another-disk"])
def test_the_way_to_a_home_may_be_a_link(
    machine: Machine, start_as_root: Start, outside: bool
) -> None:
    home, elsewhere = machine.homes / "alice", machine.homes / "elsewhere"
    if outside:
        elsewhere = machine.another_disk / "alice"
    home.rename(elsewhere)
    home.symlink_to(elsewhere if outside else "/home/elsewhere")
    start_as_root().expect(b"alice", ANSWER)


def test_a_home_whose_path_is_longer_than_any_has_no_plan(
    machine: Machine, start_as_root: Start
) -> None:
    machine.move_home("alice", machine.homes / "elsewhere", seen_as="/home" + "/deeper" * 600)
    server = start_as_root()
    server.expect(b"alice", NO_PLAN)
    assert "no plan (File name too long)" in server.wait_for_log_lines(1)[0]


@pytest.mark.parametrize("is_link", [False, True], ids=["direct", "by-a-link"])
def test_a_home_may_be_mounted_when_the_worker_already_serves(
    machine: Machine, start_as_root: Start, is_link: bool
) -> None:
    home, kept = machine.homes / "alice", machine.homes / "kept"
    home.rename(kept)
    place = machine.another_disk / "alice" if is_link else home
    place.mkdir()
    if is_link:
        home.symlink_to(place)
    server = start_as_root()
    server.expect(b"alice", NO_PLAN)
    mount = ["mount", "--bind", "/home/kept", str(place) if is_link else "/home/alice"]
    subprocess.run(["nsenter", f"--target={server.pid}", "--mount", "--root", *mount], check=True)
    server.expect(b"alice", ANSWER)


@pytest.mark.rule(rules.RELOAD)
def test_after_a_reload_homes_may_be_in_other_places(
    machine: Machine, start_as_root: Start
) -> None:
    server = start_as_root()
    server.expect(b"alice", ANSWER)
    machine.move_home("alice", machine.another_disk / "alice")
    server.expect(b"alice", NO_PLAN)
    replace_worker(server)
    server.expect(b"alice", ANSWER)


@pytest.mark.rule(rules.OPTED_IN)
def test_a_user_whose_primary_group_it_is_has_opted_in(
    machine: Machine, start_as_root: Start
) -> None:
    machine.add("dora", b"mine\n", gid=GROUP_ID)
    server = start_as_root()
    server.expect(b"dora", b"mine\r\n")
    server.expect(b"", b"alice\tAlice\r\nbob\tBob\r\ndora\tDora\r\n")


@pytest.mark.rule(rules.ROOT_IS_GONE)
@pytest.mark.parametrize("account", ["nobody", "fingerd", "plans"])
def test_no_thread_of_the_worker_has_a_right_left(
    machine: Machine, start_as_root: Start, account: str
) -> None:
    """The worker becomes nobody, or fingerd if there is such an account, or the account that --user
    names."""
    uid = NOBODY
    if account != "nobody":
        uid = 2_100_000_000
        machine.system_account(account, uid)
    named = ("--user", account) if account == "plans" else ()
    in_groups = ("setpriv", "--groups=0,4,6")
    server = start_as_root(*named, under=in_groups)
    server.expect(b"alice", ANSWER)
    if server.process.is_sanitized():
        pytest.skip("ThreadSanitizer has a thread of its own, which stays root")
    (worker,) = workers(server)
    expect_no_right_left(worker, uid, uid)


def test_four_capabilities_are_enough(start_as_root: Start) -> None:
    server = start_as_root(under=FEW_CAPABILITIES)
    server.expect(b"alice", ANSWER)
    (before,) = workers(server)
    server.send_signal(signal.SIGHUP)
    assert wait_until(lambda: workers(server) not in ([], [before]), server.patience)
    assert wait_until(lambda: len(workers(server)) == 1, server.patience)
    server.expect(b"alice", ANSWER)


def test_a_home_that_only_its_owner_can_reach_is_named(
    machine: Machine, start_as_root: Start
) -> None:
    """With few capabilities root has no way to it, either, and can't permit anything there."""
    need_landlock()
    dora = machine.add("dora", b"here\n")
    machine.opt_in(dora)
    own = machine.homes / "own"
    own.mkdir(mode=0o700)
    os.chown(own, dora.uid, dora.uid)
    (own / "sub").mkdir()
    machine.move_home("dora", own / "sub" / "dora", "/home/own/sub/dora")
    line = "some homes in /home/own/sub are not served: "
    server = start_as_root(under=FEW_CAPABILITIES)
    assert line in server.stderr_text()
    if not server.process.is_sanitized():  # a sanitizer's build may read anything
        server.expect(b"dora", NO_PLAN)
    server = start_as_root()
    server.expect(b"dora", b"here\r\n")
    assert line not in server.stderr_text()


@pytest.mark.rule(rules.CONFINED)
@pytest.mark.parametrize(("link", "is_roots"), [("home", False), ("a/home", False), ("home", True)])
def test_a_users_link_does_not_widen_what_an_intruder_reads(
    machine: Machine, start_as_root: Start, intrude: Intrude, link: str, is_roots: bool
) -> None:
    """She owns the directory above her home, or the one above that. There she may rename a link of
    root's, too."""
    need_landlock()
    erin = machine.add("erin")
    machine.opt_in(erin)
    others = machine.another_disk / "others"
    (others / "home").mkdir(parents=True)
    secret = machine.another_disk / ("secret" if link == "home" else "others/secret")
    secret.write_bytes(b"somebody else's\n")
    secret.chmod(0o666)
    own = machine.homes / "own"
    own.mkdir()
    os.chown(own, erin.uid, erin.uid)
    machine.move_home("erin", own / "before", f"/home/own/{link}")
    (own / link.partition("/")[0]).symlink_to(others)
    if not is_roots:
        os.lchown(own / link.partition("/")[0], erin.uid, erin.uid)
    intruder = intrude(Path("/home/own/before/.plan"), outside=secret)
    server = start_as_root(under=intruder.under)
    server.expect(b"erin", NO_PLAN)
    assert intruder.could(server)["reads-outside"] == "EACCES"
    assert "some homes in /home/own" in server.stderr_text()


@pytest.mark.rule(rules.ROOT_IS_GONE)
def test_other_processes_of_nobody_cannot_look_into_the_worker(start_as_root: Start) -> None:
    server = start_as_root()
    if server.process.is_sanitized():
        pytest.skip("AddressSanitizer looks into the process itself, for what it has leaked")
    (worker,) = workers(server)
    as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    look = subprocess.run([*as_nobody, "cat", f"/proc/{worker}/maps"], capture_output=True)
    assert look.returncode != 0 and b"Permission denied" in look.stderr, look


@pytest.mark.rule(rules.CANNOT_RUN)
@pytest.mark.parametrize("user", ["ghost", "root", "toor", "nobody"])
def test_an_account_that_is_missing_or_roots_is_refused(
    machine: Machine, start_as_root: Start, user: str
) -> None:
    """nobody is the default only without a name."""
    machine.system_account("nobody" if user == "nobody" else "toor", 0)
    named = () if user == "nobody" else ("--user", user)
    start_as_root(*named, ready=False).expect_refusal(1, f"no account called {user} to run as")


@pytest.mark.rule(rules.CANNOT_RUN)
@pytest.mark.parametrize(
    "restriction",
    ["--bounding-set=-setuid", "--bounding-set=-setgid", "--securebits=+no_setuid_fixup"],
)
def test_the_daemon_does_not_start_if_root_cannot_be_given_up(
    start_either: Start, restriction: str
) -> None:
    need_root()
    server = start_either(ready=False, under=("setpriv", restriction))
    server.expect_refusal(1, "cannot ")


@pytest.mark.rule(rules.CANNOT_RUN)
@pytest.mark.parametrize("name", ["EIO", "ENFILE", "EACCES", "EMFILE", "ENOENT"])
def test_accounts_that_cannot_be_read_are_not_taken_for_missing(
    machine: Machine, start: Start, tmp_path: Path, name: str
) -> None:
    """Root has to find the account that it becomes. With ENOENT the file is missing, indeed."""
    machine.ask_first("files")  # and nothing else: systemd's module always knows nobody
    trace = from_start(tmp_path / "trace", "-P", "/etc/passwd", "-e", f"inject=openat:error={name}")
    says = {"EMFILE": "too few descriptors to read the accounts: ",
            "ENOENT": "no account called nobody to run as"}  # fmt: skip
    why = f"cannot read the accounts: {os.strerror(getattr(errno, name))}"
    server = start(ready=False, under=(*machine.under, *trace))
    server.expect_refusal(1, says.get(name, why))


@pytest.mark.rule(rules.CANNOT_RUN)
@pytest.mark.parametrize("name", ["EINTR", "EIO", "EMFILE", "ENFILE", "ENOMEM"])
def test_a_list_of_accounts_that_cannot_be_read_is_not_taken_for_its_end(
    machine: Machine, start_as_root: Start, tmp_path: Path, name: str
) -> None:
    """The file is opened once before, for the account that root becomes, and afterwards for each
    member of the group who was not listed."""
    machine.ask_first("files")  # and nothing else: systemd's module may be missing
    inject = f"inject=openat:error={name}:when=2"
    trace = from_start(tmp_path / "trace", "-P", "/etc/passwd", "-e", inject)
    server = start_as_root("--user", "nobody", ready=False, under=trace)
    why = f"cannot read who is in the group finger: {os.strerror(getattr(errno, name))}"
    server.expect_refusal(1, "too few descriptors" if name == "EMFILE" else why)


def test_a_plan_of_roots_is_not_served(machine: Machine, start_as_root: Start) -> None:
    admin = machine.add("admin", b"with all rights\n", uid=0)
    machine.opt_in(admin)
    admin.home.chmod(0o711)
    admin.plan.chmod(0o644)
    server = start_as_root()
    assert "admin has uid 0" in server.stderr_text()
    server.expect(b"admin", NO_PLAN)
    assert "no plan (nothing is opened with the rights of that uid)" in server.log_lines()[0]


def test_users_without_a_number_in_the_ring_have_no_plan(
    machine: Machine, start_as_root: Start
) -> None:
    first = machine.add_crowd(65_535 - 2)  # with alice and bob as many as the ring has numbers for
    machine.add("zo\u202ee", b"not for clients\n", gid=GROUP_ID)
    server = start_as_root("--log", "none")
    line = "65,535 owners: no plan is served from zo\\xe2\\x80\\xaee on"
    assert line in server.stderr_text()
    server.expect(b"alice", ANSWER)
    server.expect(first.encode(), NO_PLAN)
    server.expect("zo\u202ee".encode(), NO_PLAN)
