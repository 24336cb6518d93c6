"""fingerd as it's deployed: Debian's package, its units, a real systemd, and the
README's advice."""

import ctypes
import os
import re
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from booted import ANSWER, PATIENCE, System
from harness.proc import Process, in_network_of, wait_until
from test_alone import ROOT

sys.path.append(str(ROOT / "tests" / "finger"))
from kit import hanging_fs  # noqa: E402

pytestmark = pytest.mark.long

PAGE = (ROOT / "finger" / "README.md").read_text()
ADVICE = ("PrivateNetwork=no", "IPAddressDeny=", "RestrictAddressFamilies=AF_INET AF_INET6")
CHECKED = "ExecStartPre=/usr/sbin/fingerd --check-config\n"
NOTIFYING = "Type=notify-reload\nExecReload=\n"
# These are writable as well, but they're the service's own, or have no files of users.
OWN = ("/tmp", "/var/tmp", "/proc", "/sys/fs/cgroup", "/dev/pts", "/dev/hugepages")


def block(setting: str) -> str:
    """Returns the block of the README, for a unit, that has this setting."""
    blocks = re.findall(r"```ini\n(.*?)```", PAGE, re.DOTALL)
    (found,) = [text for text in blocks if setting in text]
    return found


def test_the_first_query_starts_it_for_those_who_have_opted_in(bare: System) -> None:
    bare.install()
    states = [bare.show("ActiveState", unit) for unit in ("fingerd.socket", "fingerd.service")]
    assert states == ["active", "inactive"]
    # The service doesn't run yet, which must not be an error.
    bare.run("systemctl", "try-reload-or-restart", "fingerd")
    assert "No such user" in bare.ask("alice")
    bare.run("usermod", "--append", "--groups", "finger", "alice")
    bare.run("systemctl", "try-reload-or-restart", "fingerd")
    assert bare.run("finger", "alice@127.0.0.1") == ANSWER.strip()
    assert wait_until(lambda: bare.show("StatusText") == "serving 1 user", PATIENCE)
    its = bare.root / "proc" / bare.show("MainPID") / "ns/net"
    assert its.readlink() != (bare.root / "proc/1/ns/net").readlink(), "that of its clients"


@pytest.mark.parametrize("more", ["", "User=fingerd\n"])
def test_users_of_a_directory_are_served(system: System, more: str) -> None:
    """alice's plan is a copy, for homes that need a ticket, made with the README's command."""
    (command,) = re.findall(r"`sudo (install [^`]*/srv/plans/alice)`", PAGE)
    system.run(*command.split())
    shutil.copy(system.root / "home/alice/.plan", system.root / "srv/plans/alice")
    system.run("chmod", "644", "/srv/plans/alice/.plan")
    command = "/usr/sbin/fingerd --users /srv/plans"
    system.configure(f"[Service]\n{more}ExecStart=\nExecStart={command}\n")
    assert system.serves("alice")
    assert system.ask("") == "alice\r\n"


def test_a_home_that_is_a_link_and_closed_to_others_is_served(system: System) -> None:
    system.add_user("bo", home="/srv/bo")
    system.run("sh", "-ec", "ln -s /srv/bo /home/bo; usermod --home /home/bo bo")
    system.opt_in("alice", "bo")
    assert system.serves("alice", "bo")


@pytest.mark.parametrize("more", ["", NOTIFYING, CHECKED])
def test_when_a_reload_returns_the_list_is_in_force(system: System, more: str) -> None:
    if more == NOTIFYING and int(system.run("systemctl", "--version").split()[1]) < 253:
        pytest.skip("it has no Type=notify-reload")
    system.configure(f"[Service]\n{more}")
    assert system.serves("alice")
    for _ in range(5):
        system.opt_in("alice", "bob")
        system.run("systemctl", "reload", "fingerd")
        assert system.serves("alice", "bob")
        system.opt_in("alice")
        system.run("systemctl", "reload", "fingerd")
        assert "No such user" in system.ask("bob")


@pytest.mark.parametrize("what", ["reload", "stop", "restart"])
def test_under_load_no_query_is_lost(system: System, what: str) -> None:
    with system.load() as load:
        for _ in range(3):
            system.run("systemctl", what, "fingerd")
            load.wait_for_answers(10)
    assert load.lost == []


