"""The server of each directory, as it was judged there last: a file for each, so that two climbs at
a time do not undo what the other has written."""

import hashlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

STATE = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
SERVERS = STATE / "six-servers"  # not in build/: a reader without a compiler has none


class Unreadable(Exception):
    """There is a file, and it is not one that was written here."""


@dataclass(frozen=True)
class Remembered:
    """How a climb was asked for."""

    command: str
    without: tuple[str, ...] = ()  # the levels that it leaves out


def of(directory: Path) -> Remembered | None:
    """What was remembered; None if nothing was. Unreadable."""
    file = _file(directory)
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise Unreadable(f"{file} cannot be read ({error}): remove it") from None
    if not isinstance(known, dict) or not isinstance(known.get("command"), str):
        raise Unreadable(f"{file} holds no command: remove it")
    without = known.get("without", [])
    if not isinstance(without, list) or not all(isinstance(one, str) for one in without):
        raise Unreadable(f"{file} does not say which levels to leave out: remove it")
    return Remembered(known["command"], tuple(without))


def remember(what: Remembered, directory: Path) -> str:
    """For the next time; why it could not be, or nothing."""
    file = _file(directory)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False) as new:
            try:
                json.dump({"directory": str(directory), **asdict(what)}, new)
                new.flush()
                os.replace(new.name, file)
            except OSError:
                os.unlink(new.name)
                raise
    except OSError as error:
        return f"{error.strerror}: {file}"
    return ""


def _file(directory: Path) -> Path:
    return SERVERS / f"{hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]}.json"
