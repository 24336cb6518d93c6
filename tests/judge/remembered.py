"""The server of each directory, as it was judged there last."""

from __future__ import annotations

import json
import os
from pathlib import Path

STATE = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
FILE = STATE / "six-servers" / "servers.json"  # not in build/: who has no compiler has none


def command_of(directory: Path) -> str | None:
    """What was remembered."""
    return _all().get(str(directory))


def remember(command: str, directory: Path) -> str:
    """For the next time; why it could not be, or nothing."""
    commands = _all() | {str(directory): command}
    try:
        FILE.parent.mkdir(parents=True, exist_ok=True)
        FILE.write_text(json.dumps(commands, indent=2), encoding="utf-8")
    except OSError as error:
        return f"{error.strerror}: {FILE}"
    return ""


def _all() -> dict[str, str]:
    """The command of each directory; none if the file is not one that was written here."""
    try:
        return json.loads(FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