@pytest.mark.parametrize("what", ["parent killed", "worker killed", "worker hangs"])
def test_without_one_of_its_processes_the_next_query_is_answered(system: System, what: str) -> None:
    assert system.serves("alice")
    main, worker = system.processes()
    begin = time.monotonic()
    if what == "worker hangs":
        os.kill(worker, signal.SIGSTOP)
        assert system.serves("alice") and time.monotonic() - begin > 8
    else:
        os.kill(worker if what == "worker killed" else main, signal.SIGKILL)
        # Until then an orphan may take a client with it.
        assert wait_until(lambda: not Process(worker).exists(), PATIENCE)
        assert system.serves("alice")
    assert system.processes()[0] != main and not Process(worker).exists()


def test_a_wrong_option_is_tried_again_in_peace(system: System) -> None:
    """When the option is right again, it serves."""
    system.configure("[Service]\nExecStart=\nExecStart=/usr/sbin/fingerd --no-such-option\n")
    with pytest.raises(TimeoutError):
        system.ask("alice", patience=6)
    assert 0 < system.journal("-u", "fingerd").count("no-such-option") < 6
    system.configure("")
    assert system.serves("alice")


def test_a_reload_and_starts_that_fail_lose_no_client(system: System) -> None:
    """A reload that fails keeps the list."""
    assert system.serves("alice")
    system.run("groupmod", "--new-name", "fingers", "finger")
    system.run("systemctl", "reload", "fingerd")
    assert "cannot reload" in system.show("StatusText") and system.serves("alice")
    system.run("systemctl", "stop", "fingerd")
    with ThreadPoolExecutor() as clients:
        waiting = []
        for _ in range(6):
            waiting.append(clients.submit(system.ask, "alice"))
            time.sleep(0.5)
        assert system.show("SubState") != "running"
        system.run("groupmod", "--new-name", "finger", "fingers")
        assert [client.result() for client in waiting] == [ANSWER] * 6
    assert system.show("Result", "fingerd.socket") == "success"


def test_no_number_of_restarts_closes_the_port(system: System) -> None:
    for _ in range(7):
        system.run("systemctl", "restart", "fingerd")
    for _ in range(7):
        assert wait_until(lambda: system.show("SubState") == "running", PATIENCE)
        system.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", "fingerd")
        time.sleep(0.1)
    assert system.show("Result", "fingerd.socket") == "success" and system.serves("alice")


@contextmanager
def hanging_home(system: System) -> Iterator[None]:
    """Lets alice's home hang meanwhile. Only a process of its own can mount something there."""
    ours, its = socket.socketpair()
    child = os.fork()
    if child == 0:
        ours.close()
        with open(f"/proc/{system.init}/ns/mnt") as there:
            ctypes.CDLL(None).setns(there.fileno(), 0)
        with hanging_fs.mounted("open", deaf=True, home=system.root / "home/alice"):
            its.send(b"mounted")
            its.recv(1)
        os._exit(0)
    its.close()
    try:
        assert ours.recv(7) == b"mounted"
        yield
    finally:
        ours.close()
        os.waitpid(child, 0)


def test_a_worker_in_a_home_that_hangs_fails_no_stop(system: System) -> None:
    """Nothing ends it, so systemd has to leave it alone."""
    system.configure("[Service]\nExecStart=\nExecStart=/usr/sbin/fingerd --deadline 1s\n")
    with hanging_home(system), system.connect() as client:
        client.sendall(b"alice\r\n")
        assert client.recv(1) == b""  # at the deadline
        worker = system.processes()[1]
        begin = time.monotonic()
        system.run("systemctl", "stop", "fingerd")
        assert Process(worker).exists(), "this test needs a worker that nothing ends"
        assert time.monotonic() - begin < 10 and system.show("Result") == "success"


def test_started_without_a_query_it_has_its_socket(system: System) -> None:
    system.run("systemctl", "stop", "fingerd.socket", "fingerd")
    system.run("systemctl", "start", "fingerd")
    assert system.serves("alice")


