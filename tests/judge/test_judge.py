"""./judge, a server of the reader's own: the climb, first servers, reports."""

import shlex
import re
import sys
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

import level_runs as runs
import report_xml
import rules
from capabilities import CAPABILITIES, CAPABILITIES_OF
from first_start import FirstStart
from run_judge import FLEET, JUDGE, SUBJECTS, a_climb, judge
from harness.needed import need_program
from harness.strace import need_ptrace
from harness.target import REPOSITORY
from levels import DEFAULT_LEVEL, LEVELS, LEVEL_NAMES

pytestmark = pytest.mark.timeout(400)  # for three climbs, one by one

OF_A_MECHANISM = {
    "after-a-pause", "batched-calls", "feather-light", "interest", "plain-calls", "pool", "ring",
    "trace",
}  # fmt: skip


def broken(bug: str) -> str:
    return f"{sys.executable} {SUBJECTS}/broken_servers.py {bug} --port {{port}}"


@a_climb
def test_a_climb_stops_at_the_first_level_that_fails_and_everything_says_so(tmp_path: Path) -> None:
    ran = judge(broken("drops-half-closed"), "--report", "found.html", at=tmp_path)
    assert ran.status == 1, ran.complained
    names = [line.split()[0] for line in ran.said.splitlines() if "#" in line[:24]]
    assert names[:3] == ["framing", "survival", "closing"] and "start" not in names
    assert f"2 of {len(LEVEL_NAMES)} levels\n  next: closing, book/03-closing.md\n" in ran.said
    assert ran.said.endswith(" --from start\n")
    for words in ("closing asks: ", "reads on until the client's end", "sent ", "the end of the",
                  "shut down its sending side", "the rule, explained in book/03-closing.md",
                  "add --show", f"{JUDGE} '", "--level closing -k test_"):
        assert words in " ".join(ran.said.split()), ran.said
    assert ran.said.count("the rule, explained") == 1
    assert "\033" not in ran.said and "\r" not in ran.said  # a terminal would have these

    page = (tmp_path / "found.html").read_text()
    for words in (rules.HALF_CLOSE.text, rules.HALF_CLOSE.chapter, "shut down its sending side"):
        assert words in page
    assert re.search(r"Clients could connect \d+\.\d", page)
    assert not any(word in page for word in ("://", "src=", "<link", "<script"))


@a_climb
def test_each_directory_has_its_command_remembered(tmp_path: Path) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine").write_text(f"#!/bin/sh\necho 'not today, {name}' >&2\n")
        (tmp_path / name / "mine").chmod(0o755)
    here, there = tmp_path / "here", tmp_path / "there"
    for ran in (judge("./mine {port}", at=here, state=tmp_path),
                judge("./mine  {port}", at=there, state=tmp_path), judge(at=here, state=tmp_path)):
        assert ran.status == 1 and "nobody listens on 127.0.0.1:" in ran.said, ran.complained
        assert ": it ended with exit status 0" in " ".join(ran.said.split())
        assert f"not today, {ran.at.name}" in ran.said
    assert judge(at=here, state=tmp_path).said.startswith("your server: ./mine {port}\n")
    assert judge(at=tmp_path, state=tmp_path).status == 2


def test_failures_are_grouped_by_their_rule(tmp_path: Path) -> None:
    ran = judge(broken("answers-early"), "-k", "complete", at=tmp_path)
    assert ran.status == 1
    # There are seven failures, or fewer if the machine is so busy that an early answer comes late.
    assert re.search(r"\n\d failures under 2 rules:\n", ran.said), ran.said
    words = " ".join(ran.said.split())
    assert f" x {rules.NOT_EARLY.text} ({rules.NOT_EARLY.chapter}) " in words, ran.said


