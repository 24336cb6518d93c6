"""Options, strict numbers, exit statuses, the ready line."""

import signal
import socket

import pytest

import rules
from capabilities import OPTION_STAGES, refuses_option
from harness.frames import frame, header
from harness.help import examples, in_the_old_form
from harness.proc import wait_until
from harness.server import READY, START_SECONDS, Server, Start
from harness.subject import free_port, is_taken
from harness.target import Target
from harness.usage import expect_wrong_usage
from levels import LEVEL_NAMES

pytestmark = pytest.mark.needs("command-line")

BEYOND_32_BITS = 1 << 32
NO_NUMBERS = (
    "", "seven", "0x1F", "+7", "-1", " 7", "7 ", "7k", "1.5", "1e3", "1_000", "1,000", "1'000",
    "٧",
    "99999999999999999999",
)  # fmt: skip
NO_DURATIONS = (
    "", "s", "10", "00", "+5s", "-1s", " 1s", "1s ", "1 s", "1.5s", "0x1s", "10S", "1h", "1sec",
    "1m30s", "1us",
    "99999999999999999999s", "527041m",
)  # fmt: skip
NOT_TAKEN = {
    **dict.fromkeys(("--max-message", "--max-connections", "--workers"), NO_NUMBERS),
    **dict.fromkeys(("--read-timeout", "--drain-timeout"), NO_DURATIONS),
}
DURATIONS = ("0", "1ms", "250ms", "10s", "2m", "0010s")
NO_ADDRESSES = (
    "", "localhost", "[::1]", "127.0.0.1:80", "1.2.3", "127.0.0.256", " 127.0.0.1", "::1::", "*",
)  # fmt: skip
COMMON_OPTIONS = (
    "--host", "--port", "--max-message", "--read-timeout", "--drain-timeout", "--verbose",
)  # fmt: skip


@pytest.mark.rule(rules.HELP)
def test_help_goes_to_stdout_and_names_every_option(start: Start, target: Target) -> None:
    server = start("--help", ready=False)
    server.expect_exit()
    text = server.stdout_text()
    assert text, "--help printed nothing to stdout"
    assert server.stderr_text() == "", "--help belongs on stdout, and there is something on stderr"
    if target.level in LEVEL_NAMES:
        return  # the contract doesn't say what --help prints
    for option in (*COMMON_OPTIONS, *OPTION_STAGES, "--help", "--version"):
        if target.takes_option(option):
            assert option in text, f"{option} is missing from --help"
        if refuses_option(target.level, option):
            assert option not in text, f"{option} is shown in --help"
    for default in ("127.0.0.1", "5882", "65536", "60s", "5s"):
        assert default in text, f"the default {default} is not in --help"
    assert ("4096" in text) is target.takes_option("--max-connections")


@pytest.mark.rule(rules.HELP)
def test_each_example_in_the_help_is_taken(start: Start, target: Target) -> None:
    helped = start("--help", ready=False)
    helped.expect_exit()
    found = examples(in_the_old_form(helped.stdout_text()))
    assert found or target.level != "part6-uring", "the example of --ring is not found"
    for option, value in found:
        start(option, value)


@pytest.mark.rule(rules.HELP)
def test_version_goes_to_stdout_in_one_line(start: Start) -> None:
    server = start("--version", ready=False)
    server.expect_exit()
    said = server.stdout_text()
    assert len(said.splitlines()) == 1, f"--version printed {said!r}, not one line"
    said = server.stderr_text()
    assert not said, f"--version belongs on stdout, and stderr has {said!r}"


@pytest.mark.of_one_stage
@pytest.mark.rule(rules.OPTIONS)
@pytest.mark.parametrize(
    "words", [("--max-message", "10"), ("--max-message=10",)], ids=["apart", "joined"]
)
def test_an_option_and_its_value_may_be_two_words_or_one(
    start: Start, words: tuple[str, ...]
) -> None:
    with start(*words).connect() as client:
        client.echo(bytes(10))
        client.send(header(11))
        client.expect_end()


@pytest.mark.of_one_stage
@pytest.mark.rule(rules.STRICT_NUMBERS)
def test_leading_zeros_are_digits_and_do_not_make_a_number_octal(start: Start) -> None:
    with start("--max-message", "010").connect() as client:
        client.echo(bytes(10))
        client.send(header(11))
        client.expect_end()


@pytest.mark.of_one_stage
@pytest.mark.rule(rules.STRICT_NUMBERS)
@pytest.mark.parametrize("option", NOT_TAKEN)
def test_an_invalid_value_is_wrong_usage(
    start: Start, target: Target, option: str
) -> None:
    if target.takes_option(option):
        for value in NOT_TAKEN[option]:
            expect_wrong_usage(start(f"{option}={value}", ready=False), option)


@pytest.mark.of_one_stage
@pytest.mark.rule(rules.STRICT_NUMBERS)
@pytest.mark.parametrize("value", [v for v in NO_NUMBERS if v])
def test_a_port_is_digits(start: Start, value: str) -> None:
    expect_wrong_usage(start(port=value, ready=False), "--port")


@pytest.mark.rule(rules.STRICT_NUMBERS)
@pytest.mark.parametrize("option", [
    pytest.param(option, marks=pytest.mark.option(option))
    for option in ("--max-connections", "--workers")
])
def test_a_limit_of_zero_is_wrong_usage(start: Start, option: str) -> None:
    expect_wrong_usage(start(f"{option}=0", ready=False), option)


@pytest.mark.of_one_stage
@pytest.mark.rule(rules.WRONG_USAGE)
@pytest.mark.parametrize("value", NO_ADDRESSES)
def test_a_host_that_is_not_an_address_is_wrong_usage(start: Start, value: str) -> None:
    expect_wrong_usage(start(f"--host={value}", ready=False), "--host")


