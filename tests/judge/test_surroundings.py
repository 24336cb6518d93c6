"""Nothing in the surroundings of ./judge changes a verdict, and ./judge leaves nothing behind."""

import errno
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import level_runs as runs
import report_text
from first_start import start_once
from harness import child
from harness.needed import need_built, need_namespaces, need_root
from harness.proc import wait_until
from harness.results import blames, cause
from harness.subject import DEFAULT_BUILD, REPOSITORY
from harness.verdict import ContractBroken
from levels import LEVEL_NAMES
from run_judge import JUDGE, PROTOCOL, SUBJECTS, environment, judge

pytestmark = pytest.mark.timeout(400)

HOSTILE = {
    "PYTEST_ADDOPTS": "--collect-only", "PYTEST_PLUGINS": "nosuch",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONOPTIMIZE": "2", "PYTHONWARNINGS": "error",
    "PYTHONPATH": ".", "PYTHONUTF8": "0", "LC_ALL": "C",
}
MODULES = ("queue", "json", "signal", "logging", "pytest", "harness", "rules", "conftest")


@pytest.mark.parametrize(("bug", "status", "says"), [
    ("none", 0, "\n1 passed, 0 failed, 0 skipped\n"),
    ("big-endian", 1, "sent 5 bytes: 01 00 00 00 61"),
])
def test_a_hostile_directory_and_environment_change_no_verdict(
    bug: str, status: int, says: str, tmp_path: Path
) -> None:
    here = tmp_path / "übung"
    here.mkdir()
    for module in MODULES:
        (here / f"{module}.py").write_text("raise SystemExit('a module of the user')")
    (here / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    server = f"{sys.executable} -I {SUBJECTS}/broken_servers.py {bug} --port {{port}}"
    ran = subprocess.run(
        [JUDGE, server, "--level", "framing", "-k", "little endian"], cwd=here,
        env=environment(tmp_path) | HOSTILE, capture_output=True, timeout=300)
    said = (ran.stdout + ran.stderr).decode()
    assert ran.returncode == status and says in said, said


def test_the_server_has_the_environment_of_its_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    users, tests = dict(os.environ), runs.environment()
    assert not {"PYTEST_ADDOPTS", "PYTHONOPTIMIZE", "PYTHONPATH"} & tests.keys()
    for name in users:
        monkeypatch.delenv(name)
    for name, value in tests.items():
        monkeypatch.setenv(name, value)
    assert child.environment() == {
        name: value for name, value in users.items() if name != "PYTHONUNBUFFERED"}


CALLED_BADLY = """
import os, resource, signal, sys
every = signal.valid_signals()
signal.pthread_sigmask(signal.SIG_BLOCK, every)
for number in every - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
for what, least in (("AS", 3 << 30), ("CORE", 0), ("CPU", 120), ("FSIZE", 4 << 20),
                    ("NOFILE", 200), ("SIGPENDING", 1), ("STACK", 1 << 20)):
    resource.setrlimit(getattr(resource, f"RLIMIT_{what}"), (least, least))
os.close(0)
os.execvp(sys.argv[1], sys.argv[1:])
"""
SCRIPT = f"""#!/bin/bash
program=serve
source {REPOSITORY}/tools/lib.sh
sed -n 's/^Sig[BI].*:.//p' /proc/self/status"""
LOOP = f"{sys.executable} {SUBJECTS}/loop_server.py --port {{port}}"
FINGERD = f"{DEFAULT_BUILD}/finger/fingerd --port {{port}} --users {{users}}"


# A shell can't trap a signal that it was started to ignore.
BELOW_A_SHELL = shlex.join(["sh", "-c", f"trap 'kill $!' TERM INT; {LOOP} & wait; wait $!"])
STOP = ("--level", "start", "-k", "stop")
PYTEST = (sys.executable, "-m", "pytest", "-q")


@pytest.mark.parametrize(("words", "says"), [
    ([JUDGE, BELOW_A_SHELL, *STOP], "\n2 passed, 0 failed, 0 skipped\n"),
    ([sys.executable, Path(__file__).parent, LOOP, *STOP], "\n2 passed, 0 failed, 0 skipped\n"),
    ([*PYTEST, PROTOCOL, "--server", BELOW_A_SHELL, *STOP], "2 passed"),
    ([*PYTEST, REPOSITORY / "tests" / "finger", "--server", FINGERD, "-k", "a_home_that_has_gone"],
     "2 passed"),
    # A caller who ignores these signals means it.
    (["./script"], "0000000000004007\n0000000000004007\n"),
], ids=["judge", "archive", "protocol", "finger", "script"])
def test_nothing_that_the_caller_hands_on_changes_a_verdict(
    words: list[str], says: str, tmp_path: Path
) -> None:
    if FINGERD in words:
        need_built(DEFAULT_BUILD / "finger" / "fingerd")
    (tmp_path / "script").write_text(SCRIPT)
    (tmp_path / "script").chmod(0o755)
    ran = subprocess.run([sys.executable, "-c", CALLED_BADLY, *words], cwd=tmp_path, text=True,
                         env=environment(tmp_path), capture_output=True, timeout=300)
    assert ran.returncode == 0 and says in ran.stdout, ran.stdout + ran.stderr


@pytest.mark.parametrize(("apart", "without", "says"), [
    ("-m", "mount -t tmpfs none /proc", "there is no /proc here"),
    ("-m", "mount -t tmpfs none /dev", "/dev lacks null, or fd"),
    ("-m", "for d in /mnt /tmp /var/tmp; do mount -t tmpfs -o ro none $d; done; cd /mnt",
     "no directory for temporary files can be written"),
    ("-m", "mount -t tmpfs -o nr_inodes=9 none /tmp", "could not be run: "),
    ("-n", ":", "nobody can connect to 127.0.0.1"),
], ids=["proc", "dev", "temporary-directory", "room", "loopback"])
def test_the_judge_says_what_the_machine_lacks(
    apart: str, without: str, says: str, tmp_path: Path
) -> None:
    need_root("take it away from us alone")
    need_namespaces(apart)
    ran = subprocess.run(["unshare", apart, "sh", "-c", f'{without} && exec "$@"', "sh", JUDGE,
                          LOOP, "--level", "survival"], cwd=tmp_path, text=True,
                         env=environment(tmp_path), capture_output=True, timeout=100)
    assert ran.returncode == 3 and says in ran.stderr, ran.stdout + ran.stderr


def test_no_control_character_of_a_server_reaches_the_terminal(tmp_path: Path) -> None:
    ran = judge("sh -c 'echo \x1b[31m{port} >&2; exit 3'", at=tmp_path)
    assert "\x1b" not in ran.said + ran.complained, ran.said
    assert ran.said.count(r"\x1b[31m") == 3, ran.said  # the command has it twice
    assert cause(ContractBroken("\x07\u202e ü")) == "\\x07\\u202e ü"


def test_no_server_is_blamed_when_the_tests_run_out_of_something(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(OSError, match="No space left") as told:
        start_once(LOOP)
    assert blames(told.value) == "us" and not blames(FileNotFoundError(errno.ENOENT, "gone"))


@pytest.mark.parametrize(("load", "clock", "says"), [
    (1, True, False), (500, True, True), (500, False, False)])
def test_a_failure_that_a_busy_machine_may_have_caused_says_so(
    load: int, clock: bool, says: bool, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0, 0))
    failed = runs.Test("test_0[yours]", "failed", "", "", "", (), clock=clock)
    report_text.show_one_level(runs.Run("light", ["test_0[yours]"], [failed], ended=True))
    assert ("busy, with a load of 500" in capsys.readouterr().out) is says


def test_the_line_of_a_level_that_runs_fits_into_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_text, "in_terminal", lambda: True)
    monkeypatch.setattr(os, "get_terminal_size", lambda: os.terminal_size((40, 24)))
    for names in ([], ["test_0[yours]"]):
        report_text.show_progress(runs.Run("command-line", names))
        shown = re.sub(r"\r|\033\[[\d;]*[mK]", "", capsys.readouterr().out)
        assert 30 < len(shown) < 40, shown


