"""The end of ./check: what tools/summary.py says of its sections."""

import subprocess
from pathlib import Path

import pytest
from project import ROOT

JUNIT = """<testsuite>
<testcase name="good"/>
<testcase classname="tests.style.test_x" name="bad"><failure message=""/></testcase>
<testcase name="pytest's"><skipped message="no ptrace here"/></testcase>
<testcase name="GoogleTest's"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
<system-out>log_test.cc:7: Skipped
no ptrace here

[  SKIPPED ] Log.Escapes (0 ms)</system-out></testcase>
<testcase name="its own"><skipped message="log_test.cc:7&#x0A;no ptrace here&#x0A;"/></testcase>
</testsuite>"""

NO_RING = "io_uring cannot be used: a seccomp filter forbids it"


def tool(name: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([ROOT / "tools" / name, *words], capture_output=True, text=True)


def summary(directory: Path, *sections: str) -> subprocess.CompletedProcess[str]:
    lines = directory / "sections"
    lines.write_text("".join(f"{section}\n" for section in sections))
    return tool("summary.py", directory, lines)


def test_summary_counts_tests_and_reasons(tmp_path: Path) -> None:
    (tmp_path / "unit and steps.xml").write_text(JUNIT)
    run = summary(tmp_path, "build:0:3", "unit and steps:8:5")
    assert run.returncode == 1
    assert "unit and steps     1 passed, 1 failed, 3 skipped (5 s)" in run.stdout
    assert "skipped 3: no ptrace here" in run.stdout
    assert "\n2 passed, 1 failed, 3 skipped\n" in run.stdout


def test_summary_says_why_a_transcript_was_skipped(tmp_path: Path) -> None:
    """ctest's file has cram's output, and cram's own file has the transcript's name."""
    transcript = tmp_path / "step.t"
    transcript.write_text("Skipped where\nthere is no ring.\n\n  $ exit 80\n")
    (tmp_path / "steps.xml").write_text(
        "<testsuite><testcase name='steps.part6-uring.step'>"
        "<skipped message='SKIP_REGULAR_EXPRESSION_MATCHED'/>"
        f"<system-out>{transcript}: skipped\n</system-out></testcase>"
        f"<testcase name='step.t' classname='{transcript}'><skipped/></testcase></testsuite>")
    run = summary(tmp_path, "steps:0:5")
    assert "skipped 2: Skipped where there is no ring." in run.stdout


@pytest.mark.parametrize(("xml", "sections", "status", "says"), [
    ("<testsuite><testcase name='good'/></testsuite>", ["protocol:3:1"], 1, "1 passed, 1 failed"),
    ("<testsuite/>", ["protocol:0:1"], 1, "0 passed, 0 failed"),
    ("<testsuite/>", [], 1, "0 passed, 0 failed"),
    ("<testsuite/>", ["build:0:3", "zoo applies:0:1"], 0, "2 passed, 0 failed"),
], ids=["a status is believed", "no test", "nothing", "all passed"])
def test_summary_is_a_success_where_something_ran_and_nothing_failed(
        tmp_path: Path, xml: str, sections: list[str], status: int, says: str) -> None:
    (tmp_path / "protocol.xml").write_text(xml)
    run = summary(tmp_path, *sections)
    assert run.returncode == status and f"\n{says}, 0 skipped\n" in run.stdout


@pytest.mark.parametrize(("again", "says", "status"), [
    ("<testcase name='bad@alone'/>", "passed at the second try: bad", 0),
    ("<testcase name='bad'/>", "passed at the second try: bad", 0),
    ("<testcase name='bad'><failure/></testcase>", "failed: bad", 1),
    ("<testcase name='bad'><skipped message='no'/></testcase>", "failed: bad", 1),
    ("<testcase name='another'/>", "failed: bad", 1),
])
def test_summary_names_what_needed_a_second_try(
        tmp_path: Path, again: str, says: str, status: int) -> None:
    (tmp_path / "steps.xml").write_text(
        "<testsuite><testcase name='bad'><failure/></testcase></testsuite>")
    (tmp_path / "steps.again.xml").write_text(f"<testsuite>{again}</testsuite>")
    run = summary(tmp_path, f"steps:{status}:5")
    assert (run.returncode, run.stdout.splitlines()[1]) == (status, f"  {says}")


@pytest.mark.parametrize(("classname", "name", "command"), [
    ("tests.protocol.test_crowd", "test_a_crowd[part2-threads]",
     "./check part2-threads -k test_a_crowd"),
    ("tests.protocol.test_trace", "test_a_trace@clock", "./check -k test_a_trace"),
    ("tests.finger.test_plans", "test_a_plan[fingerd-link]@x", "./check finger -k test_a_plan"),
    ("tests.style.test_files", "test_a_file[a]",
     "/usr/bin/python3 -m pytest tests/style/test_files.py -k test_a_file"),
    ("fuzz.finger_query", "fuzz.finger_query", r"ctest --preset default -R '^fuzz\.finger_query$'"),
    ("RingTest", "Wakes",
     "build/default/tests/unit/uring/uring_tests --gtest_filter=RingTest.Wakes"),
])  # fmt: skip
def test_a_red_summary_ends_with_the_command_for_each_test_alone(
        tmp_path: Path, classname: str, name: str, command: str) -> None:
    (tmp_path / "some.xml").write_text(f"<testsuite><testcase classname='{classname}' "
                                       f"name='{name}'><failure/></testcase></testsuite>")
    run = summary(tmp_path, "some:1:5")
    assert run.stdout.splitlines()[-2:] == ["Whether what failed passes by itself:", f"  {command}"]


@pytest.mark.parametrize("load", ["0.10", "500.00"])
def test_a_red_summary_says_that_the_machine_was_busy(
        tmp_path: Path, load: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOAD_BEFORE", load)
    (tmp_path / "some.xml").write_text(JUNIT)
    assert ("had a load of 500" in summary(tmp_path, "some:1:5").stdout) == (load == "500.00")
    (tmp_path / "some.xml").write_text("<testsuite><testcase name='good'/></testsuite>")
    assert "load" not in summary(tmp_path, "some:0:5").stdout


@pytest.mark.parametrize(("output", "why"), [
    (">&-", "it is closed"), (">/dev/full", "No space left on device")])  # fmt: skip
def test_a_summary_that_cannot_be_written_is_a_line_and_no_success(
        output: str, why: str, tmp_path: Path) -> None:
    run = subprocess.run(["bash", "-c", f'tools/summary.py "$0" "$0/sections" {output}', tmp_path],
                         cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert run.stderr == f"check: cannot write to standard output: {why}\n"
    assert run.returncode == 1


def test_summary_counts_what_was_left_out(tmp_path: Path) -> None:
    assert tool("summary.py", "--left-out", tmp_path / "part6.xml", "3", NO_RING).returncode == 0
    run = summary(tmp_path, "build:0:3", "part6:0:0")
    assert f"skipped 3: {NO_RING}" in run.stdout
    assert (run.returncode, run.stdout.splitlines()[-1]) == (0, "1 passed, 0 failed, 3 skipped")
