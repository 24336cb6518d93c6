"""Words in front of a command line that change what the program sees of the machine."""

import os
from collections.abc import Sequence

NOBODY = 65534


def as_user(uid: int) -> tuple[str, ...]:
    """Runs as this user, without any right. These words come directly before the daemon's. setpriv
    gives up root's rights only at exec, so it can start a program in a directory that others may
    not enter.
    """
    return ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--inh-caps=-all")


def as_nobody() -> tuple[str, ...]:
    """Runs as a user without any right, or as ourselves if we have none anyway."""
    return as_user(NOBODY) if os.geteuid() == 0 else ()


def after(commands: str, *arguments: str, unshare: Sequence[str]) -> tuple[str, ...]:
    """Runs in new namespaces, after these shell commands, which get `arguments`. The process keeps
    its id."""
    script = f"set -e; {commands}; shift {len(arguments)}; exec \"$@\""
    return ("unshare", *unshare, "sh", "-c", script, "sh", *arguments)
