"""What all suites have in common: pytest runs one of them at a time.

Each directory here is a suite. Those that test servers have options of the same names, as --server,
and each has its own `capabilities.py`, so two of them do not fit into one process.
"""

from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
NO_TIME_LIMIT = {"builds", "site"}  # a build takes as long as it takes


def suites_of(path: Path) -> set[str]:
    """The suites that this path names: one, or all of them."""
    if path == HERE or path in HERE.parents:
        return {test.parent.name for test in HERE.glob("*/test_*.py")}
    return {path.relative_to(HERE).parts[0]} if HERE in path.parents else set()


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    """Before a second suite brings its options."""
    config = pluginmanager.get_plugin("pytestconfig")
    here = config.invocation_params.dir
    paths = [here / word.split("::")[0] for word in config.known_args_namespace.file_or_dir]
    named = [suites_of(path.resolve()) for path in paths if path.exists()] or [suites_of(here)]
    suites = sorted(set().union(*named))
    if len(suites) > 1:
        raise pytest.UsageError(f"one suite at a time, please: {', '.join(suites)}. "
                                "./check runs them all")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Takes the time limit from what builds."""
    if config.pluginmanager.hasplugin("timeout"):
        for item in items:
            if suites_of(item.path) <= NO_TIME_LIMIT:
                item.add_marker(pytest.mark.timeout(0))
