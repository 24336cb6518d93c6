#include "common/server/log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <pty.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "captured.h"

namespace {

using common::Clock;
using common::ConnectionLog;
using common::Error;
using common::RepeatedFault;
using tests::stderr_of;
using namespace std::chrono_literals;

TEST(Log, DoesNotMixTheLinesOfThreads) {
  constexpr int threads_count = 4;
  constexpr int lines_each = 200;
  const auto written = stderr_of([] {
    std::vector<std::jthread> threads;
    for (int i = 0; i < threads_count; ++i) {
      threads.emplace_back([i] {
        const std::string line(100, static_cast<char>('a' + i));
        for (int n = 0; n < lines_each; ++n) common::log(line);
      });
    }
  });
  ASSERT_EQ(written.size(), std::size_t{threads_count} * lines_each * 101);
  for (std::size_t at = 0; at < written.size(); at += 101) {
    const auto line = written.substr(at, 101);
    ASSERT_EQ(line, std::string(100, line.front()) + '\n');
  }
}

// A timer counts as a pending signal, and a user may have used up the limit of those: ulimit -i.
TEST(LogDeathTest, WritesAlsoWithoutATimer) {
  const auto act = [] {
    constexpr rlimit none{.rlim_cur = 0, .rlim_max = 0};
    if (::setrlimit(RLIMIT_SIGPENDING, &none) < 0) std::_Exit(99);
    common::log("line");
    std::_Exit(0);
  };
  EXPECT_EXIT(act(), testing::ExitedWithCode(0), "^line\n$");
}

// poll(2) refuses even one descriptor then, but the terminal would take the line.
TEST(LogDeathTest, WritesToATerminalAlsoIfNoDescriptorIsPermitted) {
  const auto act = [] {
    int reader = -1;
    int terminal = -1;
    constexpr rlimit none{.rlim_cur = 0, .rlim_max = 0};
    if (::openpty(&reader, &terminal, nullptr, nullptr, nullptr) < 0 ||
        ::dup2(terminal, STDERR_FILENO) < 0 || ::fcntl(reader, F_SETFL, O_NONBLOCK) < 0 ||
        ::setrlimit(RLIMIT_NOFILE, &none) < 0) {
      std::_Exit(99);
    }
    common::log("line");
    std::string text(10, '\0');
    std::_Exit(::read(reader, text.data(), text.size()) == 6 && text.starts_with("line") ? 0 : 1);
  };
  EXPECT_EXIT(act(), testing::ExitedWithCode(0), "");
}

class RepeatedFaults : public testing::Test {
 protected:
  /// Returns the log's text when the fault comes again, `later` than the start.
  std::string report(Clock::duration later) {
    return stderr_of([&] {
      fault_.report(make_error_code(std::errc::too_many_files_open), Clock::time_point(1h) + later);
    });
  }

 private:
  RepeatedFault fault_{"cannot accept"};
};

TEST_F(RepeatedFaults, AreReportedOnceASecondAndCounted) {
  EXPECT_EQ(report(0s), "cannot accept: Too many open files\n");
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(report(999'999us), "");
  EXPECT_EQ(report(1s), "cannot accept: Too many open files (and 1000 more)\n");
  EXPECT_EQ(report(1500ms), "");
  EXPECT_EQ(report(2s), "cannot accept: Too many open files (and 1 more)\n");
  EXPECT_EQ(report(4s), "cannot accept: Too many open files\n");
}

TEST_F(RepeatedFaults, AreCountedFromTheLastLineNotTheLastFault) {
  EXPECT_NE(report(0s), "");
  int lines = 0;
  for (auto later = 100ms; later <= 10s; later += 100ms) {
    if (!report(later).empty()) ++lines;
  }
  EXPECT_EQ(lines, 10) << "a fault that never pauses must not silence itself";
}

TEST(RepeatedFault, WritesOneLineThoughManyThreadsReport) {
  RepeatedFault fault("cannot accept");
  const auto error = make_error_code(std::errc::too_many_files_open);
  const auto written = stderr_of([&] {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 1000; ++n) fault.report(error, Clock::time_point(1h));
      });
    }
  });
  EXPECT_EQ(std::ranges::count(written, '\n'), 1);
  const auto later = stderr_of([&] { fault.report(error, Clock::time_point(2h)); });
  EXPECT_EQ(later, "cannot accept: Too many open files (and 3999 more)\n");
}

TEST(ConnectionLog, HasALineForEachFaultAndForEverythingWhenVerbose) {
  const auto peer = *common::Address::parse("192.0.2.1", 40'000);
  const std::error_code reset = make_error_code(std::errc::connection_reset);
  struct {
    std::error_code reason;
    bool inside_message;
    bool is_ordinary;
    std::string line;
  } const cases[] = {
      {{}, false, true, "goodbye"},
      {Error::timed_out, true, true, "timed out"},
      {Error::malformed, false, true, "malformed request"},
      {make_error_code(std::errc::broken_pipe), false, true, "Broken pipe"},
      // Between messages, where a client may vanish.
      {reset, false, true, "Connection reset by peer"},
      {reset, true, false, "Connection reset by peer"},
      {Error::too_long, false, false, "message too long"},
      {Error::cut_short, true, false, "stream ended inside a message"},
  };
  for (const auto& [reason, inside_message, is_ordinary, line] : cases) {
    const auto said = [&](bool verbose) {
      return stderr_of([&] { ConnectionLog(verbose).closed(peer, reason, inside_message); });
    };
    const auto wanted = "192.0.2.1:40000: closed: " + line + '\n';
    EXPECT_EQ(said(true), wanted);
    EXPECT_EQ(said(true), wanted) << "again, and at once";
    EXPECT_EQ(said(false), is_ordinary ? "" : wanted) << line;
    EXPECT_EQ(said(false), "") << line;
  }
  EXPECT_EQ(stderr_of([&] { ConnectionLog(false).opened(peer); }), "");
  EXPECT_EQ(stderr_of([&] { ConnectionLog(true).opened(peer); }), "192.0.2.1:40000: connected\n");
}

// A client that breaks the protocol ten thousand times a second would fill the disk.
TEST(ConnectionLog, HasALineASecondForEachKindOfFaultAndCountsTheOthers) {
  const auto peer = *common::Address::parse("192.0.2.1", 40'000);
  const auto said = [&](std::error_code reason) {
    return stderr_of([&] { ConnectionLog(false).closed(peer, reason, true); });
  };
  const auto wait = [] { std::this_thread::sleep_for(1001ms); };
  wait();  // since the lines of other tests
  EXPECT_NE(said(Error::too_long), "");
  EXPECT_NE(said(Error::cut_short), "") << "of another kind";
  for (int i = 0; i < 41; ++i) EXPECT_EQ(said(Error::too_long), "");
  EXPECT_EQ(said(Error::cut_short), "");
  wait();
  EXPECT_EQ(said(Error::too_long), "192.0.2.1:40000: closed: message too long (and 41 more)\n");
}

}  // namespace
