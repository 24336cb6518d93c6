"""The last server that was judged in each directory, in a file for each."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

STATE = Path(os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state"))
SERVERS = STATE / "six-servers"  # not in build/, because a reader without a compiler has none
STOPPED = "stopped at "  # before a level's name, in the file


@dataclass(frozen=True)
class Remembered:
    """How the user asked for a climb, and how far it came."""

    command: str
    without: tuple[str, ...] = ()  # the levels that the climb leaves out
    level: str = ""  # at which the last climb stopped, if it didn't reach the top


def of(directory: Path) -> Remembered | None:
    """The server that we remember for this directory, or None."""
    try:
        command, *words = _file(directory).read_text(encoding="utf-8").split("\0")
    except (OSError, ValueError):
        return None
    without = tuple(word for word in words if not word.startswith(STOPPED))
    levels = [word.removeprefix(STOPPED) for word in words if word.startswith(STOPPED)]
    return Remembered(command, without, "".join(levels))


def remember(what: Remembered, directory: Path) -> str:
    """Saves the server for next time. Returns the reason if that fails, otherwise ""."""
    file = _file(directory)
    if not file.is_absolute():
        return "nobody is known here by our number, so there is no home"
    words = [what.command, *what.without, *([STOPPED + what.level] if what.level else [])]
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\0".join(words), encoding="utf-8")
    except OSError as error:
        return f"{error.strerror}: {file}"
    return ""


def _file(directory: Path) -> Path:
    return SERVERS / hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
