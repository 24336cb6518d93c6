"""What all suites have in common: each runs in a process of its own, and says what it lacks.

Each directory here is a suite, with options and modules of its own; two of them have a
`capabilities.py`, and in one process the second would get that of the first. So a run of several,
as `pytest` or `pytest tests/protocol tests/finger`, becomes one run after the other.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
LEFT_OUT = ("-m", "not long and not build")
# The suites in the order in which they run, and what each is told when it is not the only one: what
# takes long is for ./check --all, and the exercises are the reader's to solve.
SUITES = {
    "style": (),
    "build": LEFT_OUT,
    "costs": (),
    "protocol": (),
    "finger": (),
    "exercises": ("-m", "program", "--solution"),
    "book": (),
    "site": LEFT_OUT,
    "bench": (),
}
NEEDS_HYPOTHESIS = {"exercises", "finger", "protocol"}
NO_TIME_LIMIT = {"build", "site"}  # a build takes as long as it takes


def suites_of(path: Path) -> list[str]:
    """The suites that this path names: one, or all of them."""
    if path == HERE or path in HERE.parents:
        return list(SUITES)
    if HERE not in path.parents:
        return []
    return [suite for suite in SUITES if path.relative_to(HERE).parts[0] == suite]


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    """Before the options of any suite are known, sees which suites are to run."""
    config = pluginmanager.get_plugin("pytestconfig")
    asked = config.known_args_namespace
    if asked.help or asked.version:
        return
    paths: dict[str, list[str]] = {}
    for word in asked.file_or_dir or ["."]:
        path = Path(config.invocation_params.dir, word.split("::")[0]).resolve()
        for suite in (named := suites_of(path)):
            own = word if len(named) == 1 else os.path.relpath(HERE / suite)
            paths.setdefault(suite, []).append(own)
    if NEEDS_HYPOTHESIS & paths.keys() and find_spec("hypothesis") is None:
        raise pytest.UsageError("Hypothesis is missing (Debian: apt-get install python3-hypothesis;"
                                " in a virtual environment: pip install -r requirements.txt)")
    if len(paths) > 1:
        words = [word for word in config.invocation_params.args if word not in asked.file_or_dir]
        raise SystemExit(run_one_by_one(paths, [str(word) for word in words]))


def run_one_by_one(paths: dict[str, list[str]], words: list[str]) -> int:
    """Runs each suite with these words; the worst exit status of them."""
    none = int(pytest.ExitCode.NO_TESTS_COLLECTED)  # with -k, that of most suites
    statuses = set()
    for suite, options in SUITES.items():
        if suite not in paths:
            continue
        command = ["pytest", *paths[suite], *options, *words]
        print(f"\n{shlex.join(command)}", flush=True)
        try:
            statuses.add(subprocess.call([sys.executable, "-m", *command]))
        except KeyboardInterrupt:
            return int(pytest.ExitCode.INTERRUPTED)
    return max(statuses - {none}, default=none)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Takes the time limit from what builds."""
    if config.pluginmanager.hasplugin("timeout"):
        for item in items:
            if set(suites_of(item.path)) <= NO_TIME_LIMIT:
                item.add_marker(pytest.mark.timeout(0))
