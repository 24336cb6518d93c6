"""Parts for the conftest.py of each suite of black-box tests."""

import argparse
import shlex
import shutil
from collections.abc import Callable, Iterator, Sequence, Set
from typing import Any

import hypothesis
import pytest

from harness import inherited, limits, results, timeline, verdict
from harness.client import Client
from harness.needed import may_trace
from harness.rule import ECHO, LIVES, PROGRESS, STOPS_IN_TIME, TAKES_MANY, Rule
from harness.server import Server, Start
from harness.serving import CALL_FAILED, SERVERS, serving
from harness.subject import DEFAULT_BUILD, Subject

MANY = 1000  # clients that the level `crowd` has asked for
SUBJECTS = pytest.StashKey[Sequence[Subject]]()

MARKERS = (
    "needs(capability, ...): what the server must be able to do for this test",
    "rule(rule): what the contract says; printed when the test fails",
    "clock(queue): looks at a clock, so it does not run beside others of its queue",
    "xdist_group(name): tests that one process runs",
)


def load_hypothesis_profile() -> None:
    """Sets up Hypothesis with few examples, and without a dependence on speed or on a directory."""
    hypothesis.settings.register_profile(
        "protocol",
        max_examples=25,
        deadline=None,  # a test mustn't depend on speed
        database=None,  # would make a directory
        suppress_health_check=[
            hypothesis.HealthCheck.function_scoped_fixture,  # one server serves all examples
            hypothesis.HealthCheck.too_slow,
            hypothesis.HealthCheck.data_too_large,
        ],
    )
    hypothesis.settings.load_profile("protocol")


def add_options(group: Any, *, what: str, command: str, level: str, levels: str) -> None:
    """Adds the options of every suite. `what` is under test, and `command` starts a
    foreign server."""
    group.addoption(
        "--build-dir",
        default=str(DEFAULT_BUILD),
        metavar="DIR",
        help=f"where {what} built (default: build/default)",
    )
    group.addoption(
        "--server",
        type=runnable,
        metavar=f"'{command}'",
        help="test this program instead, in whatever language it is written",
    )
    group.addoption(
        "--level",
        default=level,
        metavar="LEVEL",
        help=f"with --server: what to ask of it, {level} (default) or {levels}",
    )
    group.addoption(
        "--show",
        metavar="TEST",
        help="only the test of this name, with strace(1) beside the server",
    )
    group.addoption(
        "--patience",
        type=float,
        default=10.0,
        metavar="SECONDS",
        help="how long to wait for what must come (default: 10)",
    )


def runnable(command: str) -> str:
    """Returns the command, if it names a program. Otherwise each test would complain, at length."""
    try:
        word = next(iter(shlex.split(command)), "")
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if not shutil.which(word):
        raise argparse.ArgumentTypeError(f"there is no program {word!r} that can be run")
    return command


def configure(config: pytest.Config, markers: Sequence[str], subjects: Sequence[Subject]) -> None:
    """Names the markers, and the servers to test, before xdist starts its workers."""
    for marker in (*MARKERS, *markers):
        config.addinivalue_line("markers", marker)
    inherited.heed_all_signals()
    limits.raise_descriptor_limit()
    config.stash[SUBJECTS] = subjects
    if getattr(config.option, "dist", "no") == "load":  # the default of -n alone
        config.option.dist = "loadgroup"
    if hasattr(config, "workerinput"):
        config.option.loadgroup = config.workerinput["loadgroup"]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a worker of xdist that there are groups, because its own command line doesn't
    say so."""
    node.workerinput["loadgroup"] = node.config.option.dist == "loadgroup"


def pytest_report_header(config: pytest.Config) -> str:
    """Says which servers we test."""
    names = [f"{subject.name} at level {subject.level}" for subject in config.stash[SUBJECTS]]
    return "servers under test: " + (
        ", ".join(names)
        or f"none is built in {config.option.build_dir}: cmake --preset default && "
        "cmake --build --preset default"
    )


def is_for(
    definition: pytest.Item, wanted: Sequence[str] | None, offered: Set[str], known: Set[str]
) -> bool:
    """Returns true if this test is for a server that offers this. A test must name the capabilities
    that it needs, and its rule. `known` are the valid names."""
    if wanted is None:
        raise pytest.UsageError(f"{definition.nodeid} does not say what it needs")
    if definition.get_closest_marker("rule") is None:
        raise pytest.UsageError(f"{definition.nodeid} names no rule")
    if unknown := set(wanted) - known:
        raise pytest.UsageError(
            f"{definition.nodeid} needs {unknown}, which capabilities.py does not know"
        )
    return set(wanted) <= offered


def parametrize(metafunc: pytest.Metafunc, applies: Callable[[Any, Any], bool]) -> None:
    """Runs the test once for each server that it's for."""
    if "target" not in metafunc.fixturenames:
        return
    chosen = [s for s in metafunc.config.stash[SUBJECTS] if applies(metafunc.definition, s)]
    names = [subject.name for subject in chosen]
    metafunc.parametrize(
        "target", chosen or [None], ids=names or ["none"], indirect=True, scope="session"
    )


