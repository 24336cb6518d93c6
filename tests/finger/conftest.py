"""Options, fixtures and hooks of the black-box tests of finger/. We mark the tests of a server as
in tests/protocol: `needs` (the tables in kit/target.py decide which servers run the test), `rule`,
and `clock` if the test looks at a clock and mustn't run beside others.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "protocol")]

from harness import plugin  # noqa: E402
from harness.plugin import (  # noqa: E402, F401
    patience,
    pytest_configure_node,
    pytest_report_header,
    pytest_runtest_makereport,
    target,
)
from kit.hanging_fs import BOBS_PLAN  # noqa: E402
from kit.intruder import intrude, walled_in  # noqa: E402, F401
from kit.machine import GROUP, Machine  # noqa: E402
from kit.manager import manager  # noqa: E402, F401
from kit.reference import converted  # noqa: E402
from kit.server import FingerServer, Start  # noqa: E402
from kit.target import (  # noqa: E402
    CAPABILITIES,
    CORE_LEVEL,
    FingerTarget,
    built_servers,
    foreign_server,
)
from kit.users import Users  # noqa: E402

plugin.load_hypothesis_profile()

MARKERS = (
    "every_ring: a choice for a server whose ring is small, or on another kernel",
    "torture: takes minutes; runs with --torture",
)

ALICE = b"Building a telescope.\nBack in May.\n"
ANSWER = converted(ALICE)  # what alice's clients get


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds our options, in a group of their own in --help."""
    group = parser.getgroup("servers under test")
    group.addoption(
        "--daemon",
        action="append",
        default=[],
        metavar="NAME",
        help="test this one, fingerd or state-machine; may be repeated (default: what is built)",
    )
    plugin.add_options(
        group,
        what="they are",
        command="CMD --port {port} --users {users}",
        level=CORE_LEVEL,
        levels="fingerd, all of the contract",
    )
    group.addoption("--torture", action="store_true", help="also what takes minutes")


def pytest_configure(config: pytest.Config) -> None:
    """Chooses the servers to test."""
    if config.option.server:
        chosen = [foreign_server(config.option.server, config.option.level)]
    else:
        chosen = built_servers(Path(config.option.build_dir), config.option.daemon)
    plugin.configure(config, MARKERS, chosen)


def applies(definition: pytest.Item, target: FingerTarget) -> bool:
    """Returns true if this test is for this server."""
    needs = definition.get_closest_marker("needs")
    wanted = needs.args if needs else None
    return plugin.is_for(definition, wanted, target.capabilities, set(CAPABILITIES))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs the test once for each server that it's for."""
    plugin.parametrize(metafunc, applies)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Drops tests that suit no server here, or take long, and groups those that look at a clock."""
    plugin.drop_idle(config, items)
    if not config.option.torture:
        items[:] = [item for item in items if not item.get_closest_marker("torture")]
    for item in items:
        if item.get_closest_marker("clock"):  # they mostly wait, so one of each file runs at a time
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture
def users() -> Iterator[Users]:
    """Users: alice has a plan, bob has none, and carol's is empty. Further users must be added
    before a start."""
    made = Users(alice=ALICE, bob=None, carol=b"")
    yield made
    made.close()


@pytest.fixture
def start(
    request: pytest.FixtureRequest, target: FingerTarget, users: Users, patience: float
) -> Iterator[Start]:
    """Starts servers: start("--deadline", "1s"). Each must be alive at the end and stop with 0.
    They serve `users`, unless the options say otherwise. The keywords are those of Server, and
    `ready=False` if the server isn't expected to listen.
    """

    def make(*options: str, **how: object) -> FingerServer:
        serving = target.serving(users.directory)
        server = FingerServer(serving, options, patience=patience, **how)  # type: ignore[arg-type]
        server.users = users
        return server

    with plugin.serving(request, make) as start_one:
        yield start_one


@pytest.fixture
def server(start: Start) -> FingerServer:
    """A running server with default options."""
    return start()


@pytest.fixture
def machine() -> Iterator[Machine]:
    """Accounts and homes for a test: alice, and bob, who has no plan, have opted in, but carol
    hasn't."""
    made = Machine()
    made.opt_in(made.add("alice", ALICE), made.add("bob"))
    made.add("carol", b"what nobody may see\n")
    yield made
    made.close()


@pytest.fixture
def bob(machine: Machine) -> Machine:
    """The machine, after bob, whose home is on its own disk, got a plan."""
    machine.write_plan("bob", BOBS_PLAN)
    return machine


@pytest.fixture
def start_as_root(machine: Machine, start: Start) -> Start:
    """Starts servers on that machine, with its accounts. The words of `before` come before those
    that make the machine, and the words of `under` after them."""

    def start_one(
        *options: str, before: Sequence[str] = (), under: Sequence[str] = (), **how: object
    ) -> FingerServer:
        return start("--group", GROUP, *options, under=(*before, *machine.under, *under), **how)

    return start_one


@pytest.fixture(params=["alone", "parent"])
def how(request: pytest.FixtureRequest) -> str:
    """One process with --users, or a parent that runs as root and a worker with accounts."""
    return str(request.param)


@pytest.fixture
def start_either(request: pytest.FixtureRequest, how: str, start: Start) -> Start:
    """Starts servers in the one way or the other."""
    return start if how == "alone" else request.getfixturevalue("start_as_root")


@pytest.fixture
def homes(request: pytest.FixtureRequest, how: str, users: Users) -> Path:
    """The directory of alice's and bob's homes in either case."""
    return users.directory if how == "alone" else request.getfixturevalue("machine").homes
