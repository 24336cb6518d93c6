"""Words in front of a command line that change what the program sees of the machine."""

import os
import shutil
import subprocess
from collections.abc import Sequence

import pytest

NOBODY = 65534


def need_root() -> None:
    """Skips the test for whom it would have to become somebody else."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else, or make what this test needs")


def need_namespaces(*kinds: str) -> None:
    """Skips the test where no namespace of these kinds can be made."""
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed")
    trial = subprocess.run(["unshare", *kinds, "true"], capture_output=True, text=True)
    if trial.returncode != 0:
        pytest.skip(f"no namespace is permitted here: {trial.stderr.strip()}")


def as_nobody() -> tuple[str, ...]:
    """As somebody without any right; as ourselves where we have none anyway.

    These words come last, directly before the daemon's: setpriv gives up root's rights only with
    exec, and so starts a program that lies where nobody else may enter.
    """
    if os.geteuid() != 0:
        return ()
    return ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
            "--inh-caps=-all", "--pdeathsig=keep")  # fmt: skip


def after(commands: str, *arguments: str, unshare: Sequence[str]) -> tuple[str, ...]:
    """In namespaces of its own, after these commands of the shell, which has `arguments`.

    The process keeps its id.
    """
    script = f"set -e; {commands}; shift {len(arguments)}; exec \"$@\""
    return ("unshare", *unshare, "sh", "-c", script, "sh", *arguments)
