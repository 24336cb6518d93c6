"""A first server in a language of the reader's choice, to be copied and built upon."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from level_runs import ROOT

SOURCES = Path(__file__).parent / "start"
LANGUAGES = ("python", "c", "cpp", "java", "go", "rust", "node")
WORKFLOW = Path(".github") / "workflows" / "judge.yml"
NOWHERE = "https://example.org/six-servers.git  # where these tests can be cloned from"


def copy(language: str, to: Path) -> str:
    """Copies the server and its README, and adds a workflow; what went wrong, or nothing."""
    sources = sorted((SOURCES / language).iterdir())
    names = [*(source.name for source in sources), WORKFLOW]
    there = [to / name for name in names if os.path.exists(to / name)]  # not where it is forbidden
    if there:
        return f"{there[0]} is there already, and is not overwritten: name another directory"
    try:
        to.mkdir(parents=True, exist_ok=True)
        for source in sources:
            shutil.copyfile(source, to / source.name)
        readme = to / "README.md"
        judge = shlex.quote(str(ROOT / "judge"))
        readme.write_text(readme.read_text().replace("./judge", judge))
        (to / WORKFLOW).parent.mkdir(parents=True, exist_ok=True)
        (to / WORKFLOW).write_text(workflow(first_commands(to)))
    except OSError as error:
        return f"cannot copy to {to}: {error.strerror}"
    return ""


def workflow(commands: list[str]) -> str:
    """What has the server built by these commands, and judged, after each push to a code host."""
    *build, judge = commands
    _, quote, command = judge.partition("'")
    text = (SOURCES / "workflow.yml").read_text()
    for name, value in (("@TESTS@", origin() or NOWHERE), ("@COMMAND@", quote + command),
                        ("@BUILD@", "".join(f"      - run: {line}\n" for line in build))):
        text = text.replace(name, value)
    return text


def origin() -> str:
    """Where this project was cloned from, if that was from a server."""
    asked = subprocess.run(["git", "-C", ROOT, "remote", "get-url", "origin"], text=True,
                           capture_output=True, check=False) if shutil.which("git") else None
    found = asked.stdout.strip() if asked else ""
    return found if found.startswith("https://") else ""


def first_commands(to: Path) -> list[str]:
    """The commands of the README's first block: how to build it, and how to have it judged."""
    _, _, block = (to / "README.md").read_text().partition("```bash\n")
    return block.partition("```")[0].splitlines()
