"""A first server in a language of the reader's choice, to copy and build on. In Python, the reader
can have the server as it is after a later chapter: the patches in grown/python make that server
from the first one, and after the last chapters it's the tests' own, which has all levels.
"""

import os
import shutil
import subprocess
from pathlib import Path

from paths import JUDGE, ROOT
from levels import LEVELS

SOURCES = Path(__file__).parent / "start"
GROWN = SOURCES.parent / "grown"
SUBJECTS = ROOT / "tests" / "protocol" / "subjects"
WHOLE_AFTER = (8, 9)  # after these chapters, the server in Python is the tests' own
# How to build the first server, if its language is compiled, and how to start it.
LANGUAGES = {
    "python": ["python3 echo.py"],
    "c": ["gcc -O2 -o echo echo.c", "./echo"],
    "cpp": ["g++ -O2 -std=c++20 -o echo echo.cc", "./echo"],
    "java": ["javac Echo.java", "java Echo"],
    "go": ["go build -o echo echo.go", "./echo"],
    "rust": ["rustc -O -o echo echo.rs", "./echo"],
    "node": ["node echo.js"],
}
ONE_AFTER_THE_OTHER = "It serves one client after the other."
CALLED_BACK = "Node calls it back for each client, so it serves many from the start."
LATER_README = """# A server after chapter {0}

{1}

```bash
@COMMANDS@
```
"""
GROWN_SO_FAR = (
    "What *Your own server* of the chapters up to {0} makes of the first server in this language. "
    "It has the levels up to `{1}`. The next is `{2}`.")
WHOLE = "The server in Python that the tests are tried on. It has all levels, later ones as well."


def chapters(language: str) -> list[int]:
    """The chapters after which there's a server in that language."""
    patches = (GROWN / language).glob("after-*.patch")
    grown = [int(patch.stem.removeprefix("after-")) for patch in patches]
    return [1, *sorted(grown), *(WHOLE_AFTER if grown else ())]


def levels_after(chapter: int) -> tuple[str, str]:
    """The last level that a server has after that chapter, and the level that it fails."""
    numbers = [int(number) if (number := Path(level.chapter).name[:2]).isdigit() else 100
               for level in LEVELS]
    count = sum(number <= chapter for number in numbers)
    return LEVELS[count - 1].name, LEVELS[count].name


def copy(language: str, to: Path, after: int = 1) -> str:
    """Copies the server and its README; returns why that failed, or "". With `after`, copies the
    server that *Your own server* makes of it up to that chapter."""
    (source,) = (SOURCES / language).iterdir()
    names = [source.name, "README.md"]
    # Unlike Path.exists(), os.path.exists() returns False where the user may not look.
    there = [to / name for name in names if os.path.exists(to / name)]
    if there:
        return f"{there[0]} is there already, and is not overwritten: name another directory"
    try:
        to.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, to / source.name)
        if after == 1:
            about = first_readme(language, source.name)
        else:
            about = LATER_README.format(after, grow(language, to, after))
        (to / "README.md").write_text(filled(about, {"COMMANDS": in_shell(language)}))
    except OSError as error:
        return f"cannot copy to {to}: {error.strerror}"
    return ""


def first_readme(language: str, source: str) -> str:
    """The README: which server this is, how to build it, and how to have it judged."""
    return filled((SOURCES / "README.md").read_text(), {
        "SOURCE": source,
        "JUDGE": JUDGE,
        "CLIENTS": CALLED_BACK if language == "node" else ONE_AFTER_THE_OTHER,
    })


def in_shell(language: str) -> str:
    """The commands that build the server, if its language is compiled, and judge it."""
    *build, start = LANGUAGES[language]
    return "\n".join([*build, f"{JUDGE} '{start} --port {{port}}'"])


def filled(text: str, values: dict[str, str]) -> str:
    """The text, with these values in place of their names."""
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def grow(language: str, to: Path, after: int) -> str:
    """Applies patch after patch to a first server; returns the README's sentence about
    the result."""
    if after in WHOLE_AFTER:
        for file in SUBJECTS.glob("loop_*.py"):
            shutil.copyfile(file, to / file.name.replace("loop_server", "echo"))
        return WHOLE
    for patch in sorted((GROWN / language).glob("after-*.patch"))[: after - 1]:
        subprocess.run(["patch", "--strip=1", "--silent", f"--input={patch}"], cwd=to, check=True)
    return GROWN_SO_FAR.format(after, *levels_after(after))
