"""E14.4: a second file for a query with /W: the first line of ~/.project."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.server import Server
from kit.finger import ALICES_ANSWER, ask, target, users  # noqa: F401

pytestmark = pytest.mark.ring

NAME = b"Name: alice\r\n"


@pytest.fixture
def daemon(start: Callable[..., Server], users: Path) -> Server:  # noqa: F811
    """The daemon, with these users."""
    return start("--users", str(users))


@pytest.mark.parametrize("text", [b"A ring view\n", b"A ring view", b"A ring view\r\nand more\n",
                                  b"A ring view\nand more\n"])
def test_the_first_line_stands_between_name_and_plan(
    daemon: Server, users: Path, text: bytes  # noqa: F811
) -> None:
    """`/W alice` is answered with her name, `Project: ` and the first line of her .project, and her
    plan; every line ends with CRLF, whatever the file has."""
    (users / "alice" / ".project").write_bytes(text)
    assert ask(daemon, b"/W alice") == NAME + b"Project: A ring view\r\n" + ALICES_ANSWER


def test_it_is_shown_without_a_plan_too(daemon: Server, users: Path) -> None:  # noqa: F811
    """A user that has a project and no plan has a project all the same."""
    (users / "bob" / ".project").write_bytes(b"Rest\n")
    assert ask(daemon, b"/W bob") == b"Name: bob\r\nProject: Rest\r\nNo Plan.\r\n"


def test_without_the_switch_nothing_has_changed(daemon: Server, users: Path) -> None:  # noqa: F811
    """Without /W the project is not shown."""
    (users / "alice" / ".project").write_bytes(b"A ring view\n")
    assert ask(daemon, b"alice") == ALICES_ANSWER


def test_a_long_line_is_cut(daemon: Server, users: Path) -> None:  # noqa: F811
    """Of a line without end, two hundred bytes are shown."""
    (users / "alice" / ".project").write_bytes(b"x" * 100_000)
    assert ask(daemon, b"/W alice") == NAME + b"Project: " + b"x" * 200 + b"\r\n" + ALICES_ANSWER


@pytest.mark.parametrize("kind", ["nothing", "empty", "a line feed", "link", "FIFO", "directory"])
def test_what_is_no_project_is_left_out(
    daemon: Server, users: Path, kind: str  # noqa: F811
) -> None:
    """Where there is no .project, or it is nothing that a client may read, there is no line and
    no error: no link is followed, and nothing that makes a reader wait is waited for."""
    project = users / "alice" / ".project"
    (users / "secret").write_bytes(b"a secret\n")
    match kind:
        case "empty" | "a line feed":
            project.write_bytes(b"\n" if kind == "a line feed" else b"")
        case "link":
            project.symlink_to(users / "secret")
        case "FIFO":
            os.mkfifo(project)
        case "directory":
            project.mkdir()
    assert ask(daemon, b"/W alice") == NAME + ALICES_ANSWER


def test_no_descriptor_is_left(daemon: Server, users: Path) -> None:  # noqa: F811
    """A project that was read is closed."""
    (users / "alice" / ".project").write_bytes(b"A ring view\n")
    ask(daemon, b"/W alice")
    at_rest = daemon.process.descriptor_count()
    for _ in range(20):
        ask(daemon, b"/W alice")
    daemon.wait_for_descriptors(at_rest)
