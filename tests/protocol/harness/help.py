"""--help of a program, in one form for all versions of CLI11."""

import re
import subprocess
from pathlib import Path


def help_of(program: Path) -> str:
    """Its output, in the form of CLI11 2.3."""
    run = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=20)
    assert (run.returncode, run.stderr) == (0, "")
    return in_the_old_form(run.stdout)


def examples(text: str) -> list[tuple[str, str]]:
    """Each option whose meaning has an example, `…, such as entries=4,buffers=2`, with that."""
    return re.findall(r"^ +(?:-\w,)?(--[\w-]+).*,? such as (\S*[^\s:.,])", text, re.MULTILINE)


def in_the_old_form(text: str) -> str:
    """Since 2.4 a default is written `--port N [5882]` and not `--port N=5882`; since 2.5 headings
    are capital letters, the long names are below each other, and lines end with blanks.
    """
    text = re.sub(r" +$", "", text, flags=re.MULTILINE)
    text = text.replace("\nOPTIONS:\n", "\nOptions:\n")
    text = re.sub(r"^  (-\w), +(--)", r"  \1,\2", text, flags=re.MULTILINE)
    text = re.sub(r"^ {10}(--)", r"  \1", text, flags=re.MULTILINE)
    return re.sub(r"^(  -.*? [A-Z]+) \[(\S+)\]", r"\1=\2", text, flags=re.MULTILINE)
