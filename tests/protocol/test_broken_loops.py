"""The tests' own test, with servers that are nearly right: an event loop that speaks the contract
and has one defect: of a kind that shows seldom, or a blunder that the list of proofs has a test
for.
"""

import re
import sys
from pathlib import Path

import pytest

import rules
from broken_loops import BUGS
from harness import own_suite
from harness.own_suite import Finding
from harness.rule import LISTENS

pytestmark = [pytest.mark.of_the_suite, pytest.mark.long]

HERE = Path(__file__).parent
ALL_BUT_WORKERS = ("--level", "command-line", "--without", "workers")
HARMLESS_TO_ALL = "test_framing.py::test_a_message_comes_back[yours]"

FINDINGS = {
    "forgets-at-the-end": Finding(
        "test_half_close.py::test_answers_that_the_server_still_holds_outlive_a_half_close[yours]",
        rules.HALF_CLOSE, "bytes of what came back"),
    "looks-at-the-end": Finding(
        "test_half_close.py::"
        "test_a_client_that_has_finished_and_reads_nothing_takes_no_processor_time[yours]",
        rules.REST, "s of processor time in 1 s of waiting"),
    "one-heap": Finding(
        "test_crowd.py::test_clients_that_read_late_get_their_own_answers[yours]",
        rules.OWN_ANSWERS, "got something else"),
    "one-slot-for-a-length": Finding(
        "test_crowd.py::test_clients_that_speak_at_once_get_their_own_answers[yours]",
        rules.OWN_ANSWERS, "got something else"),
    "sluggish": Finding(
        "test_read_timeout.py::test_the_end_comes_soon_after_the_time[yours]",
        rules.READ_TIMEOUT, "all of them were closed late"),
    "no-time": Finding(
        "test_endings.py::test_a_connection_whose_time_is_up_gives_back_all_it_had[yours-silent]",
        rules.READ_TIMEOUT, "the server owes its end of stream"),
    "waits-for-readers": Finding(
        "test_endings.py::test_a_client_that_never_reads_gives_back_all_it_had[yours]",
        rules.WRITE_TIMEOUT, "descriptors are open after"),
    "patient-with-readers": Finding(
        "test_write_timeout.py::"
        "test_a_client_that_never_reads_is_closed_soon_after_the_time[yours]",
        rules.WRITE_TIMEOUT, "all of them were closed late"),
    "no-time-while-others-talk": Finding(
        "test_read_timeout.py::"
        "test_a_neighbour_that_never_stops_talking_does_not_put_off_the_end[yours]",
        rules.READ_TIMEOUT, "still open after 5.0 s instead of one"),
    "resets-late-readers": Finding(
        "test_write_timeout.py::"
        "test_what_the_kernel_has_for_a_client_that_never_read_is_not_destroyed[yours]",
        rules.CLOSE_WITHOUT_RESET,
        "the server reset the connection: whatever was on its way is lost"),
    "no-log-no-server": Finding(
        "test_logs.py::test_a_log_whose_reader_has_gone_ends_nothing[yours]",
        rules.LOG_GONE, "ended with exit status 1"),
    "logs-to-a-client": Finding(
        "test_logs.py::test_where_there_is_no_stderr_no_client_gets_the_log[yours]",
        rules.LOG_GONE, "127.0.0.1:"),
    "talkative": Finding(
        "test_logs.py::test_a_start_leaves_no_line[yours]",
        rules.LOGS, "loop_server 1.0 starting"),
    "says-it-again": Finding(
        "test_weaknesses.py::test_an_entry_that_is_as_it_was_is_not_set_again[yours]",
        rules.INTEREST, "in 100 messages, each answered at once, epoll_ctl was called ",
        "{events=EPOLLIN, "),
    "accepts-all-that-wait": Finding(
        "test_zoo_turns.py::"
        "test_a_client_is_served_before_all_new_connections_are_accepted[yours]",
        rules.ACCEPT_BUDGET, "900 new connections were: in ", "before it was answered"),
    "short-backlog": Finding(
        "test_crowd.py::"
        "test_a_thousand_clients_that_come_at_once_have_room_in_the_backlog[yours]",
        rules.BACKLOG, "the server's backlog is full", "with a backlog of 128"),
    "limits-lines": Finding(
        "test_http_limits.py::"
        "test_the_limit_of_the_header_section_counts_every_byte_of_it[yours-in_short_lines]",
        rules.HTTP_TOO_LARGE, "status 200 instead of 431"),
    "limits-headers": Finding(
        "test_http_limits.py::"
        "test_the_limit_of_the_header_section_counts_every_byte_of_it[yours-in_one_path]",
        rules.HTTP_TOO_LARGE, "status 200 instead of 431"),
    "limits-what-is-incomplete": Finding(
        "test_http_limits.py::"
        "test_the_limit_of_the_header_section_holds_however_it_is_cut[yours-4000-in_short_lines]",
        rules.HTTP_TOO_LARGE, "status 431 instead of 200"),
    "takes-any-extra": Finding(
        "test_http_limits.py::test_what_never_ends_costs_bounded_memory[yours-chunk-extension]",
        rules.BOUNDED_MEMORY, "KiB for what never ends"),
    "answers-are-small": Finding(
        "test_http_limits.py::test_a_client_that_reads_no_answer_costs_bounded_memory[yours]",
        rules.BOUNDED_MEMORY, "a client that never reads"),
    "bytes-are-progress": Finding(
        "test_http_limits.py::test_a_request_that_never_completes_is_closed_in_time[yours-chunks]",
        rules.BYTES_DO_NOT_EXTEND, "still open after 4.4 s instead of 0.4"),
    "counts-from-the-beginning": Finding(
        "test_http_limits.py::test_the_time_begins_anew_with_each_request[yours]",
        rules.READ_TIMEOUT, "the server ended the stream"),
    "heads-only": Finding(
        "test_http_limits.py::test_an_end_inside_a_request_is_logged_once[yours-body]",
        rules.LOGS, "0 lines for an end inside a request"),
    "access-log": Finding(
        "test_http_limits.py::test_whatever_is_answered_leaves_no_line[yours]",
        rules.LOGS, "nothing happened that is worth a line"),
    "raw-log": Finding(
        "test_http_limits.py::test_a_request_cannot_steer_a_terminal[yours]",
        rules.ESCAPED, "not escaped"),
    "drains-in-the-middle": Finding(
        "test_http_limits.py::test_requests_that_had_arrived_are_answered_before_a_stop[yours]",
        rules.DRAIN, "the server"),
    # What one connection, one spelling, one length or one moment does not show
    "no-delay-for-the-first": Finding(
        "test_framing.py::test_connections_beside_one_another_have_tcp_nodelay[yours]",
        rules.NO_DELAY, "TCP_NODELAY is not set on the server's socket for client 2"),
    "lingers-for-the-first": Finding(
        "test_closing.py::"
        "test_unread_input_of_a_later_client_does_not_either[yours-too-long-a-message]",
        rules.CLOSE_WITHOUT_RESET, "no lingering close"),
    "neighbours-at-the-end": Finding(
        "test_half_close.py::"
        "test_a_client_that_half_closes_beside_another_gets_its_answers[yours-a-silent-one]",
        rules.HALF_CLOSE, "the server ended the stream after 0 of the"),
    "later-ones-at-the-end": Finding(
        "test_half_close.py::"
        "test_a_later_client_that_half_closes_gets_its_answers_too[yours-a-goodbye]",
        rules.HALF_CLOSE, "the server ended the stream after 0 of the"),
    "one-length-astray": Finding(
        "test_crowd.py::test_clients_that_speak_at_once_get_their_own_answers[yours]",
        rules.OWN_ANSWERS, "one of 77 bytes", patience=5),
    "one-length-cut-short": Finding(
        "test_framing.py::test_a_message_of_every_length_comes_back[yours]",
        rules.ECHO, "a message of 1021 bytes: the answer differs from byte 1024 on"),
    "connection-in-one-spelling": Finding(
        "test_http.py::test_connection_close_is_heard_however_it_is_written"
        "[yours-'connection: close']",
        rules.HTTP_ANY_CASE, "after a request that said 'connection: close': the server should"),
    "content-length-in-one-spelling": Finding(
        "test_http_bodies.py::"
        "test_what_announces_a_body_may_be_written_in_any_case[yours-lower-length]",
        rules.HTTP_ANY_CASE, "nothing was due yet"),
    "transfer-encoding-in-one-spelling": Finding(
        "test_http_bodies.py::"
        "test_what_announces_a_body_may_be_written_in_any_case[yours-upper-coding]",
        rules.HTTP_ANY_CASE, "nothing was due yet"),
    "http-refuses-large-bodies": Finding(
        "test_http_bodies.py::test_a_body_may_be_longer_than_32_bits_can_say[yours-4294967296]",
        rules.HTTP_LONG_BODY, "a body of 4294967296 bytes has only begun: ", "400 Bad"),
    "http-bodies-wrap": Finding(
        "test_http_bodies.py::test_a_body_may_be_longer_than_32_bits_can_say[yours-4294967301]",
        rules.HTTP_LONG_BODY, "a body of 4294967301 bytes has only begun: "),
    "http-chunks-wrap": Finding(
        "test_http_bodies.py::test_a_chunk_may_be_longer_than_32_bits_can_say[yours-4294967301]",
        rules.HTTP_LONG_BODY, "a body of 4294967301 bytes has only begun: "),
    "numbers-wrap": Finding(
        "test_command_line.py::"
        "test_a_time_beyond_32_bits_of_milliseconds_is_refused_or_meant[yours-4294968s]",
        rules.WIDE_NUMBERS, "--read-timeout=4294968s", "the server ended the stream"),
    "empty-is-no-progress": Finding(
        "test_read_timeout.py::"
        "test_however_a_message_is_completed_the_time_begins_anew[yours-zero-length]",
        rules.READ_TIMEOUT, "a message was completed each 0.27 s, and --read-timeout is 0.8 s"),
    "whole-receives-are-progress": Finding(
        "test_read_timeout.py::"
        "test_however_a_message_is_completed_the_time_begins_anew[yours-and-the-next-begun]",
        rules.READ_TIMEOUT, "a message was completed each 0.27 s, and --read-timeout is 0.8 s"),
    "read-clock-runs-on": Finding(
        "test_write_timeout.py::test_the_time_to_read_begins_anew_though_no_message_came_since_"
        "the_answers_were_held[yours]",
        rules.WRITE_TIMEOUT, "before the 1.5 s had passed", "Its last message had come",
        patience=5),
    "waits-for-the-reset": Finding(
        "test_drain.py::"
        "test_a_client_that_left_before_its_answers_does_not_hold_up_the_stop[yours-large]",
        rules.DRAIN_IDLE, "the client is gone", patience=10),
    "drains-as-by-default": Finding(
        "test_drain.py::test_a_slow_reader_has_as_long_as_the_option_says[yours]",
        rules.DRAIN_BOUNDED, "bytes that were due came back", "--drain-timeout is 60 s",
        patience=10),
    # What a review had planted, and no test had found: ending_blunders.py
    "leaks-on-timeout": Finding(
        "test_endings.py::test_a_connection_whose_time_is_up_gives_back_all_it_had[yours-silent]",
        rules.RESTORE, "descriptors are open after", patience=2),
    "leaks-on-too-long": Finding(
        "test_endings.py::test_a_connection_that_ends_gives_back_all_it_had"
        "[yours-announces_too_much]",
        rules.RESTORE, "descriptors are open after"),
    "keeps-what-was-begun": Finding(
        "test_endings.py::test_a_connection_that_ends_inside_a_message_gives_back_all_it_had"
        "[yours-breaks_off-many-bytes-of-it]",
        rules.RESTORE, "KiB more after 40 clients"),
    "late-ones-keep-their-places": Finding(
        "test_endings.py::test_a_connection_whose_time_is_up_gives_back_all_it_had[yours-silent]",
        rules.RESTORE, "it was not accepted, though the clients before it are gone"),
    "old-timers-fire": Finding(
        "test_read_timeout.py::test_the_time_of_a_client_that_has_left_is_not_the_next_ones[yours]",
        rules.READ_TIMEOUT, "before the 0.8 s had passed"),
    "table-of-descriptors": Finding(
        "test_crowd.py::test_no_descriptor_is_too_high_a_number[yours]",
        rules.CROWD, "the server ended the stream after 0 of the 10 bytes", patience=5),
    "no-delay-for-the-old": Finding(
        "test_framing.py::test_connections_over_ipv6_have_tcp_nodelay[yours]",
        rules.NO_DELAY, "TCP_NODELAY is not set on the server's socket for client 1"),
    "verbose-about-the-old": Finding(
        "test_logs.py::test_verbose_names_clients_over_ipv6_too[yours]",
        rules.VERBOSE, "ended with exit status 1"),
    "large-ones-first": Finding(
        "test_framing.py::test_a_large_message_overtakes_no_small_one[yours]",
        rules.ORDER, "answer 1 of 6 differs from byte 0 on"),
    "zero-is-no-message": Finding(
        "test_max_message.py::test_the_least_limits_are_limits_like_any_other[yours-0]",
        rules.TOO_LONG, "after 0 of the 4 bytes of answer 1 of 3"),
    "chunks-in-small-letters": Finding(
        "test_http_bodies.py::test_a_chunked_body_is_decoded_and_thrown_away"
        "[yours-capitals-GET-200]",
        rules.HTTP_BODY, "status 400 instead of 200"),
    "leaks-at-the-end": Finding(
        "test_endings.py::test_a_connection_that_ends_while_answers_are_held_gives_back_all_it_had"
        "[yours-half_closes_and_reads_late]",
        rules.RESTORE, "descriptors are open after"),
    "leaks-on-resets": Finding(
        "test_endings.py::test_a_connection_that_ends_while_answers_are_held_gives_back_all_it_had"
        "[yours-resets_with_answers_held]",
        rules.RESTORE, "descriptors are open after"),
    "leaks-after-lingering": Finding(
        "test_endings.py::"
        "test_a_connection_whose_client_never_ends_its_stream_gives_back_all_it_had[yours]",
        rules.RESTORE, "descriptors are open after", patience=3),
    "keeps-a-buffer-for-a-length": Finding(
        "test_endings.py::test_a_connection_that_ends_inside_a_message_gives_back_all_it_had"
        "[yours-breaks_off-few-bytes-of-it]",
        rules.RESTORE, "KiB more after 40 clients"),
    "stuck-ones-keep-their-places": Finding(
        "test_endings.py::test_a_client_that_never_reads_gives_back_all_it_had[yours]",
        rules.RESTORE, "the server owes", patience=3),
    "keeps-who-had-left": Finding(
        "test_endings.py::"
        "test_a_connection_that_was_over_before_there_was_a_place_gives_back_all_it_had"
        "[yours-resets]",
        rules.RESTORE, "descriptors are open after"),
    "drains-all-or-nobody": Finding(
        "test_endings.py::test_in_a_stop_each_connection_gives_back_what_it_had_when_it_ends"
        "[yours]",
        rules.RESTORE, "descriptors are open after"),
    "takes-no-time-for-ever": Finding(
        "test_drain.py::"
        "test_a_client_that_never_reads_is_not_waited_for_where_there_is_no_time[yours-0]",
        rules.DRAIN_BOUNDED, "the server should have ended, and runs on after", patience=3),
    "hundredths-of-a-second": Finding(
        "test_read_timeout.py::test_the_shortest_time_is_a_time_like_any_other[yours]",
        rules.READ_TIMEOUT, "the server owes its end of stream"),
    # What an earlier review had planted, and no proof was noted for
    "gives-up-its-place": Finding(
        "test_closing.py::"
        "test_a_connection_being_closed_keeps_its_place_until_its_peer_ends[yours]",
        rules.CLOSING_KEEPS_PLACE, "nothing was due yet, but 9 bytes"),
    "small-messages": Finding(
        "test_framing.py::test_a_message_of_the_largest_size_comes_back[yours]",
        rules.ECHO, "the server ended the stream after 0 of the 65540 bytes"),
    "text": Finding(
        "test_framing.py::test_the_payload_may_hold_any_bytes[yours]",
        rules.ECHO, "answer 2 of 4 differs from byte 4 on"),
    "http-small-heads": Finding(
        "test_http_limits.py::"
        "test_the_limit_of_the_header_section_counts_every_byte_of_it[yours-in_one_path]",
        rules.HTTP_TOO_LARGE, "status 431 instead of 200"),
    "http-answers-the-impatient": Finding(
        "test_http_bodies.py::test_expect_100_continue_is_ignored[yours]",
        rules.HTTP_EXPECT, "status 100 instead of 200"),
    "http-searches-again": Finding(
        "test_http.py::test_a_large_head_byte_by_byte_costs_linear_work[yours]",
        rules.HTTP_OK, "the last bytes of 8 KiB cost "),
    "http-leaks": Finding(
        "test_http.py::test_ten_thousand_requests_on_one_connection_do_not_cost_memory[yours]",
        rules.HTTP_FLAT, "bytes more after ten thousand requests"),
}