def test_each_further_rule_that_is_broken_names_a_test_and_what_it_found(tmp_path: Path) -> None:
    ran = judge(broken("big-endian"), at=tmp_path)
    further = ran.said.partition("\n  also broken:\n")[2].partition("\n\n")[0]
    # The rules depend on how soon the judge gives up the level.
    assert re.search(r"\(book/01-bytes\.md#[a-z-]+\)\n      [a-z].*: the server", further), ran.said
    assert all(len(line) <= 96 for line in further.splitlines()), further


def test_the_servers_own_calls_are_shown_between_what_the_clients_did(tmp_path: Path) -> None:
    need_ptrace()
    ran = judge(broken("answers-early"), "--level", "framing", "-k", "1-bytes-missing", "--show",
                "--report", "found.html", at=tmp_path)
    told = [re.sub(r"^ *\d+  ", "", line) for line in ran.said.splitlines()]
    accepted = re.search(r"server    accept4\(\d+\) = (\d+), client 1", ran.said)
    assert accepted, ran.said
    number = accepted[1]  # depends on the descriptors that are open when the judge starts
    done = [accepted[0], rf'server    recvfrom({number}, "\5\0\0\0hell") = 8',
            rf'server    sendto({number}, "\5\0\0\0hell") = 8  <- before its message was complete']
    assert [line for line in told if line in done] == done, ran.said
    page = (tmp_path / "found.html").read_text()
    assert "only those that fit 1-bytes-missing" in page and page.count("<details open>") == 1
    assert page.count('class="arrow"') == 2 and f"recvfrom({number}, " in page.partition("<svg ")[2]


def test_a_name_that_fits_no_test_is_wrong_usage(tmp_path: Path) -> None:
    ran = judge("true {port}", "-k", "half_clsoe", at=tmp_path)
    assert ran.status == 2, ran.said
    assert "no test up to the level closing has a name that fits 'half_clsoe'" in ran.complained


def test_a_level_is_asked_alone_or_with_those_below(tmp_path: Path) -> None:
    words = ["true {port}", "-k", "little_endian or resets_at_any_byte", "--level"]
    alone = judge(*words, "survival", at=tmp_path)
    assert "\n0 passed, 1 failed, 0 skipped" in alone.said, alone.said
    both = judge(*words[:-1], "--up-to", "survival", at=tmp_path)
    assert "\n0 passed, 2 failed, 0 skipped" in both.said, both.said


def test_a_server_that_ends_at_once_ends_the_climb_before_its_first_test(tmp_path: Path) -> None:
    ran = judge("sh -c 'echo oops {port} >&2; exit 3'", "--report", "x.html", at=tmp_path)
    assert ran.status == 1
    words = " ".join(ran.said.split())
    assert ": it ended with exit status 3, unasked the server: $ sh -c 'echo oops " in words
    assert "stderr: oops" in words and "levels" not in words and "framing" not in words
    assert "it ended with exit status 3" in (tmp_path / "x.html").read_text()


def test_a_report_says_when_it_was_made_and_what_was_not_asked_for(tmp_path: Path) -> None:
    before = datetime.now()
    judge("false {port}", "--from", "closing", "--without", "workers", "--report", "x.html",
          at=tmp_path)
    page = (tmp_path / "x.html").read_text()
    assert any(f"<p>Judged on {day:%d %B %Y}, at " in page for day in (before, datetime.now()))
    assert "Not asked for: framing, survival.<" in page
    assert "Left out: workers.<" in page


def test_the_xml_has_levels_and_tests_and_no_byte_that_xml_cannot_hold(tmp_path: Path) -> None:
    tests = [runs.Test("test_a[yours]", "passed", "", "", "", ()),
             runs.Test("test_b[yours-1]", "failed", "said \x1b[2J", "The rule.", "README.md",
                       (("the server", "$ mine <&>"),)),
             runs.Test("test_c[yours]", "skipped", "", "", "", (), reason="no strace here")]
    level = runs.Run("framing", [test.name for test in tests] + ["test_d[yours]"], tests)
    report_xml.write(tmp_path / "x.xml", runs.Judged("mine {port}", [level]))
    suite = ElementTree.parse(tmp_path / "x.xml").getroot().find("testsuite")
    assert suite.attrib == {"name": "framing", "tests": "4", "failures": "1", "skipped": "2"}
    assert [case.get("name") for case in suite] == ["a", "b (1)", "c", "d"]
    failure = suite.find("testcase/failure")
    assert failure.get("message") == "said \ufffd[2J"
    assert failure.text == "The rule.\nExplained in README.md\n\nthe server:\n$ mine <&>"


