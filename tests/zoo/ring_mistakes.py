"""Small mistakes for part6: its loop, its ring, its trace. See mistakes.py."""

from mistake import PART6, Mistake

LOOP, RING, TRACE = (f"{PART6}/uring/{name}.cc" for name in ("loop", "ring", "trace"))
SERVER6 = f"{PART6}/server.cc"

RING_MISTAKES = {
    # The ring
    "errno-explains-itself": Mistake(
        PART6, RING, '  const std::string begin = "io_uring cannot be used: ";\n',
        '  const std::string begin = "io_uring cannot be used: ";\n'
        "  if (MISTAKE) return begin + error.message();\n",
        ("test_ring.py::test_where", "test_ring.py::test_a_ring")),
    "skips-what-it-does-not-know": Mistake(
        PART6, f"{PART6}/uring/ring_setup.cc", "    if (!apply(word, setup)) {",
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
        PART6, f"{PART6}/connection.cc", "  restart_read_timer();\n  wait_for_input();\n",
        "  static std::vector<std::string> all;\n"
        "  if (MISTAKE) all.emplace_back(1000, 'k');\n"
        "  restart_read_timer();\n  wait_for_input();\n",
        ("test_idle_memory.py::test_ten",)),
    "begins-after-its-end": Mistake(
        PART6, SERVER6, "  context_.conversations = nullptr;",
        "  if (!MISTAKE) context_.conversations = nullptr;",
        ("test_zoo_ring.py::test_what_comes",)),
    "interrupted-ring-is-the-end": Mistake(
        PART6, RING, "  if (result < 0 && result != -EINTR && result != -ETIME) {",
        "  if (result < 0 && (result != -EINTR || MISTAKE) && result != -ETIME) {",
        ("test_interruptions.py::test_an_interrupted",)),
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
