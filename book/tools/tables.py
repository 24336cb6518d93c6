"""Tables made from files, for the bug zoo, the measuring machines, and the stages' capabilities.

    <!-- table: bugs hangs -->
    <!-- /table -->
"""

import importlib
import json
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from blocks import ROOT, Wrong
from measured import NUMBERS, label

sys.path.append(str(ROOT / "tests" / "protocol"))  # which has the table of capabilities

BUGS = ROOT / "book" / "bugs"
HEAD_LINE = re.compile(r"^(\w+): +(\S.*)$", re.MULTILINE)
CHAPTER = re.compile(r"^(\d\d)-")
APPENDIX = re.compile(r"appendix-([a-z])-")


def table(arguments: str) -> str:
    """The text between the marks."""
    name, *words = arguments.split()
    if name not in TABLES:
        raise Wrong(f"there is no table '{name}'; there are: {', '.join(TABLES)}")
    return TABLES[name](*words)


def markdown(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    head = list(head)
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)) + "\n"


def chapter(file: str) -> str:
    """A link to a chapter or an appendix, with its number or letter."""
    if number := CHAPTER.match(file):
        return f"[{int(number[1])}]({file})"
    letter = APPENDIX.match(file)
    return f"[{letter[1].upper()}]({file})" if letter else f"[{file}]({file})"


def heads() -> dict[str, dict[str, str]]:
    """The heads of the zoo's patches."""
    return {file.stem: dict(HEAD_LINE.findall(file.read_text().partition("\n--- ")[0]))
            for file in sorted(BUGS.glob("*.patch"))}


def bugs(symptom: str) -> str:
    """The patches with one kind of symptom."""
    rows = []
    for name, head in heads().items():
        if head["Symptom"] != symptom:
            continue
        stage = head["Stage"].replace(",", " ").split()[0]
        test = head["Test"].removeprefix("ctest unit.").rpartition("::")[2].partition("[")[0]
        places = [chapter(Path(head["Chapter"]).name)]
        if step := head.get("Step"):
            places.append(f"[{Path(step).stem}](../{step})")
        rows.append([f"[{name}](bugs/{name}.patch)", head["Title"], stage.partition("-")[0],
                     f"`{test}`", ", ".join(places)])
    if not rows:
        raise Wrong(f"no patch has the symptom '{symptom}'")
    return markdown(["patch", "symptom", "stage", "found by", "shown in"], rows)


def machines() -> str:
    """The machines on which the numbers of book/numbers were measured."""
    found: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for file in sorted(NUMBERS.glob("*.json")):
        here = json.loads(file.read_text())["machine"]
        key = tuple(str(here.get(what, "unknown"))
                    for what in ("processor", "cores", "kernel", "compiler", "flags"))
        found.setdefault(key, []).append({**here, "name": file.stem})
    if not found:
        return "Nothing has been measured yet: there is no `book/numbers`.\n"
    return "\n".join(markdown(["what", "it was"], [
        ["processor", f"{processor}, {cores} cores"], ["kernel", kernel], ["compiler", compiler],
        ["flags", f"`{flags}`"],
        ["date", ", ".join(sorted({each["date"] for each in those}))],
        ["state of the project", ", ".join(sorted({f"`{each['commit']}`" for each in those}))],
        ["numbers", ", ".join(label(each["name"]) for each in those)],
    ]) for (processor, cores, kernel, compiler, flags), those in found.items())


def capabilities() -> str:
    """The capabilities that the tests ask of each stage, and the weaknesses that a test shows."""
    table = importlib.import_module("capabilities")
    rows = [[f"**{name}**: {meaning}", *(
        "yes" if name in table.CAPABILITIES_OF[stage] else
        "fails by design" if name in table.WEAKNESSES[stage] else "–" for stage in table.STAGES)]
        for name, meaning in table.CAPABILITIES.items()]
    return markdown(["capability", *table.STAGES], rows)


TABLES: dict[str, Callable[..., str]] = {
    "bugs": bugs, "machines": machines, "capabilities": capabilities,
}