def test_a_server_that_does_not_start_is_a_failure_in_the_xml(tmp_path: Path) -> None:
    judged = runs.Judged("mine {port}", [], "nobody listens",
                         first=FirstStart(1, "nobody listens", "stderr: oops"))
    report_xml.write(tmp_path / "x.xml", judged)
    (failure,) = ElementTree.parse(tmp_path / "x.xml").getroot().iter("failure")
    assert (failure.get("message"), failure.text) == ("nobody listens", "stderr: oops")


def test_a_program_that_the_kernel_does_not_execute_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("echo a script without its first line\n")
    (tmp_path / "mine").chmod(0o755)
    ran = judge("./mine {port}", at=tmp_path)
    assert (ran.status, ran.complained) == (1, "")
    assert "cannot be started: Exec format error" in ran.said


@a_climb
def test_a_level_that_is_left_out_stays_left_out_until_a_command_is_given(tmp_path: Path) -> None:
    command = f"{sys.executable} {FLEET}/broken_loops.py hundred-clients --port {{port}}"
    ran = judge(command, "--from", "start", "--without", "light", at=tmp_path)
    assert ran.said.startswith(f"your server: {command} (without light)\n"), ran.complained
    assert ran.said.endswith(f": {JUDGE} --without light,crowd --from rest\n"), ran.said
    ran = judge("--level", "light", "-k", "no_buffer", at=tmp_path)
    assert "\n1 passed, 1 failed" in ran.said, "a level that is asked for by name is asked"
    ran = judge("--from", "rest", "--without", "crowd", at=tmp_path)
    assert ran.said.startswith(f"your server: {command} (without crowd, light)\n")
    names = [line.split()[0] for line in ran.said.splitlines() if "#" in line[:24]]
    assert names[0] == "rest" and not {"crowd", "light"} & set(names)
    ran = judge("false {port}", at=tmp_path)
    assert ran.said.startswith("your server: false {port}\n")


@a_climb
def test_the_readme_shows_what_is_really_said(tmp_path: Path) -> None:
    need_program("ncat")
    _, _, block = (REPOSITORY / "README.md").read_text().partition("```console\n$ ./judge ")
    command, *lines = block.partition("```")[0].splitlines()
    ran = judge(*shlex.split(command), at=tmp_path)
    said = iter(ran.said.splitlines())
    assert all(line in said for line in lines), ran.said + ran.complained


def test_the_levels_leave_out_only_what_belongs_to_a_mechanism() -> None:
    assert set(CAPABILITIES) - CAPABILITIES_OF[LEVEL_NAMES[-1]] == OF_A_MECHANISM
    assert DEFAULT_LEVEL == "closing"
    for level in LEVELS:
        assert (REPOSITORY / level.chapter).is_file(), level


def test_the_help_and_the_table_of_appendix_d_have_the_levels_in_their_order() -> None:
    listed = judge("--help", at=REPOSITORY).said.partition("which:")[2].partition("or a stage")[0]
    assert tuple(re.findall(r"[\w-]+", listed)) == LEVEL_NAMES
    page = (REPOSITORY / "book" / "appendix-d-your-own-server.md").read_text()
    table = page.partition("\n## Levels\n")[2].partition("\n## ")[0]
    assert tuple(re.findall(r"^\| `([\w-]+)` \|", table, re.MULTILINE)) == LEVEL_NAMES