def subject_of(item: pytest.Item) -> Any:
    """Returns the server that this test is for, or None."""
    return item.callspec.params.get("target") if hasattr(item, "callspec") else None


def drop_idle(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Drops tests that suit no server here. With --server, drops those without a server, too, and
    with --show all but the one."""
    suite_too = not config.option.server  # the suite's own tests run suites with --server
    items[:] = [
        item
        for item in items
        if subject_of(item)
        or (suite_too and "target" not in getattr(item, "fixturenames", ()))
    ]
    if config.option.show:
        items[:] = [item for item in items if item.name == config.option.show]


def is_hidden(error: BaseException) -> bool:
    """Returns true if /proc hides a process from us, such as fingerd's if it runs as the
    same user."""
    return (isinstance(error, PermissionError) and str(error.filename).startswith("/proc/")
            and not may_trace())


def rule_of(
    error: BaseException | None, of_the_test: Rule | None, servers: Sequence[Server] = ()
) -> Rule | None:
    """Returns the broken rule. If a server didn't answer, the rule isn't one about memory or time,
    unless the test leaves too few places or too little memory to the server. A server that sleeps
    with much to answer has lost it, and one that works is too slow. If a server doesn't end, it
    broke the rule about that.
    """
    rule = getattr(error, "rule", None) or of_the_test
    if isinstance(error, verdict.RunsOn) and rule is not None and not rule.is_about_stops:
        return STOPS_IN_TIME
    if rule is None or not rule.is_about_costs or not getattr(error, "client", None):
        return rule
    if not isinstance(error, verdict.Silent):
        is_limited = any(server.memory_limit for server in servers)
        return LIVES if error.client.transcript.hung_up and not is_limited else rule
    if timeline.still_in_the_backlog(error.client):
        if any("--max-connections" in server.words for server in servers):
            return rule
        error.args = (f"{error}: this client is not accepted yet",)
        clients = [client for server in servers for client in server.clients]
        connected = sum(client.socket.fileno() >= 0 for client in clients)
        return TAKES_MANY if connected >= MANY else LIVES
    if error.is_of_much:
        return ECHO if all(server.process.is_asleep() for server in servers) else PROGRESS
    return LIVES


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Explains a failure with the bytes sent and received, the rule, and the server's output."""
    report = (yield).get_result()
    if not report.failed:
        return
    if call.excinfo and is_hidden(call.excinfo.value):
        why = ("Skipped: a process that forbids tracing, or is another user's, shows more only to "
               "root, in a container with --cap-add=SYS_PTRACE")
        report.outcome, report.longrepr = "skipped", (str(item.path), None, why)
        return
    item.stash[CALL_FAILED] = True
    error = call.excinfo.value if call.excinfo else None
    servers = item.stash.get(SERVERS, [])
    if getattr(error, "client", None) and error.client.transcript.hung_up:
        for server in servers:
            server.may_end()
            if server.is_deaf():
                error.args = (f"{error}; and it has ceased to listen",)
                error.rule = LIVES
    marker = item.get_closest_marker("rule")
    rule = rule_of(error, marker.args[0] if marker else None, servers)
    events = timeline.happened(servers, error) if servers else []
    report.sections += verdict.sections(rule, servers, events)
    report.user_properties += results.properties(rule, error, events)
    if item.get_closest_marker("clock") or isinstance(error, verdict.NotReady):
        report.user_properties.append(("clock", "yes"))


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Any:
    """The server under test, which isn't running yet."""
    return request.param


@pytest.fixture
def patience(request: pytest.FixtureRequest) -> float:
    """How many seconds to wait for something that must come."""
    return request.config.option.patience


@pytest.fixture
def start(request: pytest.FixtureRequest, target: Any, patience: float) -> Iterator[Start]:
    """Starts servers: start("--max-message", "10"). Each must be alive at the end, and stop with 0
    if it keeps the contract.

    The keywords are those of Server, and `ready=False` for a server that isn't expected to listen.
    """

    traced = request.config.option.show is not None

    def make(*options: str, **how: object) -> Server:
        if traced:
            how["calls_log"] = request.getfixturevalue("tmp_path") / f"calls-{len(made)}"
        made.append(Server(target, options, patience=patience, **how))
        return made[-1]

    made: list[Server] = []

    with serving(request, make) as start_one:
        yield start_one


@pytest.fixture
def server(start: Start) -> Server:
    """A running server with default options."""
    return start()


@pytest.fixture
def client(server: Server) -> Client:
    """A client of that server."""
    return server.connect()
