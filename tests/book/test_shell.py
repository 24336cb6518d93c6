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
    """Types this in a directory with a ./server, and returns the output."""
    server = tmp_path / "server"
    # A second shell, because the first has its script open, which is a descriptor as well.
    said = "echo listening on 127.0.0.1:1; exec sleep 60"
    server.write_text(f"#!/bin/sh\nexec sh -c '{said}'\n")
    server.chmod(0o755)

    def run(script: str) -> list[str]:
        script = f". {blocks.ROOT}/tools/shell.sh\n{script}"
        ran = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, timeout=300)
        return ran.stdout.decode().splitlines()

    return run


def test_job_control_is_back_after_a_stop_though_nobody_asked_for_the_exit_status(typed) -> None:
    said = typed("set -m; start ./server; suspend; stop; echo $-")
    assert "m" in said[-1]


def test_a_server_that_was_started_has_no_descriptor_of_the_terminal(typed) -> None:
    said = typed("exec 6< /dev/null {one}< /dev/null; start ./server; ls /proc/$pid/fd; stop")
    assert said[:4] == ["listening on 127.0.0.1:1", "0", "1", "2"]
    assert not {"6", *(str(one) for one in range(10, 20))} & set(said)  # 3: sleep(1) loads its libc


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


@pytest.mark.parametrize(("at_sigterm", "says"), [
    (":", "stop: the server went on for two seconds, and was killed"),
    ("sleep 1; echo bye; exit", "bye"),
], ids=["never", "in a second"])
def test_a_stop_waits_two_seconds_and_then_kills(typed, at_sigterm: str, says: str) -> None:
    said = typed(f"""
        printf '%s\n' '#!/bin/sh' 'trap "{at_sigterm}" TERM' 'echo listening on 127.0.0.1:1' \
          'exec >&2; while sleep 0.1; do :; done' > server
        start ./server 2>&1; server=$pid
        stop 2>&1
        kill -0 $server 2>/dev/null || echo it has ended
    """)
    assert said == ["listening on 127.0.0.1:1", says, "it has ended"]


def test_what_is_counted_shares_no_file_with_another_terminal_of_this_directory(typed) -> None:
    need_ptrace()
    part1 = need_built(BUILD / "part1-blocking" / "part1-blocking")
    said = typed(f"""
        echo the other terminal > calls
        count_calls {part1} --port 0 | wc -l
        cat calls; ls
    """)
    assert said == ["2", "the other terminal", "calls", "server"]


def test_a_page_is_copied_once_and_what_the_reader_has_made_of_it_stays(typed) -> None:
    said = typed("""
        page 09-three-moves && echo '// mine' >> page.cc
        page 09-three-moves || echo not again
        yours serve 09-three-moves || echo nor so
        tail -n 1 page.cc
    """)
    assert said == ["not again", "nor so", "// mine"]


def test_a_page_has_a_name_and_lacks_what_is_left_to_the_reader(typed) -> None:
    said = typed("""
        page 07-whole-server other; build other && ls other
        grep 'yours\\|serve(client)\\|Try it\\|5882' other.cc
    """)
    assert said == ["other"]


def test_a_chapter_begins_with_the_page_of_the_one_before(typed) -> None:
    said = typed("""
        page 2; grep -c 'serve(client)' page.cc; build page && ls page; rm page.cc
        page 4; grep -c 'hang_up(client);' page.cc; given threads; build page && ls page
        given options || echo no place
    """)
    assert said[:4] == ["0", "page", "1", "page"]
    assert said[-1] == "no place"


def test_what_a_function_does_is_left_to_the_reader_and_the_rest_builds(typed) -> None:
    said = typed("""
        for function in receive_all serve main; do
          yours $function 08-a-minute-each; build page && ls page
          grep -B 1 yours page.cc; rm page.cc
        done
        yours no_such 08-a-minute-each || ls page.cc
        yours serve 08-a-minute-each named && ls *.cc
    """)
    assert said == [
        "page", "bool receive_all(int client, std::span<char> room, Time deadline) {",
        "  return {};  // yours",
        "page", "void serve(int client) {", "  // yours",
        "page", "int main(int argc, char** argv) {", "  return {};  // yours",
        "named.cc",
    ]


def test_a_line_that_was_taken_away_is_shown_and_missing(typed) -> None:
    said = typed("""
        without 'serving) shutdown' 04-stop-them-all && ls without
        page 09-three-moves; without 'hang_up(client);' page
        diff page.cc without.cc | wc -l
    """)
    assert said == [
        "- for (const int client : serving) shutdown(client, SHUT_RD);",
        "without",
        "- hang_up(client);", "2",
    ]


def test_what_cannot_be_built_leaves_nothing_to_start(typed) -> None:
    said = typed("""
        page 07-whole-server; build page && ls page
        echo nonsense >> page.cc; build page || ls page
        without '^int main' 07-whole-server || ls without
        without 'no such line' 07-whole-server || ls without
        without main 99-no-such-step || ls without
    """)
    assert said == ["page", "- int main(int argc, char** argv) {"]


def test_a_program_for_a_ring_is_built_with_its_library(typed) -> None:
    assert typed("page 01-nop-ring; build page && ls page") == ["page"]
    assert typed("rm page*; page 17-coroutine-echo; build page && ls page") == ["page"]


def test_a_million_tasks_that_do_not_wait_need_no_deeper_stack(typed) -> None:
    """g++ 12 makes sure of that with -O2, but not with -O1."""
    one = "const int sent = co_await inner();"
    million = "int sent; for (int i = 0; i < 1000000; ++i)"
    assert typed(f"""
        page 20-who-goes-on
        sed -i '/puts/d; /in_flight->complete/d; s/co_await Operation()/17/' page.cc
        sed -i 's/{one}/{million} sent = co_await inner();/' page.cc
        build page && ./page
    """) == ["  outer goes on, with 17"]


def test_the_queues_of_a_client_are_shown_and_its_bytes_and_its_end_waited_for(typed) -> None:
    page = BUILD / "part5-epoll" / "steps" / "19-under-attack"
    need_built(page)
    assert typed(f"""
        start {page} 0 --read-timeout 2s > listening; exec 5<>/dev/tcp/127.0.0.1/$port; sleep 0.1
        queues; send_queue | uniq -c | xargs
        kill -STOP $pid; (head -c 2000000 /dev/zero >&5 &); sleep 0.5
        (sleep 1; echo resumed; kill -CONT $pid) &
        arrived; echo arrived
        gone; queues | grep -c ESTAB; wc -c <&5
        stop
    """) == ["State Recv-Q Send-Q", "ESTAB 0 0", "6 0", "resumed", "arrived", "0", "2000000"]
