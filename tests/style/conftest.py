"""What of the project is looked at: all of it, or what has changed."""

import subprocess

import project
import pytest

# The tests of the commands, and what a change must touch to break one of them.
OF_THE_COMMANDS = {"test_mistakes", "test_tools", "test_machines"}
COMMANDS = {"serve", "check", "judge", "measure", "read"}
BESIDE_THEM = ("tools/", "tests/judge/", "tests/style/")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--changed-since", metavar="COMMIT",
                     help="look only at files that have changed, as git tells, where each is "
                          "looked at by itself; and at the commands, if one of them has")


def pytest_configure(config: pytest.Config) -> None:
    if commit := config.option.changed_since:
        names = [*git("diff", "--name-only", commit),
                 *git("ls-files", "--others", "--exclude-standard")]
        project.changed = frozenset(project.ROOT / name for name in names)


def git(*words: str) -> list[str]:
    return subprocess.run(["git", *words], cwd=project.ROOT, capture_output=True, text=True,
                          check=True).stdout.splitlines()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if project.changed is None:
        return
    names = {project.name(path) for path in project.changed}
    if any(name in COMMANDS or name.startswith(BESIDE_THEM) for name in names):
        return
    dropped = [item for item in items if item.path.stem in OF_THE_COMMANDS]
    config.hook.pytest_deselected(items=dropped)
    items[:] = [item for item in items if item not in dropped]
