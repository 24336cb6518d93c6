"""part6's serve() is part1's, with co_await where it waits, and co_return."""

import re

from project import ROOT

# Of the lines without co_await: the kernel chooses the buffer.
OWN_LINES = ["const auto received = receive(client);"]


def serve_of(stage: str) -> list[str]:
    """The lines of the function's body, without the words that make it a coroutine."""
    source = (ROOT / stage / "server.cc").read_text()
    pattern = r"^[^\n]*Status>? serve\(.*?\) \{\n(.*?)^\}"
    found = re.search(pattern, source, re.MULTILINE | re.DOTALL)
    assert found, f"{stage}/server.cc has no serve()"
    body = found[1].replace("co_await ", "").replace("co_return", "return")
    return [line.strip() for line in body.splitlines() if line.strip()]


def test_serve_of_part6_is_that_of_part1() -> None:
    blocking, coroutine = serve_of("part1-blocking"), serve_of("part6-uring")
    kept = [line for line in coroutine if line in blocking]
    assert kept == [line for line in blocking if line in coroutine], "in another order"
    own = [line for line in coroutine if line not in blocking]
    lost = [line for line in blocking if line not in coroutine]
    assert own == OWN_LINES, f"part6 has {own}, not {lost}"
    assert len(lost) == len(own) + 1, "part 1 has a buffer more"
