"""A first server in a language of the reader's choice, to be copied and built upon."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

from runs import ROOT

SOURCES = Path(__file__).parent / "start"
LANGUAGES = ("python", "cpp", "go", "rust", "node")


def copy(language: str, to: Path) -> str:
    """Copies the server and its README; what went wrong, or nothing."""
    sources = sorted((SOURCES / language).iterdir())
    there = [to / source.name for source in sources if (to / source.name).exists()]
    if there:
        return f"{there[0]} is there already, and is not overwritten: name another directory"
    try:
        to.mkdir(parents=True, exist_ok=True)
        for source in sources:
            shutil.copyfile(source, to / source.name)
        readme = to / "README.md"
        judge = shlex.quote(str(ROOT / "judge"))
        readme.write_text(readme.read_text().replace("./judge", judge))
    except OSError as error:
        return f"cannot copy to {to}: {error.strerror}"
    return ""


def first_commands(to: Path) -> list[str]:
    """The commands of the README's first block: how to build it, and how to have it judged."""
    _, _, block = (to / "README.md").read_text().partition("```bash\n")
    return block.partition("```")[0].splitlines()
