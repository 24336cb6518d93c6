"""Which files a server's program is made of, and whether they have changed."""

import shlex
import time
from pathlib import Path

LOOK_SECONDS = 0.3
NOT_SOURCES = {"node_modules", "target", "build", "__pycache__"}


class Watched:
    """The files that a command names. Beside a source, those of the same kind in its directory."""

    def __init__(self, command: str, directory: Path) -> None:
        self._paths = [path for word in shlex.split(command)
                       if (path := directory / word).exists()]
        self._seen = self._state()

    def names(self) -> str:
        """What is watched, in words; empty if the command names no file."""
        return ", ".join(str(path) for path in self._paths)

    def have_changed(self) -> bool:
        """Whether something is different since it was last asked for."""
        now = self._state()
        changed = now != self._seen
        self._seen = now
        return changed

    def wait(self) -> None:
        """Until something has changed, and then nothing does: a compiler may still be at it."""
        while not self.have_changed():
            time.sleep(LOOK_SECONDS)
        while self.have_changed() or not self._seen:
            time.sleep(LOOK_SECONDS)

    def _state(self) -> dict[Path, tuple[int, int]]:
        state = {}
        for path in self._files():
            try:
                about = path.stat()
            except FileNotFoundError:
                continue  # it is just being replaced
            state[path] = (about.st_mtime_ns, about.st_size)
        return state

    def _files(self) -> set[Path]:
        found = set()
        for path in self._paths:
            if path.is_dir():
                found |= {file for file in path.rglob("*") if file.is_file()
                          and not NOT_SOURCES & set(file.relative_to(path).parts)}
            elif path.suffix:
                found |= set(path.parent.glob(f"*{path.suffix}"))
            else:
                found.add(path)
        return found
