"""The cost of a message, counted in system calls, allocations and instructions, without a clock."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "protocol"))

from capabilities import STAGES  # noqa: E402
from harness import limits, target as targets  # noqa: E402
from harness.server import Server  # noqa: E402
from harness.target import Target  # noqa: E402

BUILD = targets.DEFAULT_BUILD


def pytest_configure() -> None:
    limits.raise_descriptor_limit()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs a test that takes `target` for every stage, or for those that `stages` names."""
    if "target" in metafunc.fixturenames:
        only = metafunc.definition.get_closest_marker("stages")
        built = {target.name: target for target in targets.built_stages(BUILD, ())}
        metafunc.parametrize("target", [
            built[name] if name in built else pytest.param(None, marks=not_built(name))
            for name in (only.args if only else STAGES)
        ], ids=only.args if only else STAGES)


def not_built(stage: str) -> pytest.MarkDecorator:
    return pytest.mark.skip(
        reason=f"{stage} is not built: cmake --preset default && cmake --build --preset default")


@pytest.fixture
def start(target: Target) -> Iterator[Callable[..., Server]]:
    """Starts servers, with words in front of their command line, and stops them at the end."""
    servers: list[Server] = []

    def start_one(*options: str, before: tuple[str, ...] = ()) -> Server:
        wrapped = Target(target.name, target.level, (*before, *target.command))
        server = Server(wrapped, options, patience=60)
        servers.append(server)
        server.wait_until_ready()
        return server

    yield start_one
    for server in servers:
        for client in server.clients:
            client.close()
        if not server.may_be_gone:
            assert server.stop() == 0
