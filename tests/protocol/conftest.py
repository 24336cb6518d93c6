"""Options, fixtures and hooks of the black-box tests.

What a test has to say about itself: `needs` (the capability it checks; the table in
capabilities.py decides which stage is asked) or `lacks` (the weakness it shows), `rule` (what the
contract says, for whoever reads the failure), and `clock` when it looks at a clock and must not run
beside others.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from capabilities import (  # noqa: E402
    CAPABILITIES,
    DEFAULT_LEVEL,
    LATER_STAGES,
    RUN_ALONE,
    WEAKNESSES,
    takes_option,
)
from harness import plugin, target as targets  # noqa: E402
from harness.matrix import Matrix  # noqa: E402
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
from harness.target import Target  # noqa: E402

plugin.load_hypothesis_profile()

MARKERS = (
    "option(name): only for servers that take this option of the contract",
    "lacks(capability): shows a weakness that a stage has because of its mechanism",
    "every_feature: a choice for a server with one feature of its ring off, or on another kernel",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, in a group of their own in --help."""
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
        levels="another rung of the ladder in capabilities.py, or a stage",
    )
    group.addoption("--matrix", metavar="FILE", help="write the table of stages and capabilities")


def pytest_configure(config: pytest.Config) -> None:
    """Chooses the servers to test."""
    if config.option.server:
        chosen = [targets.foreign_server(config.option.server, config.option.level)]
    else:
        build = Path(config.option.build_dir)
        chosen = targets.built_stages(build, config.option.stage)
    plugin.configure(config, MARKERS, chosen)
    if config.option.matrix and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Matrix(Path(config.option.matrix)))


def applies(definition: pytest.Item, target: Target) -> bool:
    """Whether this test is for this server."""
    if (lacks := definition.get_closest_marker("lacks")) is not None:
        wanted, offered = lacks.args, WEAKNESSES.get(target.level, frozenset())
    else:
        needs = definition.get_closest_marker("needs")
        wanted, offered = needs.args if needs else None, target.capabilities
    return plugin.is_for(definition, wanted, offered, set(CAPABILITIES))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One run of the test for each server it is for."""
    plugin.parametrize(metafunc, applies)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Drops what is for no server here, groups what looks at a clock, notes the matrix's lines."""
    plugin.drop_idle(config, items)
    items[:] = [i for i in items if _takes_options(i)]
    for item in items:
        target = plugin.subject_of(item)
        if target is not None:
            marker = item.get_closest_marker("lacks") or item.get_closest_marker("needs")
            assert marker is not None
            item.user_properties += [("target", target.name), (marker.name, marker.args[0])]
        if item.get_closest_marker("clock") or (target is not None and target.level in RUN_ALONE):
            item.add_marker(pytest.mark.xdist_group(_line_of(target)))


def _line_of(target: Target | None) -> str:
    """In which of two lines a test stands that must not run beside others of its line. Most of the
    time these wait for a clock; two of them at once leave a core for each."""
    later = target is not None and target.level in LATER_STAGES
    return "serial, later stages" if later else "serial"


def _takes_options(item: pytest.Item) -> bool:
    """Whether the server has the options that this run of a test is about: mark `option`."""
    return all(
        takes_option(plugin.subject_of(item).level, mark.args[0])
        for mark in item.iter_markers("option")
    )
