"""Options, exit statuses, the ready line."""

import os
import socket
from pathlib import Path

import pytest

import rules
from conftest import ANSWER
from harness.confined import confined, skip_if_impossible
from harness.server import READY
from harness.subject import free_port
from kit.namespace import as_nobody
from kit.server import Start
from kit.users import Users

pytestmark = pytest.mark.needs("contract")

NO_NUMBERS = ("", "seven", "0x1F", "+7", "-1", " 7", "7 ", "7k", "1.5", "1e3", "0", "9" * 20)
NO_DURATIONS = ("", "s", "10", "00", "+5s", "-1s", " 1s", "1s ", "1.5s", "10S", "1h", "1m30s")
NO_ADDRESSES = ("", "localhost", "[::1]", "127.0.0.1:79", "1.2.3", "::1::", "*", "127.0.0.256")
DEFAULTS = ("::", "79", "finger", "1024", "16", "2s", "10s")
OPTIONS = ("-B", "--addr", "-P", "--port", "-g", "--group", "--users", "--full-name",
           "--list-text", "--max-clients", "--max-per-ip", "--query-timeout", "--deadline",
           "--user", "--no-list", "--log", "--check-config", "--proxy-protocol", "--help",
           "--version")  # fmt: skip


@pytest.mark.rule(rules.HELP)
def test_help_names_every_option_and_default(start: Start) -> None:
    server = start("--help", ready=False)
    assert server.wait_exit() == 0
    text = server.stdout_text()
    assert server.stderr_text() == ""
    for word in (*OPTIONS, *DEFAULTS):
        assert word in text, f"{word} is not in --help"


@pytest.mark.rule(rules.HELP)
def test_version_is_one_line(start: Start) -> None:
    server = start("--version", ready=False)
    assert server.wait_exit() == 0
    assert len(server.stdout_text().splitlines()) == 1 and server.stderr_text() == ""


@pytest.mark.rule(rules.WRONG_USAGE)
@pytest.mark.parametrize(("option", "values"), [
    ("--max-clients", NO_NUMBERS),
    ("--max-per-ip", NO_NUMBERS),
    ("--deadline", NO_DURATIONS),
    ("--addr", NO_ADDRESSES),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_a_value_that_makes_no_sense_is_wrong_usage(
    start: Start, option: str, values: tuple[str, ...]
) -> None:
    for value in values:
        start(f"{option}={value}", ready=False).expect_refusal(2, option)


@pytest.mark.rule(rules.WRONG_USAGE)
@pytest.mark.parametrize("option", [
    "--addr", "--proxy-protocol", "--users", "--group", "--user", "--list-text"])  # fmt: skip
def test_an_empty_value_is_refused(start: Start, option: str) -> None:
    """`--addr=` is refused because it has no value, but here the value is empty."""
    start(option, "", ready=False).expect_refusal(2, option)


@pytest.mark.rule(rules.WRONG_USAGE)
@pytest.mark.parametrize("value", ["seven", "-1", "65536"])
def test_a_port_is_digits_up_to_65535(start: Start, value: str) -> None:
    start(port=value, ready=False).expect_refusal(2, "--port")


@pytest.mark.rule(rules.WRONG_USAGE)
@pytest.mark.parametrize(
    "word", ["--nonsense", "stray", "--deadline", "--max-cl=10", "-x", "--users=", "--no-list=yes",
             "--quiet", "--workers=1"]
)
def test_unknown_options_and_missing_values_are_wrong_usage(start: Start, word: str) -> None:
    start(word, ready=False).expect_refusal(2, word.partition("=")[0])


@pytest.mark.rule(rules.OPTIONS)
@pytest.mark.parametrize(
    "options",
    [("--deadline", "5s"), ("--deadline=5s",), ("-B", "127.0.0.1"), ("--addr=127.0.0.1",),
     ("--max-clients=1",), ("--max-per-ip", "1"), ("--log", "none"), ("--deadline", "0")],
    ids=" ".join,
)  # fmt: skip
def test_every_form_of_an_option_is_taken(start: Start, options: tuple[str, ...]) -> None:
    start(*options).expect(b"alice", ANSWER)


@pytest.mark.rule(rules.OPTIONS)
def test_the_port_has_a_short_name(start: Start) -> None:
    port = free_port()
    script = 'program=$1; shift 3; exec "$program" -P "$port" "$@"'  # instead of --port 0
    server = start(under=("env", f"port={port}", "sh", "-c", script, "sh"))
    assert server.address == ("127.0.0.1", port)
    server.expect(b"alice", ANSWER)


@pytest.mark.rule(rules.CANNOT_RUN)
@pytest.mark.parametrize("options", [[], ["--check-config"]], ids=["serving", "checking"])
def test_an_output_that_cannot_be_written_ends_it(start: Start, options: list[str]) -> None:
    """Otherwise a process that waits for the ready line would wait forever."""
    to_full = ("sh", "-c", 'exec "$@" >/dev/full', "sh")
    server = start(*options, under=to_full, ready=False)
    assert server.wait_exit() == 1
    assert "to standard output: No space left on device\n" in server.stderr_text()


@pytest.mark.rule(rules.CANNOT_RUN)
@pytest.mark.parametrize("option", ["-g", "--group"])
def test_a_missing_group_is_named(start: Start, option: str) -> None:
    start(option, "no-such-group", ready=False).expect_refusal(1, "no-such-group")


@pytest.mark.rule(rules.CANNOT_RUN)
def test_the_group_is_not_looked_up_with_users(users: Users, start: Start) -> None:
    server = start("--group", "no-such-group", "--users", os.fspath(users.directory))
    server.expect(b"alice", ANSWER)


@pytest.mark.rule(rules.CANNOT_RUN)
@pytest.mark.parametrize("kind", ["missing", "a-file"])
def test_a_missing_directory_is_named(start: Start, tmp_path: Path, kind: str) -> None:
    place = tmp_path / "users"
    if kind == "a-file":
        place.write_bytes(b"")
    start("--users", os.fspath(place), ready=False).expect_refusal(1, os.fspath(place))


@pytest.mark.rule(rules.CANNOT_RUN)
@pytest.mark.parametrize(
    "restriction", ["ring=EPERM", "ring=ENOSYS", "register=EPERM", "register=ENOSYS", "enter=EPERM"]
)
def test_a_filter_that_forbids_the_ring_or_a_part_of_it_is_named(
    start: Start, restriction: str
) -> None:
    server = start(ready=False, under=confined(restriction))
    skip_if_impossible(server.wait_exit(), server.stderr_text())
    server.expect_refusal(1, "io_uring cannot be used", "seccomp", "io_uring_register")


@pytest.mark.rule(rules.READY_LINE)
def test_after_the_ready_line_a_client_can_connect_and_a_signal_stops_the_server(
    start: Start,
) -> None:
    for _ in range(10):
        server = start()
        server.expect(b"alice", ANSWER)
        assert server.stop() == 0
        assert READY.fullmatch(server.stdout_text()), "more than one line on stdout"


@pytest.mark.rule(rules.CANNOT_RUN)
def test_a_port_below_1024_needs_a_right(start: Start) -> None:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", 79))
        except OSError as error:
            pytest.skip(f"port 79 cannot be tried here: {error}")
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= 79:
        pytest.skip("here anybody may have port 79: net.ipv4.ip_unprivileged_port_start")
    start(port=79, ready=False, under=as_nobody()).expect_refusal(1, "need privileges")
