"""A program's --help, in the same form for all versions of CLI11."""

import re
import subprocess
from pathlib import Path


def help_of(program: Path) -> str:
    """Returns the program's help, in the form of CLI11 2.3."""
    run = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=20)
    assert (run.returncode, run.stderr) == (0, "")
    return in_the_old_form(run.stdout)


def examples(text: str) -> list[tuple[str, str]]:
    """Finds each option with an example, `…, such as entries=4,buffers=2`, and returns both of
    them."""
    return re.findall(r"^ +(?:-\w,)?(--[\w-]+).*,? such as (\S*[^\s:.,])", text, re.MULTILINE)


def in_the_old_form(text: str) -> str:
    """Converts the help of newer versions. Since 2.4 a default is written `--port N [5882]`, not
    `--port N=5882`. Since 2.5 headings are in capital letters, the long names are below each other,
    and lines end with blanks.
    """
    text = re.sub(r" +$", "", text, flags=re.MULTILINE)
    text = text.replace("\nOPTIONS:\n", "\nOptions:\n")
    text = re.sub(r"^  (-\w), +(--)", r"  \1,\2", text, flags=re.MULTILINE)
    text = re.sub(r"^ {10}(--)", r"  \1", text, flags=re.MULTILINE)
    return re.sub(r"^(  -.*? [A-Z]+) \[(\S+)\]", r"\1=\2", text, flags=re.MULTILINE)