@pytest.mark.parametrize(("outcomes", "says"), [
    ([], "no test ran"), (["passed"], "1 of 2 tests ran"),
    (["skipped", "skipped"], "0 of 2 tests ran"),
])
def test_a_level_does_not_pass_unless_every_test_ran(
    outcomes: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tests = [runs.Test(f"test_{number}[yours]", outcome, "", "", "", (), reason="why not")
             for number, outcome in enumerate(outcomes)]
    run = runs.Run(LEVEL_NAMES[0], ["test_0[yours]", "test_1[yours]"], tests, ended=True,
                   complete=True)
    assert not run.passed and not runs.Judged("true {port}", [run]).passed
    assert run.was_skipped == (len(outcomes) == 2)
    report_text.show_one_level(run)
    assert f"framing is not passed: {says}" in capsys.readouterr().out


@pytest.mark.parametrize(("words", "status"), [("little endian", 0), ("not (a", 2)])
def test_a_name_may_be_copied_as_the_sentence_that_it_is(
    words: str, status: int, tmp_path: Path
) -> None:
    server = f"{sys.executable} {SUBJECTS}/echo_server.py --port {{port}}"
    ran = judge(server, "-k", words, at=tmp_path)
    assert ran.status == status and len(ran.complained.splitlines()) == status // 2, ran.complained


def not_in_the_background() -> None:
    """Undoes what a shell without job control does to its background: it ignores SIGINT there."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("number", [
    signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL
])
def test_no_process_of_a_server_outlives_the_judge(
    number: signal.Signals, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    (tmp_path / "mine").write_text(
        f"#!/bin/sh\nsleep 1000 &\necho $! >>{pids}\n"
        f"setsid sh -c 'echo $$ >>{pids}; exec sleep 1000' &\nwait\n")
    (tmp_path / "mine").chmod(0o755)
    with subprocess.Popen([JUDGE, "./mine {port}", "-k", "little_endian"], cwd=tmp_path,
                          env=environment(tmp_path), preexec_fn=not_in_the_background,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert wait_until(lambda: pids.exists() and len(pids.read_text().split()) == 2, 100)
        run.send_signal(number)
        status = run.wait(60)
        assert status == (-number if number == signal.SIGKILL else 128 + number), run.stderr.read()
    for pid in pids.read_text().split():
        assert wait_until(lambda: not Path(f"/proc/{pid}").exists(), 10), f"{pid} is still there"
