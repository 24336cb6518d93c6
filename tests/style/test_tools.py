"""What ./check believes: its summary, and the table of stages and capabilities."""

import subprocess
from pathlib import Path

from project import ROOT

JUNIT = """<testsuite>
<testcase name="good"/>
<testcase name="bad"><failure message=""/></testcase>
<testcase name="pytest's"><skipped message="no ptrace here"/></testcase>
<testcase name="GoogleTest's"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
<system-out>log_test.cc:7: Skipped
no ptrace here

[  SKIPPED ] Log.Escapes (0 ms)</system-out></testcase>
</testsuite>"""


def tool(name: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([ROOT / "tools" / name, *words], capture_output=True, text=True)


def test_summary_counts_tests_and_reasons(tmp_path: Path) -> None:
    (tmp_path / "unit and steps.xml").write_text(JUNIT)
    run = tool("summary.py", tmp_path, "build:0:3", "unit and steps:8:5")
    assert run.returncode == 1
    assert "unit and steps     1 passed, 1 failed, 2 skipped (5 s)" in run.stdout
    assert "skipped 2: no ptrace here" in run.stdout
    assert run.stdout.splitlines()[-1] == "2 passed, 1 failed, 2 skipped"


def test_summary_believes_the_status_more_than_the_count(tmp_path: Path) -> None:
    (tmp_path / "protocol.xml").write_text("<testsuite><testcase name='good'/></testsuite>")
    run = tool("summary.py", tmp_path, "protocol:3:1")
    assert (run.returncode, run.stdout.splitlines()[-1]) == (1, "1 passed, 1 failed, 0 skipped")


def test_summary_of_nothing_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "protocol.xml").write_text("<testsuite/>")
    assert tool("summary.py", tmp_path, "protocol:0:1").returncode == 1
    assert tool("summary.py", tmp_path).returncode == 1


def test_summary_is_content_when_all_passed(tmp_path: Path) -> None:
    run = tool("summary.py", tmp_path, "build:0:3", "zoo applies:0:1")
    assert (run.returncode, run.stdout.splitlines()[-1]) == (0, "2 passed, 0 failed, 0 skipped")


def test_a_new_outcome_is_noticed(tmp_path: Path) -> None:
    table = (ROOT / "tests" / "matrix.md").read_text()
    (tmp_path / "same.md").write_text(table)
    assert tool("matrix.py", "compare", tmp_path / "same.md").returncode == 0

    (tmp_path / "other.md").write_text(table.replace("| pass |", "| fails by design |", 1))
    run = tool("matrix.py", "compare", tmp_path / "other.md")
    assert run.returncode == 1 and "tools/matrix.py fill" in run.stderr

    (tmp_path / "shorter.md").write_text("\n".join(table.splitlines()[:-1]))
    assert tool("matrix.py", "compare", tmp_path / "shorter.md").returncode == 1

    unsettled = table.replace("| pass |", "| not run |").replace("| – |", "| FAIL |")
    (tmp_path / "partial.md").write_text(unsettled)
    assert tool("matrix.py", "compare", tmp_path / "partial.md").returncode == 0
