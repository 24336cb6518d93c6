#include "common/server/log.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "bytes.h"
#include "captured.h"

namespace {

using common::Clock;
using common::ConnectionLog;
using common::Error;
using common::escape;
using common::RepeatedFault;
using tests::bytes;
using tests::stderr_of;
using namespace std::chrono_literals;
using namespace std::string_literals;

TEST(Log, WritesALineToStderr) {
  EXPECT_EQ(stderr_of([] { common::log("a line"); }), "a line\n");
}

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

TEST(Escape, LeavesPrintableAsciiAlone) {
  std::string printable;
  for (char c = ' '; c <= '~'; ++c) {
    if (c != '\\') printable += c;
  }
  EXPECT_EQ(escape(bytes(printable)), printable);
}

TEST(Escape, DoublesTheBackslash) {
  EXPECT_EQ(escape(bytes(R"(\x41)")), R"(\\x41)") << "or a peer could write an escape itself";
}

TEST(Escape, ShowsEverythingElseInHex) {
  EXPECT_EQ(escape(bytes("\0\t\r\n\x1b[2J\x7f"s)), R"(\x00\x09\x0d\x0a\x1b[2J\x7f)");
  EXPECT_EQ(escape(bytes("\x80\xc3\xa9\xff")), R"(\x80\xc3\xa9\xff)");
}

TEST(Escape, LetsNoByteThroughThatMovesTheCursor) {
  for (int value = 0; value < 256; ++value) {
    const std::string one(1, static_cast<char>(value));
    for (const char c : escape(bytes(one))) {
      ASSERT_TRUE(c >= ' ' && c <= '~') << "for byte " << value;
    }
  }
}

class RepeatedFaults : public testing::Test {
 protected:
  /// What is logged when it comes again `later` than at the start.
  std::string report(Clock::duration later) {
    return stderr_of([&] {
      fault_.report(make_error_code(std::errc::too_many_files_open), Clock::time_point(1h) + later);
    });
  }

 private:
  RepeatedFault fault_{"cannot accept"};
};

TEST_F(RepeatedFaults, AreReportedAtOnceTheFirstTime) {
  EXPECT_EQ(report(0s), "cannot accept: Too many open files\n");
}

TEST_F(RepeatedFaults, AreReportedOnceASecondAndCounted) {
  EXPECT_NE(report(0s), "");
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(report(999'999us), "");
  EXPECT_EQ(report(1s), "cannot accept: Too many open files (and 1000 times more)\n");
  EXPECT_EQ(report(1500ms), "");
  EXPECT_EQ(report(2s), "cannot accept: Too many open files (and 1 times more)\n");
  EXPECT_EQ(report(4s), "cannot accept: Too many open files\n");
}

TEST(RepeatedFault, OfAPeerBeginsWithIt) {
  RepeatedFault fault("turned away");
  const auto report = [&](std::string_view literal, Clock::duration later) {
    return stderr_of([&] {
      fault.report(*common::Address::parse(literal, 1234), Clock::time_point(1h) + later);
    });
  };
  EXPECT_EQ(report("192.0.2.7", 0s), "192.0.2.7:1234 turned away\n");
  EXPECT_EQ(report("192.0.2.8", 999ms), "");
  EXPECT_EQ(report("192.0.2.9", 1s), "192.0.2.9:1234 turned away (and 1 more)\n");
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
  EXPECT_EQ(later, "cannot accept: Too many open files (and 3999 times more)\n");
}

std::string closed(bool verbose, std::error_code reason, bool inside_message) {
  const auto peer = *common::Address::parse("192.0.2.1", 40'000);
  return stderr_of([&] { ConnectionLog(verbose).closed(peer, reason, inside_message); });
}

TEST(ConnectionLog, IsQuietAboutWhatIsOrdinary) {
  const auto peer = *common::Address::parse("192.0.2.1", 40'000);
  EXPECT_EQ(stderr_of([&] { ConnectionLog(false).opened(peer); }), "");
  EXPECT_EQ(closed(false, {}, false), "");
  EXPECT_EQ(closed(false, Error::timed_out, true), "");
  EXPECT_EQ(closed(false, Error::malformed, false), "");
  EXPECT_EQ(closed(false, make_error_code(std::errc::broken_pipe), false), "");
  EXPECT_EQ(closed(false, make_error_code(std::errc::connection_reset), false), "")
      << "between messages, where a client may vanish";
}

TEST(ConnectionLog, HasALineForWhatIsWrong) {
  EXPECT_EQ(closed(false, Error::too_long, false), "192.0.2.1:40000: closed: message too long\n");
  EXPECT_EQ(closed(false, Error::cut_short, true),
            "192.0.2.1:40000: closed: stream ended inside a message\n");
  EXPECT_EQ(closed(false, make_error_code(std::errc::connection_reset), true),
            "192.0.2.1:40000: closed: Connection reset by peer\n");
}

TEST(ConnectionLog, TellsEverythingWhenVerbose) {
  const auto peer = *common::Address::parse("::1", 40'000);
  EXPECT_EQ(stderr_of([&] { ConnectionLog(true).opened(peer); }), "[::1]:40000: connected\n");
  EXPECT_EQ(closed(true, {}, false), "192.0.2.1:40000: closed: goodbye\n");
  EXPECT_EQ(closed(true, Error::timed_out, true), "192.0.2.1:40000: closed: timed out\n");
  EXPECT_EQ(closed(true, Error::malformed, false), "192.0.2.1:40000: closed: malformed request\n");
  EXPECT_EQ(closed(true, make_error_code(std::errc::connection_reset), false),
            "192.0.2.1:40000: closed: Connection reset by peer\n");
}

TEST(Error, HasAMessageForEachOfItsKinds) {
  std::vector<std::string> messages;
  for (const auto error : {Error::too_long, Error::cut_short, Error::timed_out, Error::malformed}) {
    messages.push_back(make_error_code(error).message());
    EXPECT_THAT(messages.back(), testing::Not(testing::HasSubstr("unknown")));
    EXPECT_STREQ(make_error_code(error).category().name(), "server");
  }
  std::ranges::sort(messages);
  EXPECT_EQ(std::ranges::adjacent_find(messages), messages.end()) << "two of them say the same";
}

}  // namespace
