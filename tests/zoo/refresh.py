"""Writes a patch again whose lines still fit, though a comment or line beside them has changed."""

import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import workshop
from patch_file import DIFF, ROOT, Patch, ZooError

FILES = re.compile(r"^(?=--- (?:a/|/dev/null).*\n\+\+\+ b/)", re.MULTILINE)
HUNK = re.compile(r"^@@ .*\n", re.MULTILINE)


def refreshed(patch: Patch) -> str | None:
    """The text of a patch with today's context, or None if it applies as it is. ZooError if more
    has changed than the context."""
    if applies(patch):
        return None
    text = patch.file.read_text(encoding="utf-8")
    found = DIFF.search(text)
    assert found
    with TemporaryDirectory() as top:
        for name in (*patch.changes, patch.file.relative_to(ROOT)):
            if (ROOT / name).is_file():
                Path(top, name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, Path(top, name))
        workshop.apply(patch, Path(top), fuzz=1)
        new = [difference(name, Path(top)) for name in patch.changes]
    old = FILES.split(text[found.start():])[1:]
    if not all(map(fits, old, new, patch.changes)):
        raise ZooError(f"{patch.name}: more has changed than the context: adapt the patch")
    return text[:found.start()] + "".join(new)


def applies(patch: Patch) -> bool:
    try:
        workshop.apply(patch, ROOT, try_only=True)
    except ZooError:
        return False
    return True


def difference(name: str, tree: Path) -> str:
    """What the patch does to one file, with one line of context."""
    old, label = (ROOT / name, f"a/{name}") if (ROOT / name).is_file() else ("/dev/null",) * 2
    return subprocess.run(
        ["diff", "-U1", f"--label={label}", f"--label=b/{name}", old, tree / name],
        stdout=subprocess.PIPE, text=True, check=False).stdout


def fits(old: str, new: str, name: str) -> bool:
    """Whether both change the same lines of a file in the same places. Where the context is a
    different one, the program `patch` looks for the lines that a hunk removes, or goes by its
    number. So each hunk needs a line of context that's still beside it, or has to remove lines that
    occur only once."""
    (old_head, *before), (new_head, *after) = HUNK.split(old), HUNK.split(new)
    if old_head != new_head or [chosen("[-+]", one) for one in before] != [
            chosen("[-+]", one) for one in after]:
        return False
    source = (ROOT / name).read_text(encoding="utf-8") if (ROOT / name).is_file() else ""
    for one, other in zip(before, after):
        removed = "".join(f"{line[1:]}\n" for line in chosen("-", one))
        beside = set(chosen(r" .*\w", one)) & set(chosen(r" .*\w", other))
        if source and not beside and source.count(removed) != 1:
            return False
    return True


def chosen(kind: str, hunk: str) -> list[str]:
    """The lines that begin like this."""
    return [line for line in hunk.splitlines() if re.match(kind, line)]
