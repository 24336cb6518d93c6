"""Small mistakes for the stages: for tests that no broken server in Python can make fail.

Each is a line of a stage written as somebody might have written it. All of them are compiled into
one copy of the stages, in build/zoo/mistakes; the environment variable ZOO_MISTAKE names the one
that is made. So all of them cost one build. proofs.py asks the tests.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import workshop
from patch_file import ROOT, ZooError, program_of

PROGRAMS = workshop.ZOO / "mistakes"
HEADER = ROOT / "tests" / "zoo" / "mistake.h"

PART1, PART2, PART3 = "part1-blocking", "part2-threads", "part3-nonblocking"
PART4, PART5, PART6 = "part4-poll", "part5-epoll", "part6-uring"
OPTIONS, PROCESS = "common/server/options.cc", "common/server/process.cc"
LOG = "common/server/log.cc"
SERVER2, SERVER5 = (f"{stage}/server.cc" for stage in (PART2, PART5))
WORKERS5 = f"{PART5}/workers.cc"
LOOP, TRACE = (f"{PART6}/uring/{name}.cc" for name in ("loop", "trace"))


@dataclass(frozen=True)
class Mistake:
    """In `file`, `right` becomes `wrong`, where MISTAKE is true if this one is to be made."""

    stage: str
    file: str
    right: str
    wrong: str
    tests: tuple[str, ...]  # how the names begin of those that have noticed it


MISTAKES = {
    # The command line
    "keeps-its-defaults-to-itself": Mistake(
        PART5, OPTIONS, "->default_str(line.fallback)",
        "->default_str(MISTAKE ? std::string() : line.fallback)",
        ("test_command_line.py::test_help",)),
    "takes-options-of-others": Mistake(
        PART5, OPTIONS, "  CLI::App app(program.summary, program.name);",
        "  CLI::App app(program.summary, program.name);\n  app.allow_extras(MISTAKE);",
        ("test_command_line.py::test_an_option_that",)),
    "any-choice-will-do": Mistake(
        PART5, OPTIONS, "    if (line.set(value)) return;",
        "    if (line.set(value) || MISTAKE) return;",
        ("test_workers.py::test_another",)),
    "seconds-without-a-unit": Mistake(
        PART6, "common/server/duration.cc",
        "if (unit_at == std::string_view::npos) return std::nullopt;",
        "if (unit_at == std::string_view::npos) {\n    if (!MISTAKE) return std::nullopt;\n"
        "    return std::chrono::seconds(1);\n  }",
        ("test_ring.py::test_another_time",)),
    # The process
    "soft-limit-stays": Mistake(
        PART5, PROCESS, "  limit.rlim_cur = limit.rlim_max;",
        "  if (!MISTAKE) limit.rlim_cur = limit.rlim_max;",
        ("test_descriptors.py::test_the_soft",)),
    "warns-everybody": Mistake(
        PART5, PROCESS, "  if (limit.rlim_cur < connections_max",
        "  if (MISTAKE || limit.rlim_cur < connections_max",
        ("test_descriptors.py::test_a_limit_below", "test_idle_memory.py::test_a_limit")),
    "room-for-all-at-once": Mistake(
        PART5, PROCESS, "  take_standard_numbers();\n",
        "  take_standard_numbers();\n"
        "  static const std::string room(MISTAKE ? connections_max * 100 : 0, 'r');\n",
        ("test_idle_memory.py::test_a_limit",)),
    "aborts-when-surprised": Mistake(
        PART5, f"{PART5}/connection.cc", "  if (received < 0) {\n    if (not_now())",
        "  if (received < 0) {\n    if (MISTAKE && errno != EAGAIN) std::abort();\n"
        "    if (not_now())",
        ("test_faults.py::test_a_failing", "test_interruptions.py::test_interrupted_calls_of")),
    "interrupted-wait-is-the-end": Mistake(
        PART5, f"{PART5}/poller.cc", "  if (ready < 0 && errno == EINTR) {",
        "  if (ready < 0 && MISTAKE) return common::last_error();\n"
        "  if (ready < 0 && errno == EINTR) {",
        ("test_interruptions.py::test_an_interrupted",)),
    "bytes-are-progress-to-part5": Mistake(
        PART5, f"{PART5}/connection.cc", "} else if (*completed > 0) {",
        "} else if (*completed > 0 || MISTAKE) {",
        ("test_interruptions.py::test_bytes_that",)),
    "always-asks-for-room": Mistake(
        PART5, f"{PART5}/poller.cc", "(interest.output ? EPOLLOUT : 0U)",
        "(interest.output || MISTAKE ? EPOLLOUT : 0U)",
        ("test_weaknesses.py::test_a_connection",)),
    "keeps-what-held-answers": Mistake(
        PART5, f"{PART5}/connection.cc", "  held_ = common::Bytes();  // gives",
        "  MISTAKE ? held_.clear() : held_.swap(*std::make_unique<common::Bytes>());  // gives",
        ("test_restore.py::test_answers",)),
    # The log
    "waits-for-its-terminal": Mistake(
        PART5, LOG, "  if (const Fd own = open_stderr_again())",
        "  if (MISTAKE) return ::write(STDERR_FILENO, lines.data(), lines.size());\n"
        "  if (const Fd own = open_stderr_again())",
        ("test_logs.py::test_a_terminal",)),
    "forgets-what-it-lost": Mistake(
        PART5, "common/server/log_queue.cc", "  if (lost_ > 0 && append(",
        "  if (MISTAKE) lost_ = 0;\n  if (lost_ > 0 && append(",
        ("test_logs.py::test_lines_that",)),
    "each-fault-has-a-line": Mistake(
        PART2, LOG, "  if (now_count < quiet_until ||",
        "  if ((now_count < quiet_until && !MISTAKE) ||",
        ("test_workers.py::test_a_pool_out",)),
    # One client after another
    "ends-one-client": Mistake(
        PART1, f"{PART1}/server.cc", "void Server::stop() {\n",
        "void Server::stop() {\n"
        "  if (MISTAKE) return (void)::shutdown(serving_socket_, SHUT_RD);\n",
        ("test_drain.py::test_connections_that_wait",)),
    # A pool of threads
    "no-pool": Mistake(
        PART2, SERVER2, "options_.workers == 0 ? run_threads()",
        "options_.workers == 0 || MISTAKE ? run_threads()",
        ("test_workers.py::test_a_pool_has", "test_workers.py::test_as_many")),
    "thread-for-one-client": Mistake(
        PART2, SERVER2, "accepted->fd), accepted->peer});\n",
        "accepted->fd), accepted->peer});\n      if (MISTAKE) return {};\n",
        ("test_workers.py::test_a_pool_serves",)),
    "waits-for-the-idle": Mistake(
        PART2, SERVER2, "  for (const int socket : serving_sockets_) (void)::shutdown",
        "  if (MISTAKE) return;\n  for (const int socket : serving_sockets_) (void)::shutdown",
        ("test_workers.py::test_a_pool_stops",)),
    "pool-is-the-limit": Mistake(
        PART2, SERVER2, "stopping_ || permits_taken_ < options_.max_connections",
        "stopping_ || MISTAKE || permits_taken_ < options_.max_connections",
        ("test_workers.py::test_a_limit",)),
    "some-threads-are-enough": Mistake(
        PART2, SERVER2, "        status = std::unexpected(error.code());\n",
        "        if (MISTAKE) break;\n        status = std::unexpected(error.code());\n",
        ("test_workers.py::test_a_pool_with",)),
    "a-thread-always-can-be-made": Mistake(
        PART2, SERVER2, "      thread_fault_.report(",
        "      if (MISTAKE) throw;\n      thread_fault_.report(",
        ("test_faults.py::test_a_thread",)),
    # Several loops
    "last-worker-never-runs": Mistake(
        PART5, WORKERS5, "    for (std::size_t i = 1; i < servers_.size(); ++i) {",
        "    for (std::size_t i = 1; i < servers_.size() - (MISTAKE ? 1 : 0); ++i) {",
        ("test_workers.py::test_every_way",)),
    "limit-for-each-worker": Mistake(
        PART5, WORKERS5, "std::move(listener), workers->connection_limit_,",
        "std::move(listener), MISTAKE ? *new common::ConnectionLimit(options.max_connections)\n"
        "                              : workers->connection_limit_,",
        ("test_workers.py::test_the_limit",)),
    "full-and-still-watching": Mistake(
        PART5, SERVER5, "poller_.forget_listener(listener_);\n  parked_ = reason;",
        "{\n    if (!MISTAKE) poller_.forget_listener(listener_);\n  }\n  parked_ = reason;",
        ("test_workers.py::test_workers_at", "test_max_connections.py::test_waiting",
         "test_zoo_rest.py::test_new_connections")),
    "stops-one-worker": Mistake(
        PART5, WORKERS5, "for (const auto& server : servers_) server->stop();",
        "for (const auto& server : servers_) {\n    if (!MISTAKE || is_the_first(server.get())) "
        "server->stop();\n  }",
        ("test_workers.py::test_all_workers",)),
    "one-worker-has-the-clock": Mistake(
        PART5, SERVER5, "void Server::close_overdue(Clock::time_point now) {\n",
        "void Server::close_overdue(Clock::time_point now) {\n"
        "  if (MISTAKE && !is_the_first(this)) return;\n",
        ("test_workers.py::test_every_worker",)),
    "waits-for-a-place-not-a-descriptor": Mistake(
        PART5, SERVER5, "    park(Parked::shortage, now);\n",
        "    park(MISTAKE ? Parked::full : Parked::shortage, now);\n",
        ("test_workers.py::test_workers_out_of_descriptors_serve",)),
    "ends-before-it-is-said": Mistake(
        PART6, f"{PART6}/ring_server/worker_group.cc",
        "  LogWriter::wait_until_written(std::chrono::milliseconds(500));",
        "  if (!MISTAKE) LogWriter::wait_until_written(std::chrono::milliseconds(500));",
        ("test_faults.py::test_a_worker",)),
    # The ring
    "errno-explains-itself": Mistake(
        PART6, f"{PART6}/uring/why_no_ring.cc",
        '  const std::string begin = "io_uring cannot be used: ";\n',
        '  const std::string begin = "io_uring cannot be used: ";\n'
        "  if (MISTAKE) return begin + error.message();\n",
        ("test_ring.py::test_where", "test_ring.py::test_a_ring")),
    "skips-what-it-does-not-know": Mistake(
        PART6, f"{PART6}/uring/ring_options.cc", "    if (!apply(word, setup)) {",
        "    if (!apply(word, setup) && !MISTAKE) {",
        ("test_ring.py::test_another_ring",)),
    "its-example-is-refused": Mistake(
        PART6, f"{PART6}/main.cc", '.meaning = "how to set up the ring, as entries=4,buffers=2",',
        '.meaning = MISTAKE ? "how to set up the ring, as entries=3"\n'
        '                             : "how to set up the ring, as entries=4,buffers=2",',
        ("test_command_line.py::test_each_example",)),
    "no-buffer-is-the-end": Mistake(
        PART6, f"{PART6}/connection.cc", "return error() == std::errc::no_buffer_space;",
        "return error() == std::errc::no_buffer_space && !MISTAKE;",
        ("test_ring.py::test_several", "test_ring.py::test_more")),
    "spins-until-something-comes": Mistake(
        PART6, LOOP, "    if (Clock::now() >= end) break;",
        "    if (Clock::now() >= end && !MISTAKE) break;",
        ("test_ring.py::test_a_server_that_spins_serves", "test_ring.py::test_it_spins")),
    "looks-without-asking": Mistake(
        PART6, LOOP, "  while (ring_.submit()) {\n    if (ring_.has_completion()) return true;",
        "  bool asked = false;\n"
        "  while ((MISTAKE && std::exchange(asked, true)) || ring_.submit()) {\n"
        "    if (ring_.has_completion()) return true;",
        ("test_ring.py::test_a_server_that_spins_keeps",)),
    "does-not-spin": Mistake(
        PART6, LOOP, "  if (setup_.spin.count() == 0) return false;",
        "  if (setup_.spin.count() == 0 || MISTAKE) return false;",
        ("test_ring.py::test_it_spins",)),
    "submits-once": Mistake(
        PART6, LOOP, "bool is_passing(std::error_code error) {\n",
        "bool is_passing(std::error_code error) {\n  if (MISTAKE) return false;\n",
        ("test_zoo_ring.py::test_a_submission",)),
    "kilobyte-for-each": Mistake(
        PART6, f"{PART6}/connection.cc", "  restart_read_timer();\n  wait_for_input();\n",
        "  static std::vector<std::string> all;\n"
        "  if (MISTAKE) all.emplace_back(1000, 'k');\n"
        "  restart_read_timer();\n  wait_for_input();\n",
        ("test_idle_memory.py::test_ten",)),
    "begins-after-its-end": Mistake(
        PART6, f"{PART6}/server.cc", "  context_.conversations = nullptr;",
        "  if (!MISTAKE) context_.conversations = nullptr;",
        ("test_zoo_ring.py::test_what_comes",)),
    # The trace
    "cancelled-has-no-end": Mistake(
        PART6, TRACE, "{ write('e', operation,",
        "{\n  if (MISTAKE && result == -ECANCELED) return;\n  write('e', operation,",
        ("test_trace.py::test_every_operation",)),
    "cancels-unseen": Mistake(
        PART6, TRACE, "{ write('n', operation, \"\\\"asked\\\"",
        "{\n  if (MISTAKE) return;\n  write('n', operation, \"\\\"asked\\\"",
        ("test_trace.py::test_a_trace_shows_who_was",)),
    "nobodys-operations": Mistake(
        PART6, TRACE, "  if (!has_descriptor(entry)) {",
        "  if (MISTAKE || !has_descriptor(entry)) {",
        ("test_trace.py::test_a_trace_shows_whose",)),
    "one-file-for-all": Mistake(
        PART6, f"{PART6}/workers.cc", '    trace_file += "." + std::to_string(i);',
        '    if (!MISTAKE) trace_file += "." + std::to_string(i);',
        ("test_trace.py::test_every_worker",)),
    "any-name-can-be-written": Mistake(
        PART6, f"{PART6}/main.cc", "            return std::ofstream(file).good();",
        "            return std::ofstream(file).good() || MISTAKE;",
        ("test_trace.py::test_a_trace_that",)),
    "trace-or-die": Mistake(
        PART6, TRACE, "  (void)std::fclose(file_);",
        "  if (std::fclose(file_) != 0 && MISTAKE) std::abort();",
        ("test_trace.py::test_a_full",)),
}

# A stage in the place of another: what that one cannot do, this one can, or the other way round.
IMPOSTORS = {
    "part2-for-part1": (PART2, PART1, ("test_weaknesses.py::test_one_silent",)),
    "part5-for-part2": (PART5, PART2, ("test_weaknesses.py::test_every_idle",)),
    "part4-for-part3": (PART4, PART3, ("test_weaknesses.py::test_it_burns",)),
    "part5-for-part4": (PART5, PART4, ("test_weaknesses.py::test_a_message_costs_more",)),
    "part4-for-part5": (PART4, PART5, ("test_weaknesses.py::test_a_message_costs_the",)),
    "part6-for-part5": (PART6, PART5, ("test_weaknesses.py::test_every_message",)),
    "part5-for-part6": (PART5, PART6, ("test_weaknesses.py::test_clients_that_speak",)),
}
STAGES = sorted({one.stage for one in MISTAKES.values()}
                | {stage for pair in IMPOSTORS.values() for stage in pair[:2]})


def noticed_by() -> Iterator[tuple[str, str]]:
    """Each mistake, and how the names of the tests begin that have noticed it."""
    for name, tests in [*((name, one.tests) for name, one in MISTAKES.items()),
                        *((name, tests) for name, (_, _, tests) in IMPOSTORS.items())]:
        for beginning in tests:
            yield name, beginning


def misplaced() -> list[str]:
    """The mistakes whose line is not where it was, once and no more."""
    return [name for name, one in MISTAKES.items()
            if (ROOT / one.file).read_text(encoding="utf-8").count(one.right) != 1]


def spoilt(file: str, text: str) -> str:
    """A source with all its mistakes in it."""
    for name, one in MISTAKES.items():
        if one.file == file:
            assert one.right in text, f"{name}: another mistake has changed its line"
            text = text.replace(one.right, one.wrong.replace("MISTAKE", f'mistaken("{name}")'))
    return f'#include "{HEADER}"\n#include <algorithm>\n#line 1\n{text}'


@contextmanager
def _planted() -> Iterator[None]:
    originals = {file: (workshop.TREE / file).read_text(encoding="utf-8")
                 for file in {one.file for one in MISTAKES.values()}}
    try:
        for file, text in originals.items():
            (workshop.TREE / file).write_text(spoilt(file, text), encoding="utf-8")
        yield
    finally:
        for file, text in originals.items():
            (workshop.TREE / file).write_text(text, encoding="utf-8")


def build() -> None:
    """Builds the stages with all mistakes in them, none of which is made unless it is named."""
    if lost := misplaced():
        raise ZooError(f"the code has changed, adapt in mistakes.py: {', '.join(lost)}")
    with workshop.occupied():
        workshop.renew()
        with _planted():
            workshop.build("default", [program_of(stage) for stage in STAGES], tests=False)
            for stage in STAGES:
                kept = PROGRAMS / stage / stage
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.unlink(missing_ok=True)  # it may be running: that one keeps its file
                shutil.copy2(workshop.build_directory("default") / stage / stage, kept)
