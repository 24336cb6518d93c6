"""Options, fixtures and hooks of the black-box tests.

A test's marks: `needs` (the capability that it checks; the table in capabilities.py decides which
stages run it) or `lacks` (the weakness that it shows), `rule` (the contract's rule, for the reader
of a failure), and `clock` if it looks at a clock, because we run such tests one after the other
against a reader's own server.
"""

import dataclasses
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "subjects")]

from capabilities import CAPABILITIES, STAGES, WEAKNESSES  # noqa: E402
from harness import plugin, target as targets  # noqa: E402
from harness.plugin import (  # noqa: E402, F401
    client,
    patience,
    pytest_configure_node,
    pytest_report_header,
    pytest_runtest_makereport,
    server,
    start,
    target,
)
from harness.results import Results  # noqa: E402
from harness.server import Server, Start  # noqa: E402
from harness.target import Target  # noqa: E402
from harness.rule import Rule  # noqa: E402
from levels import CLIMBING_ORDER, DEFAULT_LEVEL, LEVEL_NAMES, LEVELS  # noqa: E402

plugin.load_hypothesis_profile()

MARKERS = (
    "option(name): only for servers that take this option of the contract",
    "lacks(capability): shows a weakness that a stage has because of its mechanism",
    "stage(name): about another program of that stage",
    "of_one_stage: about code that all stages share; the last of those that are tested is asked",
    "every_ring: a choice for a ring with a thread, a sanitizer, another kernel",
)


@pytest.fixture
def web(start: Start) -> Server:
    """A server that speaks HTTP."""
    return start("--protocol", "http")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds our options, in a group of their own in --help."""
    group = parser.getgroup("servers under test")
    group.addoption(
        "--stage",
        action="append",
        default=[],
        metavar="NAME",
        help="test this stage, or the one that the prefix names; may be repeated "
        "(default: every stage that is built)",
    )
    plugin.add_options(
        group,
        what="the stages are",
        command="CMD --port {port}",
        level=DEFAULT_LEVEL,
        levels="another of levels.py, or a stage",
    )
    group.addoption("--results", metavar="FILE", help="write what became of each test, as JSON")
    group.addoption(
        "--above",
        metavar="LEVEL",
        choices=LEVEL_NAMES,
        help="with --server: leave out what this level asks for already",
    )
    group.addoption(
        "--without",
        action="append",
        default=[],
        metavar="LEVEL",
        choices=LEVEL_NAMES,
        help="with --server: leave out what needs that level; may be repeated",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Chooses the servers to test."""
    if config.option.server:
        chosen = [targets.foreign_server(
            config.option.server, config.option.level, config.option.without)]
    else:
        build = Path(config.option.build_dir)
        chosen = targets.built_stages(build, config.option.stage)
    plugin.configure(config, MARKERS, chosen)
    if hasattr(config, "workerinput"):
        return
    if config.option.results:
        config.pluginmanager.register(Results(Path(config.option.results)))


def applies(definition: pytest.Item, target: Target) -> bool:
    """Returns true if this test is for this server."""
    if (lacks := definition.get_closest_marker("lacks")) is not None:
        wanted, offered = lacks.args, WEAKNESSES.get(target.level, frozenset())
    else:
        needs = definition.get_closest_marker("needs")
        wanted, offered = needs.args if needs else None, target.capabilities
    return plugin.is_for(definition, wanted, offered, set(CAPABILITIES))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs the test once for each server that it's for."""
    plugin.parametrize(metafunc, applies)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Drops tests that no server here needs, and groups those that look at a clock."""
    plugin.drop_idle(config, items)
    if config.option.stage and len(config.stash[plugin.SUBJECTS]) < len(STAGES):
        names = {target.level for target in config.stash[plugin.SUBJECTS]}
        items[:] = [item for item in items
                    if all(mark.args[0] in names for mark in item.iter_markers("stage"))]
    below, last = config.option.above, config.stash[plugin.SUBJECTS][-1:]
    items[:] = [item for item in items if _takes_options(item, plugin.subject_of(item))
                and not (below and _is_asked_at(below, item))
                and not (item.get_closest_marker("of_one_stage")
                         and plugin.subject_of(item) not in last)]
    if config.option.server and config.option.level in LEVEL_NAMES:
        items.sort(key=_place_in_the_climb)
        _put_the_first_test_of_each_rule_first(items)
    if len(config.stash[plugin.SUBJECTS]) == 1 and not config.option.server:
        return
    for number, item in enumerate(items):
        target = plugin.subject_of(item)
        if item.get_closest_marker("clock"):
            # These tests spend their time waiting. If two of a stage run at the same time, the
            # cores are free for others, unless the stage spins. A reader's own server is grouped as
            # well, because it may be slow, but a single stage isn't, because it has the cores to
            # itself.
            rests = target and "rest-when-idle" in target.capabilities
            lane = number % 2 if rests else 0
            item.add_marker(pytest.mark.xdist_group(
                f"{target.level if target else 'no stage'} {lane}"))


def _put_the_first_test_of_each_rule_first(items: list[pytest.Item]) -> None:
    """Sorts the tests of a level so that the first of each rule come before all others, because the
    first failure is the one that its reader sees. So the first test of a rule in its file is the
    simplest: the one with the fewest bytes, clients and cuts.
    """
    first: dict[tuple[int, Rule], str] = {}
    order = {}
    for item in items:
        level, name = _level_of(item), item.nodeid.partition("[")[0]
        is_first = first.setdefault((level, item.get_closest_marker("rule").args[0]), name) == name
        order[item] = level, not is_first
    items.sort(key=order.__getitem__)


def _level_of(item: pytest.Item) -> int:
    needs = item.get_closest_marker("needs").args
    return max(number for number, level in enumerate(LEVELS)
               if set(level.adds) & set(needs))


def _takes_options(item: pytest.Item, target: Target | None) -> bool:
    """Returns true if the server has the options that this run of a test is about:
    mark `option`."""
    return all(target.takes_option(mark.args[0]) for mark in item.iter_markers("option"))


def _place_in_the_climb(item: pytest.Item) -> tuple[int, int, bool]:
    """Puts the most basic test first, because when that fails, so do others. If a test needs a
    second capability besides, such as one that also counts descriptors, it comes after those that
    need only the first. Tests in the file that has a capability's name, such as
    test_max_connections.py, come before others.
    """
    needs = item.get_closest_marker("needs").args
    last = max(needs, key=CLIMBING_ORDER.index)
    return (CLIMBING_ORDER.index(last), len(needs),
            item.path.stem != f"test_{last.replace('-', '_')}")


def _is_asked_at(level: str, item: pytest.Item) -> bool:
    """Returns true if the same server runs this test on that level."""
    target = plugin.subject_of(item)
    lower = dataclasses.replace(target, level=level)
    return applies(item, lower) and _takes_options(item, lower)
