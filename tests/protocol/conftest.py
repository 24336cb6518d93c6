"""Options, fixtures and hooks of the black-box tests.

What a test has to say about itself: `needs` (the capability it checks; the table in
capabilities.py decides which stage is asked) or `lacks` (the weakness it shows), `rule` (what the
contract says, for whoever reads the failure), and `clock` when it looks at a clock and must not run
beside others.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from capabilities import (  # noqa: E402
    CAPABILITIES,
    FRAMING_LEVEL,
    RUN_ALONE,
    WEAKNESSES,
    takes_option,
)
from harness import limits, target as targets, verdict  # noqa: E402
from harness.client import Client  # noqa: E402
from harness.matrix import Matrix  # noqa: E402
from harness.server import Server  # noqa: E402
from harness.target import Target  # noqa: E402

TARGETS = pytest.StashKey[list[Target]]()
SERVERS = pytest.StashKey[list[Server]]()
CALL_FAILED = pytest.StashKey[bool]()

hypothesis.settings.register_profile(
    "protocol",
    max_examples=25,
    deadline=None,  # a test never depends on speed
    database=None,  # leaves no directory behind
    suppress_health_check=[
        hypothesis.HealthCheck.function_scoped_fixture,  # one server serves all examples
        hypothesis.HealthCheck.too_slow,
        hypothesis.HealthCheck.data_too_large,
    ],
)
hypothesis.settings.load_profile("protocol")

MARKERS = (
    "needs(capability, ...): what the server must be able to do for this test; "
    "the first is its line in the matrix",
    "option(name): only for servers that take this option of the contract",
    "lacks(capability): shows a weakness that a stage has because of its mechanism",
    "rule(rule): what the contract says; printed when the test fails",
    "clock: looks at a clock, so it runs in the serial group",
    "every_feature: a choice for a server with one feature of its ring switched off",
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
    group.addoption(
        "--build-dir",
        default=str(targets.DEFAULT_BUILD),
        metavar="DIR",
        help="where the stages are built (default: build/default)",
    )
    group.addoption(
        "--server",
        metavar="'CMD --port {port}'",
        help="test this program instead, in whatever language it is written",
    )
    group.addoption(
        "--level",
        default=FRAMING_LEVEL,
        metavar="LEVEL",
        help="with --server: what to ask of it, framing (default) "
        "or all that the stage of this name must do",
    )
    group.addoption(
        "--patience",
        type=float,
        default=10.0,
        metavar="SECONDS",
        help="how long to wait for what must come (default: 10)",
    )
    group.addoption("--matrix", metavar="FILE", help="write the table of stages and capabilities")


def pytest_configure(config: pytest.Config) -> None:
    """Chooses the servers to test, before xdist starts its workers."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    config.addinivalue_line("markers", "xdist_group(name): tests that one process runs")
    limits.raise_descriptor_limit()
    if config.option.server:
        chosen = [targets.foreign_server(config.option.server, config.option.level)]
    else:
        build = Path(config.option.build_dir)
        chosen = targets.built_stages(build, config.option.stage)
    config.stash[TARGETS] = chosen
    if getattr(config.option, "dist", "no") == "load":  # what -n alone asks for
        config.option.dist = "loadgroup"
    if hasattr(config, "workerinput"):
        config.option.loadgroup = config.workerinput["loadgroup"]
    if config.option.matrix and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Matrix(Path(config.option.matrix)))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a worker of xdist what its own command line does not say: that there are groups."""
    node.workerinput["loadgroup"] = node.config.option.dist == "loadgroup"


def pytest_report_header(config: pytest.Config) -> str:
    """Says who is tested."""
    names = [f"{target.name} at level {target.level}" for target in config.stash[TARGETS]]
    return "servers under test: " + (
        ", ".join(names) or f"none is built in {config.option.build_dir}"
    )


def applies(definition: pytest.Item, target: Target) -> bool:
    """Whether this test is for this server. A test that takes a server must say what it needs."""
    if (lacks := definition.get_closest_marker("lacks")) is not None:
        wanted, offered = lacks.args, WEAKNESSES[target.level]
    elif (needs := definition.get_closest_marker("needs")) is not None:
        wanted, offered = needs.args, target.capabilities
    else:
        raise pytest.UsageError(f"{definition.nodeid} does not say what it needs")
    if definition.get_closest_marker("rule") is None:
        raise pytest.UsageError(f"{definition.nodeid} names no rule")
    if unknown := set(wanted) - set(CAPABILITIES):
        raise pytest.UsageError(
            f"{definition.nodeid} needs {unknown}, which capabilities.py does not know"
        )
    return set(wanted) <= offered


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One run of the test for each server it is for."""
    if "target" not in metafunc.fixturenames:
        return
    chosen = [t for t in metafunc.config.stash[TARGETS] if applies(metafunc.definition, t)]
    names = [target.name for target in chosen]
    metafunc.parametrize(
        "target", chosen or [None], ids=names or ["none"], indirect=True, scope="session"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Drops what is for no server here, groups what looks at a clock, notes the matrix's lines."""
    suite_too = not config.option.server  # the suite's own tests run suites with --server
    items[:] = [i for i in items if _target_of(i) or (suite_too and not _takes_server(i))]
    items[:] = [i for i in items if _takes_options(i)]
    for item in items:
        target = _target_of(item)
        if target is not None:
            marker = item.get_closest_marker("lacks") or item.get_closest_marker("needs")
            assert marker is not None
            item.user_properties += [("target", target.name), (marker.name, marker.args[0])]
        if item.get_closest_marker("clock") or (target is not None and target.level in RUN_ALONE):
            item.add_marker(pytest.mark.xdist_group("serial"))


def _takes_server(item: pytest.Item) -> bool:
    return "target" in getattr(item, "fixturenames", ())


def _takes_options(item: pytest.Item) -> bool:
    """Whether the server has the options that this run of a test is about: mark `option`."""
    return all(
        takes_option(_target_of(item).level, mark.args[0]) for mark in item.iter_markers("option")
    )


def _target_of(item: pytest.Item) -> Target | None:
    return item.callspec.params.get("target") if hasattr(item, "callspec") else None


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Explains a failure: what was sent, what came back, the rule, the server's own words."""
    report = (yield).get_result()
    if not report.failed:
        return
    item.stash[CALL_FAILED] = True
    rule = item.get_closest_marker("rule")
    error = call.excinfo.value if call.excinfo else None
    report.sections += verdict.sections(
        rule.args[0] if rule else None, item.stash.get(SERVERS, []), error
    )


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Target:
    """The server under test: what it is, not a running one."""
    return request.param


@pytest.fixture
def patience(request: pytest.FixtureRequest) -> float:
    """How many seconds to wait for what must come."""
    return request.config.option.patience


@pytest.fixture
def start(
    request: pytest.FixtureRequest, target: Target, patience: float
) -> Iterator[Callable[..., Server]]:
    """Starts servers: start("--max-message", "10"). Each must be alive at the end and stop with 0.

    Keywords: those of Server, and `ready=False` for one that is not expected to listen.
    """
    servers: list[Server] = []
    request.node.stash[SERVERS] = servers

    def start_one(*options: str, ready: bool = True, **how: object) -> Server:
        server = Server(target, options, patience=patience, **how)  # type: ignore[arg-type]
        if how.get("descriptor_limit") and server.process.checks_types_by_descriptor():
            server.kill()
            pytest.skip("UBSan itself needs descriptors here: build with -fno-sanitize=vptr")
        servers.append(server)
        if ready:
            server.wait_until_ready()
        return server

    yield start_one
    try:
        for server in servers:
            if not request.node.stash.get(CALL_FAILED, False):
                _end_in_order(server)
    finally:
        for server in servers:
            server.close_clients()
            server.kill()


def _end_in_order(server: Server) -> None:
    """What is asked of every server after every test."""
    if not server.may_be_gone and not server.is_alive():
        raise verdict.ContractBroken(f"the server is gone: it {server.describe_end()}")
    server.close_clients()
    if server.is_alive() and server.target.speaks_contract:
        if (status := server.stop()) != 0:
            raise verdict.ContractBroken(f"asked to stop, the server ended with {status}, not 0")
    elif server.is_alive():
        server.kill()  # at level framing nobody asks how it stops
    server.check_words()


@pytest.fixture
def server(start: Callable[..., Server]) -> Server:
    """A running server with default options."""
    return start()


@pytest.fixture
def client(server: Server) -> Client:
    """A client of that server."""
    return server.connect()