def test_a_client_that_has_said_nothing_yet_survives_a_stop(system: System) -> None:
    """The kernel has not passed it on, so it waits in the socket for the next daemon."""
    assert system.serves("alice")
    with system.connect() as client, client.makefile("rb") as answer:
        time.sleep(0.5)
        system.run("systemctl", "stop", "fingerd")
        client.sendall(b"alice\r\n")
        assert answer.read().decode() == ANSWER


def test_both_families_are_served_whatever_a_sysctl_says(system: System) -> None:
    system.run("sh", "-ec", "echo 1 > /proc/sys/net/ipv6/bindv6only")
    system.run("systemctl", "stop", "fingerd")
    system.run("systemctl", "restart", "fingerd.socket")
    assert system.serves("alice") and system.ask("alice", "::1") == ANSWER


def test_homes_are_waited_for(system: System) -> None:
    """They may be on a file server that is mounted late at boot."""
    text = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=sleep 3\n"
    (system.root / "etc/systemd/system/mounting.service").write_text(
        f"[Unit]\nDefaultDependencies=no\nBefore=remote-fs.target\n{text}")
    system.run("systemctl", "daemon-reload")
    system.run("systemctl", "stop", "remote-fs.target")
    system.run("systemctl", "start", "--no-block", "mounting.service", "remote-fs.target")
    assert system.serves("alice") and system.show("ActiveState", "mounting.service") == "active"


def test_its_limits_are_in_force(system: System) -> None:
    """A thousand homes may hang, each with a thread, in the worker and in the one before. A stop
    takes no longer than a deadline and two seconds, and a query makes a line."""
    limits = {"TasksMax": "4096", "MemoryMax": str(512 << 20), "LimitNOFILE": "65536",
              "TimeoutStopUSec": "15s", "LogRateLimitIntervalUSec": "30s",
              "LogRateLimitBurst": "1000"}  # fmt: skip
    assert {name: system.show(name) for name in limits} == limits
    assert system.show("TriggerLimitIntervalUSec", "fingerd.socket") == "0"


def test_what_the_unit_hides_is_hidden(system: System) -> None:
    """A system call that is refused fails, and the process goes on."""
    (system.root / "net").mkdir()
    look = "/bin/sh -c '! ls /net'"
    refused = "/bin/sh -c 'chroot / true; test $$? -lt 128'"
    system.configure(f"[Service]\nExecStartPre={look}\nExecStartPre={refused}\n")
    assert system.serves("alice")


def test_an_edited_port_that_was_not_restarted_is_explained(system: System) -> None:
    """systemd has dropped the socket, and passes none."""
    assert system.serves("alice")
    file = system.root / "etc/systemd/system/fingerd.socket.d/override.conf"
    file.parent.mkdir()
    file.write_text("[Socket]\nListenStream=\nListenStream=7979\n")
    system.run("systemctl", "daemon-reload")
    system.run("systemctl", "restart", "fingerd", check=False)
    (command,) = re.findall(r"`no socket [^`]*\((systemctl [^)]*)\)", PAGE)
    assert system.tells(f"no socket from the service manager ({command})", "-u", "fingerd")
    system.run(*command.split())
    assert system.ask("alice", port=7979) == ANSWER


def test_starts_that_fail_leave_no_process_over(system: System) -> None:
    system.configure("[Service]\nRestartSec=100ms\nExecStart=\n"
                     "ExecStart=/usr/sbin/fingerd --users /nowhere\n")
    with pytest.raises(TimeoutError):
        system.ask("alice", patience=6)
    lines = system.journal("-u", "fingerd")
    assert lines.count("cannot read --users /nowhere") > 10 and "remains running" not in lines


def test_it_can_be_asked_at_several_addresses(system: System) -> None:
    addresses = re.findall(r"(?m)^ListenStream=\[?([\w.:]+?)\]?:79$", block("ListenStream"))
    assert len(addresses) == 2
    for address in addresses:
        system.run("ip", "address", "add", address, "dev", "lo")
    system.configure(block("ListenStream"), "fingerd.socket")
    for _ in range(2):
        assert [system.ask("alice", address) for address in addresses] == [ANSWER] * 2
        system.run("systemctl", "reload", "fingerd")
    with pytest.raises(ConnectionRefusedError):
        system.ask("alice")


