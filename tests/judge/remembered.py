"""The server of each directory, as it was judged there last: a file for each, so that two climbs at
a time do not undo what the other has written."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path

STATE = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
SERVERS = STATE / "six-servers"  # not in build/: who has no compiler has none


class Unreadable(Exception):
    """There is a file, and it is not one that was written here."""


def command_of(directory: Path) -> str | None:
    """What was remembered; None if nothing was. Unreadable."""
    file = _file(directory)
    try:
        remembered = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise Unreadable(f"{file} cannot be read ({error}): remove it") from None
    if not isinstance(remembered, dict) or not isinstance(remembered.get("command"), str):
        raise Unreadable(f"{file} holds no command: remove it")
    return remembered["command"]


def remember(command: str, directory: Path) -> str:
    """For the next time; why it could not be, or nothing."""
    file = _file(directory)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False) as new:
            json.dump({"directory": str(directory), "command": command}, new)
        os.replace(new.name, file)
    except OSError as error:
        return f"{error.strerror}: {file}"
    return ""


def _file(directory: Path) -> Path:
    return SERVERS / f"{hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]}.json"
