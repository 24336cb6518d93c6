"""What all suites have in common: each runs in a process of its own, and says what it lacks.

Each directory here is a suite, with options and modules of its own; two of them have a
`capabilities.py`, and in one process the second would get that of the first. So a run of several,
as `pytest` or `pytest tests/protocol tests/finger`, becomes one run after the other.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
LEFT_OUT = ("-m", "not long and not build")
# The suites in the order in which they run, and what each is told when it is not the only one: what
# takes long is for ./check --all, and the exercises are the reader's to solve.
SUITES = {
    "style": (),
    "builds": LEFT_OUT,
    "costs": (),
    "protocol": LEFT_OUT,
    "judge": LEFT_OUT,
    "finger": (),
    "network": LEFT_OUT,
    "exercises": ("-m", "program", "--solution"),
    "book": LEFT_OUT,
    "site": LEFT_OUT,
    "bench": (),
    "soak": LEFT_OUT,
}
NEEDS_HYPOTHESIS = {"exercises", "finger", "judge", "protocol"}
TAKE_A_VALUE = {"-c", "-k", "-m", "-n", "-o", "-p", "-r", "-W"}  # those of pytest and xdist
NO_TIME_LIMIT = {"builds", "site"}  # a build takes as long as it takes


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
    here = config.invocation_params.dir
    words = [str(word) for word in config.invocation_params.args]
    if config.known_args_namespace.help or config.known_args_namespace.version:
        return
    paths: dict[str, list[str]] = {}
    given = [word for word, before in zip(words, ["", *words]) if names_a_suite(word, before, here)]
    for word in given or ["."]:
        for suite in (named := suites_of(Path(here, word.split("::")[0]).resolve())):
            own = word if len(named) == 1 else os.path.relpath(HERE / suite, here)
            paths.setdefault(suite, []).append(own)
    if NEEDS_HYPOTHESIS & paths.keys() and find_spec("hypothesis") is None:
        raise pytest.UsageError("Hypothesis is missing (Debian: apt-get install python3-hypothesis;"
                                " in a virtual environment: pip install -r requirements.txt)")
    if len(paths) > 1:
        others = [word for word in words if word not in given]
        complain_of_another_suites_options(others, paths)
        raise SystemExit(run_one_by_one(paths, others))


def complain_of_another_suites_options(words: list[str], chosen: Collection[str]) -> None:
    """Where several suites are to run, and an option is known to some of them only."""
    for option in (word.partition("=")[0] for word in words if word.startswith("--")):
        knowing = [suite for suite in SUITES if f'"{option}"' in conftest_of(suite)]
        if knowing and set(chosen) - set(knowing):
            where = " or ".join(f"tests/{suite}" for suite in knowing)
            raise pytest.UsageError(f"{option} is an option of {where}: name it, as in `pytest "
                                    f"tests/{knowing[0]} {' '.join(words)}`. The suites are "
                                    f"{', '.join(chosen)}")


def conftest_of(suite: str) -> str:
    """Where it names its options; two suites share a harness."""
    own = HERE / suite / "conftest.py"
    text = own.read_text(encoding="utf-8") if own.is_file() else ""
    shared = HERE / "protocol" / "harness" / "plugin.py"
    return text + (shared.read_text(encoding="utf-8") if "plugin.add_options" in text else "")


def names_a_suite(word: str, before: str, here: Path) -> bool:
    """Whether this word of the command line is the path of tests, and no option's value."""
    path = Path(here, word.split("::")[0])
    return before not in TAKE_A_VALUE and path.exists() and bool(suites_of(path.resolve()))


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
