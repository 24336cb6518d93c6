"""The complaint about a wrong command line."""

from harness.server import Server


def expect_wrong_usage(server: Server, named: str) -> None:
    """Expects exit status 2, one line on stderr that contains `named`, and nothing on stdout."""
    status = server.wait_exit()
    assert status == 2, f"exit status {status}, not 2, for {server.words[1:]}"
    lines = server.stderr_text().splitlines()
    assert len(lines) == 1, f"{len(lines)} lines on stderr, not 1, for {server.words[1:]}: {lines}"
    assert named in lines[0], f"the line does not name {named}: {lines[0]}"
    said = server.stdout_text()
    assert not said, f"wrong usage belongs on stderr, and stdout has {said!r}"
