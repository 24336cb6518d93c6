"""Small mistakes for part6: its loop, its ring, what it counts and traces. See mistakes.py."""

from __future__ import annotations

from mistake import LOOP_SERVER, PART6, RING_SERVER, TAKEOVER, Mistake

LOOP, RING, TRACE = (f"{PART6}/uring/{name}.cc" for name in ("loop", "ring", "trace"))
SERVER6, METRICS = f"{PART6}/server.cc", f"{RING_SERVER}/metrics_service.cc"
METRICS_TEXT = f"{RING_SERVER}/metrics_text.cc"

RING_MISTAKES = {
    # The ring
    "errno-explains-itself": Mistake(
        PART6, RING, '  const std::string begin = "io_uring cannot be used: ";\n',
        '  const std::string begin = "io_uring cannot be used: ";\n'
        "  if (MISTAKE) return begin + error.message();\n",
        ("test_ring.py::test_where", "test_ring.py::test_a_ring")),
    "skips-what-it-does-not-know": Mistake(
        PART6, f"{PART6}/uring/setup.cc", "    if (!apply(word, setup)) {",
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
        ("test_ring.py::test_a_server_that_spins", "test_ring.py::test_it_spins")),
    "looks-without-asking": Mistake(
        PART6, LOOP, "  while (ring_.submit()) {\n    if (ring_.has_completion()) return true;",
        "  bool asked = false;\n"
        "  while ((MISTAKE && std::exchange(asked, true)) || ring_.submit()) {\n"
        "    if (ring_.has_completion()) return true;",
        ("test_ring.py::test_a_server_that_spins",)),
    "does-not-spin": Mistake(
        PART6, LOOP, "  if (setup_.spin.count() == 0) return false;",
        "  if (setup_.spin.count() == 0 || MISTAKE) return false;",
        ("test_ring.py::test_it_spins",)),
    "submits-once": Mistake(
        PART6, LOOP, "bool is_passing(std::error_code error) {\n",
        "bool is_passing(std::error_code error) {\n  if (MISTAKE) return false;\n",
        ("test_zoo_ring.py::test_a_submission",)),
    "kilobyte-for-each": Mistake(
        PART6, f"{PART6}/connection.cc", "  restart_read_timer();\n  rest();\n",
        "  static std::vector<std::string> all;\n"
        "  if (MISTAKE) all.emplace_back(1000, 'k');\n  restart_read_timer();\n  rest();\n",
        ("test_idle_memory.py::test_ten",)),
    "begins-after-its-end": Mistake(
        PART6, SERVER6, "  context_.conversations = nullptr;",
        "  if (!MISTAKE) context_.conversations = nullptr;",
        ("test_zoo_ring.py::test_what_comes",)),
    # What was counted
    "one-worker-is-asked": Mistake(
        PART6, METRICS_TEXT, "  for (const WorkerCounters* worker : workers) total",
        "  if (MISTAKE) workers = workers.first(1);\n"
        "  for (const WorkerCounters* worker : workers) total",
        ("test_metrics.py::test_each_worker",)),
    "hears-the-signal-once": Mistake(
        PART6, METRICS, "    action.sa_flags = SA_RESTART;",
        "    action.sa_flags = MISTAKE ? SA_RESTART | SA_RESETHAND : SA_RESTART;",
        ("test_metrics.py::test_the_signal_says",)),
    "interrupted-ring-is-the-end": Mistake(
        PART6, RING, "  if (result < 0 && result != -EINTR && result != -ETIME) {",
        "  if (result < 0 && (result != -EINTR || MISTAKE) && result != -ETIME) {",
        ("test_metrics.py::test_the_signal_ends", "test_interruptions.py::test_an_interrupted")),
    "counts-no-call-that-waits": Mistake(
        PART6, RING, "  ++enter_calls_;\n  int result = 0;",
        "  if (!MISTAKE) ++enter_calls_;\n  int result = 0;",
        ("test_metrics.py::test_the_ring",)),
    "no-overflow-is-seen": Mistake(
        PART6, RING, "  ++overflows_;", "  if (!MISTAKE) ++overflows_;",
        ("test_metrics.py::test_completions",)),
    "counts-looks-and-not-waits": Mistake(
        PART6, f"{RING_SERVER}/acceptor.cc", "if (!std::exchange(is_waiting_, true)) ++",
        "if (!std::exchange(is_waiting_, true) == !MISTAKE) ++",
        ("test_metrics.py::test_who_waits",)),
    "one-loopback-address": Mistake(
        PART6, METRICS, "  return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;",
        "  if (MISTAKE) return ntohl(v4->sin_addr.s_addr) == INADDR_LOOPBACK;\n"
        "  return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;",
        ("test_metrics.py::test_a_loopback",)),
    "scraped-by-everybody": Mistake(
        PART6, METRICS, "  if (!address || !is_loopback(*address)) return",
        "  if (!address || (!is_loopback(*address) && !MISTAKE)) return",
        ("test_metrics.py::test_no_other",)),
    "replaces-any-file": Mistake(
        PART6, METRICS, "  if (is_other_file(path)) return",
        "  if (is_other_file(path) && !MISTAKE) return",
        ("test_metrics.py::test_a_socket_that",)),
    "uncounted-rather-than-not-at-all": Mistake(
        PART6, METRICS, "  return common::listen_on(address, common::SocketMode::nonblocking);",
        "  auto made = common::listen_on(address, common::SocketMode::nonblocking);\n"
        "  if (!made && MISTAKE) return common::Fd();\n  return made;",
        ("test_metrics.py::test_an_address",)),
    "answers-until-it-has-drained": Mistake(
        PART6, LOOP_SERVER, "shared_.metrics.start(*loop_, accepting, scrapes, background_);",
        "shared_.metrics.start(*loop_, MISTAKE ? headers : accepting, scrapes, background_);",
        ("test_metrics.py::test_a_successor_answers",)),
    "keeps-what-it-does-not-need": Mistake(
        PART6, TAKEOVER, "  side_.clear();  // what", "  if (!MISTAKE) side_.clear();  // what",
        ("test_metrics.py::test_a_successor_may",)),
    "target-to-the-blank": Mistake(
        PART6, METRICS_TEXT, 'target.find_first_of(" ?")',
        'target.find_first_of(MISTAKE ? " " : " ?")',
        ("test_metrics.py::test_what_is",)),
    "head-with-a-body": Mistake(
        PART6, METRICS_TEXT, '  if (method == "HEAD") answer.resize(',
        '  if (method == "HEAD" && !MISTAKE) answer.resize(',
        ("test_metrics.py::test_head",)),
    "waits-for-the-rest-of-the-request": Mistake(
        PART6, METRICS,
        "    if (!received || *received == 0) co_return false;\n    size += *received;",
        "    if ((!received || *received == 0) && !MISTAKE) co_return false;\n"
        "    size += received.value_or(0);",
        ("test_metrics.py::test_a_scraper_that_vanishes",)),
    "sends-until-somebody-takes-it": Mistake(
        PART6, METRICS, "    if (!sent) co_return;\n    left = left.subspan(*sent);",
        "    if (!sent && !MISTAKE) co_return;\n    left = left.subspan(sent.value_or(0));",
        ("test_metrics.py::test_a_scraper_that_resets",)),
    # The probes
    "orderly-end-unseen": Mistake(
        PART6, SERVER6, "  ring_server::probes::ended(",
        "  if (reason || !MISTAKE) ring_server::probes::ended(",
        ("test_probes.py::test_bpftrace",)),
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
