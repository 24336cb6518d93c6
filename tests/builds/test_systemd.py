"""fingerd as it is deployed: Debian's package, its units, a real systemd, and README's advice."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from booted import ANSWER, PATIENCE, System
from harness.needed import need_program
from harness.proc import Process, in_network_of, wait_until
from test_alone import ROOT

pytestmark = pytest.mark.long

PAGE = (ROOT / "finger" / "README.md").read_text()
ADVICE = ("PrivateNetwork=no", "IPAddressDeny=", "RestrictAddressFamilies=AF_INET AF_INET6")
# Writable as well, and either the service's own or without files of users.
OWN = ("/tmp", "/var/tmp", "/proc", "/sys/fs/cgroup", "/dev/pts", "/dev/hugepages")
# Of a library that asks a directory service by TCP: without it nobody is told of any group.
FAR = """
#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <unistd.h>
enum nss_status _nss_far_getgrnam_r(const char* name, struct group* entry, char* text,
                                    size_t size, int* error) {
  struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(389),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int asked = socket(AF_INET, SOCK_STREAM, 0);
  const int failed = connect(asked, (struct sockaddr*)&there, sizeof there);
  *error = failed ? errno : ENOENT;
  close(asked);
  return failed ? NSS_STATUS_UNAVAIL : NSS_STATUS_NOTFOUND;
}
"""


def block(setting: str) -> str:
    """What README tells to write into a unit: the block with that setting."""
    blocks = re.findall(r"```ini\n(.*?)```", PAGE, re.DOTALL)
    (found,) = [text for text in blocks if setting in text]
    return found


def test_the_first_query_starts_it(system: System) -> None:
    system.run("systemctl", "stop", "fingerd")
    states = [system.show("ActiveState", unit) for unit in ("fingerd.socket", "fingerd.service")]
    assert states == ["active", "inactive"]
    assert system.serves("alice") and "No such user" in system.ask("bob")
    assert system.run("finger", "alice@127.0.0.1") == ANSWER.strip()
    assert wait_until(lambda: system.show("StatusText") == "serving 1 user", PATIENCE)
    networks = {(system.root / f"proc/{pid}/ns/net").readlink() for pid in
                (1, system.show("MainPID"))}  # fmt: skip
    assert len(networks) == 2, "it has the network of its clients"


@pytest.mark.parametrize("more", ["", "User=fingerd\n"])
def test_users_of_a_directory_are_served(system: System, more: str) -> None:
    """Copies, as where homes want a ticket: in the words of README."""
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
    system.run("systemctl", "restart", "fingerd")
    assert system.serves("bo")


@pytest.mark.parametrize("kind", ["", "Type=notify-reload\nExecReload=\n"])
def test_when_a_reload_returns_the_list_is_in_force(system: System, kind: str) -> None:
    if kind and system.version() < 253:
        pytest.skip("it has no Type=notify-reload")
    system.configure(f"[Service]\n{kind}")
    assert system.serves("alice")
    for _ in range(5):
        system.opt_in("alice", "bob")
        system.run("systemctl", "reload", "fingerd")
        assert system.serves("alice", "bob")
        system.opt_in("alice")
        system.run("systemctl", "reload", "fingerd")
        assert "No such user" in system.ask("bob")


def test_a_reload_that_fails_leaves_the_list(system: System) -> None:
    assert system.serves("alice")
    system.rename_group("finger", "fingers")
    system.run("systemctl", "reload", "fingerd")
    assert "cannot reload" in system.show("StatusText") and system.serves("alice")
    system.rename_group("fingers", "finger")


@pytest.mark.parametrize("what", ["reload", "stop", "restart"])
def test_under_load_no_query_is_lost(system: System, what: str) -> None:
    with system.load() as load:
        for _ in range(3):
            system.run("systemctl", what, "fingerd")
            load.wait_for_answers(10)
    assert load.lost == []


@pytest.mark.parametrize("whose", ["worker", "parent"])
def test_after_a_kill_the_next_query_is_answered(system: System, whose: str) -> None:
    assert system.serves("alice")
    main, worker = system.main(), system.worker()
    os.kill(worker if whose == "worker" else main, signal.SIGKILL)
    # Until then an orphan may take a client with it.
    assert wait_until(lambda: not Process(worker).exists(), PATIENCE)
    assert system.serves("alice") and system.main() != main


def test_a_worker_that_hangs_is_replaced(system: System) -> None:
    assert system.serves("alice")
    main, worker = system.main(), system.worker()
    os.kill(worker, signal.SIGSTOP)
    begin = time.monotonic()
    assert system.serves("alice") and time.monotonic() - begin > 8
    assert system.main() != main and not Process(worker).exists()


def test_it_starts_where_it_is_checked_first(system: System) -> None:
    system.configure("[Service]\nExecStartPre=/usr/sbin/fingerd --check-config\n")
    assert system.serves("alice")


def test_a_wrong_option_is_tried_again_in_peace(system: System) -> None:
    """And put right, it serves."""
    system.configure("[Service]\nExecStart=\nExecStart=/usr/sbin/fingerd --no-such-option\n")
    with pytest.raises(TimeoutError):
        system.ask("alice", patience=6)
    assert 0 < system.journal("-u", "fingerd").count("no-such-option") < 6
    system.configure("")
    assert system.serves("alice")


def test_starts_that_fail_keep_the_port_and_the_clients(system: System) -> None:
    system.run("systemctl", "stop", "fingerd")
    system.rename_group("finger", "fingers")
    with ThreadPoolExecutor() as clients:
        waiting = []
        for _ in range(6):
            waiting.append(clients.submit(system.ask, "alice"))
            time.sleep(0.5)
        assert system.show("SubState") != "running"
        system.rename_group("fingers", "finger")
        assert [client.result() for client in waiting] == [ANSWER] * 6
    assert system.show("Result", "fingerd.socket") == "success"


def test_no_number_of_restarts_closes_the_port(system: System) -> None:
    for _ in range(7):
        system.run("systemctl", "restart", "fingerd")
    for _ in range(7):
        assert wait_until(lambda: system.show("SubState") == "running", PATIENCE)
        os.kill(system.main(), signal.SIGKILL)
        time.sleep(0.1)
    assert system.show("Result", "fingerd.socket") == "success" and system.serves("alice")


def test_it_can_be_asked_at_several_addresses(system: System) -> None:
    addresses = re.findall(r"(?m)^ListenStream=\[?([\w.:]+?)\]?:79$", block("ListenStream"))
    assert len(addresses) == 2
    for address in addresses:
        add_address(system, address)
    system.configure(block("ListenStream"), "fingerd.socket")
    for _ in range(2):
        assert [system.ask("alice", address) for address in addresses] == [ANSWER] * 2
        system.run("systemctl", "reload", "fingerd")
    assert system.refuses()


def test_the_page_names_what_the_unit_leaves_writable(system: System) -> None:
    """Where before Linux 6.2 an intruder may empty files: its row says so."""
    (row,) = re.findall(r"(?m)^\| empty a file, .*$", PAGE)
    system.run("mount", "--make-rshared", "/")
    system.run("systemctl", "restart", "fingerd")
    system.run("mkdir", "-p", "/home/late")
    system.run("mount", "-t", "tmpfs", "tmpfs", "/home/late")
    told = Path(f"/proc/{system.worker()}/mountinfo").read_text()
    mounts = [line.split() for line in told.splitlines()]
    writable = {mount[4]: mount[5] for mount in mounts if mount[5].startswith("rw")}
    assert "/home/late" in writable and "after the start" in row
    named = (*re.findall(r"`(/\S+)`", row), "/home/late")
    unnamed = [place for place in writable if not place.startswith((*named, *OWN))]
    assert unnamed == []
    assert [place for place in writable if "nosuid" not in writable[place]] == ["/home/late"]
    system.run("umount", "/home/late")


def add_address(system: System, address: str) -> None:
    words = ["nsenter", "-t", str(system.init), "--net", "ip", "address", "replace", address,
             "dev", "lo"]  # fmt: skip
    subprocess.run(words, check=True)


def test_who_is_not_on_the_list_of_addresses_is_not_served(system: System) -> None:
    add_address(system, "198.51.100.1")
    system.configure(block("IPAddressAllow"), "fingerd.socket")
    assert system.serves("alice")
    with pytest.raises(TimeoutError):
        system.ask("alice", source="198.51.100.1", patience=3)


@pytest.mark.parametrize("text", ["README.md", "server/fingerd.8.scd", "deploy/fingerd.service.in"])
def test_each_text_names_all_that_keeps_accounts_from_the_network(text: str) -> None:
    said = (ROOT / "finger" / text).read_text().replace("*", "").replace("`", "")
    assert [line for line in ADVICE if line not in said] == []


def test_accounts_may_come_from_the_network(system: System) -> None:
    need_program("cc")
    library = system.root / "usr/lib/libnss_far.so.2"
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", library], input=FAR, text=True,
                   check=True)  # fmt: skip
    (system.root / "etc/nsswitch.conf").write_text("group: far [UNAVAIL=return] files\n")
    with in_network_of(system.init):
        service = socket.create_server(("127.0.0.1", 389))
    with service:
        system.configure("")
        with pytest.raises(TimeoutError):
            system.ask("alice", patience=3)
        system.configure("\n".join(["[Service]", *ADVICE]))
        assert system.serves("alice")
    (system.root / "etc/nsswitch.conf").unlink()


def test_a_journal_of_its_own_has_its_lines(system: System) -> None:
    (command,) = re.findall(r"`journalctl (--namespace=fingerd)`", PAGE)
    system.configure("[Service]\nLogNamespace=fingerd\n")
    assert system.serves("alice")
    assert wait_until(lambda: '"alice" answered' in system.journal(command), PATIENCE)
    assert '"alice" answered' not in system.journal("-u", "fingerd", "--since=-1s")


def test_the_journal_shows_what_needs_an_administrator(system: System) -> None:
    assert system.serves("alice")
    os.kill(system.worker(), signal.SIGKILL)
    assert system.serves("alice")

    def warnings() -> str:
        return system.journal("-u", "fingerd", "-p", "warning")

    assert wait_until(lambda: "the worker ended unexpectedly: " in warnings(), PATIENCE)
    assert '"alice" answered' not in warnings()


def test_its_counts_can_be_asked_for(system: System) -> None:
    (command,) = re.findall(r"`(systemctl kill [^`]* fingerd)`", PAGE)
    assert system.serves("alice")
    before = system.journal("-u", "fingerd").count("served so far: ")
    system.run(*command.split())
    assert wait_until(lambda: system.journal("-u", "fingerd").count("served so far: ") > before,
                      PATIENCE)  # fmt: skip


def test_stopped_for_good_it_is_not_started_again(system: System) -> None:
    assert "`sudo systemctl disable --now fingerd.socket\nfingerd`" in PAGE
    system.run("systemctl", "disable", "--now", "fingerd.socket", "fingerd")
    assert system.refuses() and system.show("ActiveState") == "inactive"
    system.run("systemctl", "enable", "--now", "fingerd.socket")
    assert system.serves("alice")
