"""The book's helpers for a terminal, tools/shell.sh."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import blocks
from harness.needed import need_built
from harness.strace import need_ptrace
import pytest

BUILD = Path(os.environ.get("BUILD", blocks.ROOT / "build" / "default"))


@pytest.mark.parametrize("command", ["calls_while true", "count_calls ./no-such-server"])
def test_no_calls_are_waited_for_where_there_is_no_server(command: str, tmp_path: Path) -> None:
    script = f". {blocks.ROOT}/tools/shell.sh; {command}"
    ran = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, timeout=60)
    assert ran.returncode != 0


@pytest.mark.parametrize("command", ["processor_time", "memory", "calls_while true"])
def test_what_asks_about_a_server_says_that_there_is_none(command: str, tmp_path: Path) -> None:
    script = f". {blocks.ROOT}/tools/shell.sh; pid=''; {command}"
    ran = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, timeout=60)
    assert ran.returncode != 0 and not ran.stdout
    assert ran.stderr.startswith(b"no server is running in this terminal")


@pytest.fixture
def typed(tmp_path: Path) -> Callable[[str], list[str]]:
    """What is printed when this is typed where there is a ./server."""
    server = tmp_path / "server"
    # A shell of its own has no script open, which would be a descriptor as well.
    said = "echo listening on 127.0.0.1:1; exec sleep 60"
    server.write_text(f"#!/bin/sh\nexec sh -c '{said}'\n")
    server.chmod(0o755)

    def run(script: str) -> list[str]:
        script = f". {blocks.ROOT}/tools/shell.sh\n{script}"
        ran = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, timeout=60)
        return ran.stdout.decode().splitlines()

    return run


def test_a_server_that_was_started_has_no_descriptor_of_the_terminal(typed) -> None:
    said = typed("exec 6< /dev/null {one}< /dev/null; start ./server; ls /proc/$pid/fd; stop")
    assert said == ["listening on 127.0.0.1:1", "0", "1", "2"]


def test_a_start_ends_the_server_before_and_none_of_another_terminal(typed) -> None:
    said = typed("""
        sleep 60 < /dev/null > /dev/null & elsewhere=$!
        start ./server; first=$pid
        pid=$elsewhere   # as `pid=$(server_pid)` does
        start ./server
        kill -0 $first || echo the first has ended
        pid=$elsewhere
        stop
        exec {client}> /dev/null; clients=($client); pid=$elsewhere
        start ./server
        echo "clients left: ${#clients[@]}"
        stop
        kill $elsewhere && echo the other terminal is undisturbed
    """)
    assert said == [
        "listening on 127.0.0.1:1", "listening on 127.0.0.1:1",
        "the first has ended", "listening on 127.0.0.1:1", "clients left: 0",
        "the other terminal is undisturbed",
    ]


def test_what_was_started_is_not_forgotten_where_the_helpers_are_read_again(typed) -> None:
    said = typed(f"""
        start ./server; server=$pid
        exec {{client}}> /dev/null; clients=($client)
        . {blocks.ROOT}/tools/shell.sh
        echo "clients: ${{#clients[@]}}, port $port"
        stop
        kill -0 $server || echo it has ended
    """)
    assert said == ["listening on 127.0.0.1:1", "clients: 1, port 1", "it has ended"]


def test_what_is_counted_shares_no_file_with_another_terminal_of_this_directory(typed) -> None:
    need_ptrace()
    part1 = need_built(BUILD / "part1-blocking" / "part1-blocking")
    said = typed(f"""
        echo the other terminal > calls
        count_calls {part1} --port 0 | wc -l
        cat calls; ls
    """)
    assert said == ["2", "the other terminal", "calls", "server"]
