"""A directory of users for `--users DIR`."""

import os
import tempfile
from pathlib import Path


class Users:
    """A directory that everybody may read, with a directory in it for each user."""

    def __init__(self, **plans: bytes | None) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="finger-")
        self.outside = Path(self._temporary.name)  # of this, queries may reach users/ only
        self.directory = self.outside / "users"
        self.directory.mkdir()
        for path in (self.outside, self.directory):
            path.chmod(0o755)  # not only for the user who runs the tests
        for name, plan in plans.items():
            self.add(name, plan)

    def add(self, name: str, plan: bytes | None = None) -> Path:
        """Adds a user, without a plan if `plan` is None. Returns where the plan is, or would be."""
        home = self.directory / name
        home.mkdir(mode=0o755)
        if plan is not None:
            (home / ".plan").write_bytes(plan)
        return home / ".plan"

    def remove(self, name: str) -> None:
        """Removes the user and the plan."""
        for file in (self.directory / name).iterdir():
            file.unlink()
        (self.directory / name).rmdir()

    def plan(self, name: str) -> Path:
        """Returns the path of this user's plan."""
        return self.directory / name / ".plan"

    def replace(self, name: str, plan: bytes) -> None:
        """Replaces the plan in one step. Whoever has the old one open keeps that."""
        fresh = self.outside / "fresh"
        fresh.write_bytes(plan)
        os.replace(fresh, self.plan(name))

    def close(self) -> None:
        """Removes everything."""
        self._temporary.cleanup()