def proven() -> dict[str, str]:
    """For each blunder without a finding here, the first test that has found it."""
    sys.path.insert(0, str(HERE.parent / "zoo"))
    import proofs

    found: dict[str, str] = {}
    for test, names in proofs.noted().items():
        for name in names:
            if name in BUGS and name not in FINDINGS:
                found.setdefault(name, test)
    return found


PROVEN = proven()


def broken_loop(bug: str) -> str:
    """The command that starts the server with this bug."""
    return f"{sys.executable} {HERE}/subjects/broken_loops.py {bug} --port {{port}}"


@pytest.mark.parametrize("bug", FINDINGS)
def test_the_right_test_finds_the_bug_and_says_what_is_wrong(bug: str) -> None:
    finding = FINDINGS[bug]
    own_suite.expect_found(finding, HERE, broken_loop(bug), HARMLESS_TO_ALL, *ALL_BUT_WORKERS)


@pytest.mark.parametrize(("blunder", "test"), PROVEN.items(), ids=PROVEN)
def test_what_has_found_a_blunder_still_does(blunder: str, test: str) -> None:
    command = ("--server", broken_loop(blunder), "--patience", "3", *ALL_BUT_WORKERS)
    run = own_suite.run_suite(HERE, test, "--maxfail=1", *command)
    found = re.search(f"^(FAILED|ERROR) {re.escape(test)}", run.stdout, re.MULTILINE)
    assert found and LISTENS.text not in run.stdout, run.stdout


def test_every_bug_is_one_that_a_test_finds() -> None:
    assert set(BUGS) == set(FINDINGS) | set(PROVEN)


def test_the_same_tests_pass_for_the_server_without_a_bug() -> None:
    tests = sorted({finding.test for finding in FINDINGS.values()})
    run = own_suite.run_suite(HERE, *tests, "--server", broken_loop("none"), *ALL_BUT_WORKERS)
    assert f"{len(tests)} passed" in run.stdout, run.stdout


def test_garbage_that_is_collected_late_is_no_leak() -> None:
    test = "test_backpressure.py::test_a_client_that_never_reads_costs_bounded_memory[yours]"
    command = broken_loop("collects-garbage-late")
    run = own_suite.run_suite(HERE, test, "--server", command, *ALL_BUT_WORKERS)
    assert "1 passed" in run.stdout, run.stdout
