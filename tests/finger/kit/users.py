"""A directory of users for `--users DIR`."""

import os
import tempfile
from pathlib import Path


class Users:
    """A directory that anybody may read, with a directory in it for each user."""

    def __init__(self, **plans: bytes | None) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="finger-")
        self.outside = Path(self._temporary.name)  # what no query may reach
        self.directory = self.outside / "users"
        self.directory.mkdir()
        for path in (self.outside, self.directory):
            path.chmod(0o755)  # not only for who runs the tests
        for name, plan in plans.items():
            self.add(name, plan)

    def add(self, name: str, plan: bytes | None = None) -> Path:
        """Adds a user; None for no plan. Returns where the plan is or would be."""
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
        """Where this user's plan is."""
        return self.directory / name / ".plan"

    def replace(self, name: str, plan: bytes) -> None:
        """Replaces the plan in one step, so a reader of the old one keeps that."""
        fresh = self.outside / "fresh"
        fresh.write_bytes(plan)
        os.replace(fresh, self.plan(name))

    def close(self) -> None:
        """Removes everything."""
        self._temporary.cleanup()
