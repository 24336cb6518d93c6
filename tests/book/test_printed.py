"""Counts the lines of the stages that neither a chapter nor the stage's README prints.

A stage is the reader's page, made fit for strangers. So its lines are those that he has typed, but
for the names of common, or a chapter or the README shows them as a difference. What's left is the
start, the options and the log. A number that grows asks: which chapter can use that line?
"""

import re
from pathlib import Path

import pytest
from blocks import ROOT

NOT_PRINTED_MAX = {1: 43, 2: 75, 3: 39, 4: 44, 5: 85}
FENCE = re.compile(r"^```(cpp|diff)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What only has another name in a stage.
NAMES = {"common::": "", ".get()": "", "std::byte": "char", "const Fd&": "int", "Status": "bool",
         "linger_timeout": "2s", "drain_poll_interval": "5ms", "inline ": "", "(void)": "",
         "options.max_connections": "clients_max", "thread_local": "static"}
SAYS_NOTHING = re.compile(r"[{}();,]*|#.*|namespace.*|using .*|(class|struct) \w+;")


def plain(line: str) -> str:
    """The line without comment and indentation, in the page's names."""
    for ours, his in NAMES.items():
        line = line.replace(ours, his)
    return re.sub(r"\s*//.*", "", re.sub(r"\s+", " ", line)).strip()


def printed(stage: Path) -> set[str]:
    """The lines in the fences of the chapters about these stages, and of this stage's README."""
    found: set[str] = set()
    for page in (*(ROOT / "book").glob("0[1-9]-*.md"), stage / "README.md"):
        for language, fence in FENCE.findall(page.read_text()):
            lines = fence.splitlines()
            if language == "diff":
                lines = [line[1:] for line in lines if not line.startswith("-")]
            found |= {plain(line) for line in lines}
    return found


@pytest.mark.parametrize("part", NOT_PRINTED_MAX)
def test_a_chapter_prints_what_a_stage_does(part: int) -> None:
    stage = next(ROOT.glob(f"part{part}-*"))
    lines = [plain(line) for path in (*stage.glob("*.cc"), *stage.glob("*.h"))
             for line in path.read_text().splitlines()]
    shown = printed(stage)
    left = [line for line in lines if line not in shown and not SAYS_NOTHING.fullmatch(line)]
    assert len(left) <= NOT_PRINTED_MAX[part], "\n".join([
        f"{stage.name} has {len(left)} lines that nothing prints:", *left])
