"""What a code host makes of the repository, and what a clone on another system gets."""

import re
import subprocess
from pathlib import Path

import pytest
from harness.needed import need_program
from project import ROOT, complain, name

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_a_clone_made_on_windows_has_line_ends_that_a_shell_takes(tmp_path: Path) -> None:
    """Git for Windows sets core.autocrlf. What has CRLF in the repository keeps it."""
    if not (ROOT / ".git").exists():
        pytest.skip("needs a checkout of git")
    clone = tmp_path / "clone"
    subprocess.run([need_program("git"), "clone", "-q", "--depth=1", "-c", "core.autocrlf=true",
                    f"file://{ROOT}", clone], check=True)
    helped = subprocess.run([clone / "serve", "--help"], capture_output=True, text=True)
    assert helped.returncode == 0, helped.stderr
    eol = subprocess.run(["git", "ls-files", "--eol"], cwd=clone, capture_output=True, text=True)
    complain([line for line in eol.stdout.splitlines()
              if re.match(r"i/lf +w/(crlf|mixed)", line)])


def words_of(licence: str) -> list[str]:
    return licence.replace("\n .\n", "\n\n").split()


def test_the_licence_is_the_usual_text_and_nothing_else() -> None:
    """The code host would not recognize it otherwise."""
    licence = (ROOT / "LICENSE").read_text()
    usual = (ROOT / "debian" / "copyright").read_text().split("License: Expat\n")[-1]
    usual = usual[:usual.index("License: CC-BY-4.0")]
    head = "MIT License\n\nCopyright (c) 2026 The authors of Six Servers and a Finger\n\n"
    assert licence.startswith(head)
    assert words_of(licence.removeprefix(head)) == words_of(usual)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=name)
def test_a_workflow_has_the_rights_that_it_names(workflow: Path) -> None:
    """Without a line of its own it has those of the repository's settings."""
    assert re.search(r"^permissions:\n  contents: read$", workflow.read_text(), re.MULTILINE)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=name)
def test_a_pull_request_is_one_run(workflow: Path) -> None:
    """A push of any branch would be one more."""
    on = re.search(r"^on:.*?(?=^\w|\Z)", workflow.read_text(), re.MULTILINE | re.DOTALL)
    assert on
    assert "pull_request" not in on[0] or "push:\n    branches: [main]" in on[0]