@pytest.mark.of_one_stage
@pytest.mark.rule(rules.WIDE_NUMBERS)
@pytest.mark.parametrize("value", ["65536", "71418", str(BEYOND_32_BITS + 5882)])
def test_a_port_beyond_16_bits_is_wrong_usage(start: Start, value: str) -> None:
    expect_wrong_usage(start(port=value, ready=False), "--port")


@pytest.mark.of_one_stage
@pytest.mark.rule(rules.WIDE_NUMBERS)
@pytest.mark.parametrize("beyond", [1 << 31, BEYOND_32_BITS], ids=["31-bits", "32-bits"])
def test_a_largest_message_beyond_32_bits_is_refused_or_meant(start: Start, beyond: int) -> None:
    server = start(f"--max-message={beyond + 10}", ready=False)
    if is_taken_by(server, "--max-message"):
        # This message is longer than the limit would be if it were cut to 31 or 32 bits.
        server.connect().echo(bytes(11))


@pytest.mark.of_one_stage
@pytest.mark.needs("command-line", "max-connections")
@pytest.mark.rule(rules.WIDE_NUMBERS)
def test_a_limit_of_connections_beyond_32_bits_is_refused_or_meant(start: Start) -> None:
    server = start(f"--max-connections={BEYOND_32_BITS + 1}", ready=False)
    if is_taken_by(server, "--max-connections"):
        server.connect().echo(b"one")
        server.connect().echo(b"and another")


@pytest.mark.of_one_stage
@pytest.mark.needs("command-line", "read-timeout")
@pytest.mark.rule(rules.WIDE_NUMBERS)
@pytest.mark.parametrize("value", ["2147484s", "4294968s", "4294967796ms"])
def test_a_time_beyond_32_bits_of_milliseconds_is_refused_or_meant(
    start: Start, value: str
) -> None:
    server = start(f"--read-timeout={value}", ready=False)
    if is_taken_by(server, "--read-timeout"):
        client = server.connect()
        client.expect_silence(1.0)
        client.echo(b"weeks have not passed")


def is_taken_by(server: Server, option: str) -> bool:
    """Returns true if the server listens. If it ended instead, that must have been for
    wrong usage."""
    wait_until(lambda: not server.is_alive() or bool(server.stdout_text()), START_SECONDS)
    if server.is_alive():
        server.wait_until_ready()
        return True
    expect_wrong_usage(server, option)
    return False


@pytest.mark.of_one_stage
@pytest.mark.rule(rules.STRICT_NUMBERS)
@pytest.mark.parametrize("value", DURATIONS)
def test_every_form_of_a_duration_is_taken(start: Start, value: str) -> None:
    start("--read-timeout", value, "--drain-timeout", value)


@pytest.mark.rule(rules.WRONG_USAGE)
@pytest.mark.parametrize("word", ["--nonsense", "--max-mess=10", "stray", "--read-timeout"])
def test_unknown_options_stray_words_and_missing_values_are_wrong_usage(
    start: Start, word: str
) -> None:
    expect_wrong_usage(start(word, ready=False), word.partition("=")[0])


@pytest.mark.rule(rules.WRONG_USAGE)
@pytest.mark.parametrize("option", OPTION_STAGES)
def test_an_option_that_the_stage_does_not_have_is_wrong_usage(
    start: Start, target: Target, option: str
) -> None:
    if refuses_option(target.level, option):
        expect_wrong_usage(start(option, "1", ready=False), option)


@pytest.mark.needs("ready-line")
@pytest.mark.rule(rules.READY_LINE)
def test_the_ready_line_names_the_port_that_the_kernel_chose(start: Start) -> None:
    server = start()
    ready = READY.fullmatch(server.stdout_text())
    assert ready, f"not one ready line: {server.stdout_text()!r}"
    named = ready["v4"] or ready["v6"]
    assert named == "127.0.0.1", f"it names {named}; without --host, that must be 127.0.0.1"
    assert 0 < int(ready["port"]) < 65536, f"{ready['port']} is no port"
    server.connect().echo(b"there it listens")
    server.expect_stop()
    assert READY.fullmatch(server.stdout_text()), "more than one line on stdout"


@pytest.mark.needs("ready-line")
@pytest.mark.rule(rules.READY_LINE)
def test_after_the_ready_line_a_client_can_connect_and_a_signal_stops_the_server(
    start: Start
) -> None:
    # If the ready line came too early for either, ten tries would show the race.
    for number in range(10):
        server = start()
        server.connect().close()
        server.expect_stop(signal.SIGTERM if number % 2 else signal.SIGINT)


@pytest.mark.needs("ready-line")
@pytest.mark.rule(rules.READY_LINE)
@pytest.mark.parametrize("output", [">&-", ">/dev/full"])
def test_a_server_that_cannot_print_its_ready_line_serves_only_if_nobody_can_wait_for_it(
    start: Start, target: Target, output: str
) -> None:
    if target.name == "yours":
        pytest.skip("where stdout leads to is asked of the book's own servers only")
    port = free_port()
    server = start(port=port, under=("sh", "-c", f'exec "$@" {output}', "sh"), ready=False)
    if output == ">/dev/full":
        assert server.wait_exit() == 1
        assert "to standard output: No space left on device\n" in server.stderr_text()
    else:
        assert wait_until(lambda: is_taken(("127.0.0.1", port)), server.patience)
        with socket.create_connection(("127.0.0.1", port), server.patience) as client:
            client.sendall(frame(b"hello"))
            assert client.recv(len(frame(b"hello")), socket.MSG_WAITALL) == frame(b"hello")
        server.send_signal(signal.SIGTERM)
        assert server.wait_exit() == 0