def test_the_page_names_what_the_unit_leaves_writable(system: System) -> None:
    """Before Linux 6.2 an intruder may empty files there, as the page's row says."""
    (row,) = re.findall(r"(?m)^\| empty a file, .*$", PAGE)
    system.run("mount", "--make-rshared", "/")
    assert system.serves("alice")
    system.run("mkdir", "/home/late")
    system.run("mount", "-t", "tmpfs", "tmpfs", "/home/late")
    told = Path(f"/proc/{system.processes()[1]}/mountinfo").read_text()
    mounts = [line.split() for line in told.splitlines()]
    writable = {mount[4]: mount[5] for mount in mounts if mount[5].startswith("rw")}
    assert "/home/late" in writable and "after the start" in row
    named = (*re.findall(r"`(/\S+)`", row), "/home/late")
    unnamed = [place for place in writable if not place.startswith((*named, *OWN))]
    assert unnamed == []
    assert [place for place in writable if "nosuid" not in writable[place]] == ["/home/late"]


def test_a_client_whose_address_is_not_on_the_list_is_not_served(system: System) -> None:
    system.run("ip", "address", "add", "198.51.100.1", "dev", "lo")
    system.configure(block("IPAddressAllow"), "fingerd.socket")
    assert system.serves("alice")
    with pytest.raises(TimeoutError):
        system.ask("alice", source="198.51.100.1", patience=3)


@pytest.mark.parametrize("text", ["README.md", "server/fingerd.8.scd", "deploy/fingerd.service.in"])
def test_each_text_names_all_that_keeps_accounts_from_the_network(text: str) -> None:
    said = (ROOT / "finger" / text).read_text().replace("*", "").replace("`", "")
    assert [line for line in ADVICE if line not in said] == []


def test_accounts_may_come_from_the_network(system: System) -> None:
    """The machine asks DNS for groups first (Hesiod), which never names any."""
    for name, text in (("hesiod.conf", "lhs=.ns\nrhs=.example\n"),
                       ("resolv.conf", "nameserver 127.0.0.1\n"),
                       ("nsswitch.conf", "group: hesiod [UNAVAIL=return] files\n")):  # fmt: skip
        (system.root / "etc" / name).write_text(text)
    with in_network_of(system.init):
        service = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    service.bind(("127.0.0.1", 53))

    def answer() -> None:
        while True:
            question, client = service.recvfrom(4096)
            service.sendto(question[:2] + b"\x81\x83" + question[4:], client)

    threading.Thread(target=answer, daemon=True).start()
    with pytest.raises(TimeoutError):
        system.ask("alice", patience=3)
    system.configure("\n".join(["[Service]", *ADVICE]))
    assert system.serves("alice")


def test_a_journal_of_its_own_has_its_lines(system: System) -> None:
    (command,) = re.findall(r"`journalctl (--namespace=fingerd)`", PAGE)
    system.configure("[Service]\nLogNamespace=fingerd\n")
    assert system.serves("alice")
    assert system.tells('"alice" answered', command)
    assert '"alice" answered' not in system.journal("-u", "fingerd")


def test_the_journal_shows_counts_and_what_needs_an_administrator(system: System) -> None:
    (command,) = re.findall(r"`(systemctl kill [^`]* fingerd)`", PAGE)
    assert system.serves("alice")
    system.run(*command.split())
    assert system.tells("served so far: ", "-u", "fingerd")
    os.kill(system.processes()[1], signal.SIGKILL)
    warnings = ("-u", "fingerd", "-p", "warning")
    assert system.tells("the worker ended unexpectedly: ", *warnings)
    assert '"alice" answered' not in system.journal(*warnings)


def test_stopped_for_good_it_is_not_started_again(system: System) -> None:
    assert "`sudo systemctl disable --now fingerd.socket fingerd`" in " ".join(PAGE.split())
    system.run("systemctl", "disable", "--now", "fingerd.socket", "fingerd")
    with pytest.raises(ConnectionRefusedError):
        system.ask("alice")
    assert system.show("ActiveState") == "inactive"
    system.run("systemctl", "enable", "--now", "fingerd.socket")
    assert system.serves("alice")
