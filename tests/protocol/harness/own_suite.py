"""What the suites' own tests have in common: a suite run against servers that are not ours."""

import os
import subprocess
import sys
from pathlib import Path

from harness.rule import Rule


class Finding:
    """Which test must find a bug, under which rule, and some of the words it must say."""

    def __init__(self, test: str, rule: Rule, *words: str, patience: int = 1) -> None:
        """`patience`, in seconds, is more where even the broken server has to work."""
        self.test, self.rule, self.words, self.patience = test, rule, words, patience


def run_suite(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the tests of that directory in a process of their own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--color=no", *arguments],
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=170,
    )


def expect_found(
    finding: Finding, directory: Path, server: str, harmless: str, *options: str
) -> None:
    """The test fails for that server and says all it has to; the harmless one passes."""
    run = run_suite(
        directory, finding.test, harmless, "--server", server,
        "--patience", str(finding.patience), *options,
    )
    assert "1 failed, 1 passed" in run.stdout, run.stdout
    assert f"FAILED {finding.test}" in run.stdout, run.stdout
    for words in (*finding.words, finding.rule.text, finding.rule.chapter):
        assert words in run.stdout, f"the failure does not say {words!r}:\n{run.stdout}"
