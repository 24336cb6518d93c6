#include "ring_server/log_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <pty.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>
#include <thread>

#include "common/server/log.h"

namespace {

using namespace std::chrono_literals;
using ring_server::LogWriter;
using uring::Loop;
using uring::Task;

std::string numbered(int number) { return fmt::format("line {:05} of a log", number); }
constexpr std::size_t numbered_bytes = 20;  // with its line end

void log_lines(int begin, int end) {
  for (int i = begin; i < end; ++i) common::log(numbered(i));
}

std::string lines(int begin, int end) {
  std::string text;
  for (int i = begin; i < end; ++i) text += numbered(i) + '\n';
  return text;
}

/// stderr is a pipe or a terminal that is read when we say so.
class LogWriters : public testing::Test {
 protected:
  void SetUp() override {
    (void)std::signal(SIGPIPE, SIG_IGN);  // as prepare_process() has it
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    become_stderr(ends[0], ends[1]);
    auto loop = Loop::create({});
    ASSERT_TRUE(loop);
    loop_ = std::move(*loop);
    auto writer = LogWriter::create();
    ASSERT_TRUE(writer);
    writer_ = std::move(*writer);
  }
  void TearDown() override {
    writer_.reset();
    read_what_is_there();
    log_lines(0, 1);  // what was left goes out
    ::dup2(saved_.get(), STDERR_FILENO);
  }

  void become_stderr(int reading, int writing) {
    reading_ = common::Fd(reading);
    const common::Fd closed_here(writing);
    EXPECT_EQ(::fcntl(reading, F_SETFL, O_NONBLOCK), 0);
    EXPECT_GE(::dup2(writing, STDERR_FILENO), 0);
  }

  void read_what_is_there() {
    std::array<char, 4096> piece;
    for (ssize_t n; (n = ::read(reading_.get(), piece.data(), piece.size())) > 0;) {
      text_.append(piece.data(), static_cast<std::size_t>(n));
    }
  }

  /// Reads until it ends so, and fails if that never comes.
  Task<> expect_end(std::string end) {
    for (int i = 0; i < 1000 && !text_.ends_with(end); ++i) {
      read_what_is_there();
      (void)co_await loop_->sleep(2ms);
    }
    EXPECT_THAT(text_, testing::EndsWith(end));
  }

  /// Runs the test's part beside the writer.
  void beside_the_writer(Task<> part) {
    EXPECT_TRUE(loop_->run(writer_->write_during(*loop_, succeed(std::move(part)))));
  }

  static Task<uring::Status> succeed(Task<> part) {
    co_await std::move(part);
    co_return {};
  }

  common::Fd saved_{::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)};
  common::Fd reading_;
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<LogWriter> writer_;
  std::string text_;
};

Task<> log_and_see(Loop& loop, Task<> seen) {
  common::log("one");
  (void)co_await loop.sleep(1ms);
  common::log("two");
  co_await std::move(seen);
}

TEST_F(LogWriters, WriteLinesAsTheyCome) {
  common::log("before it runs");
  beside_the_writer(log_and_see(*loop_, expect_end("before it runs\none\ntwo\n")));
}

/// Two halves, either of which the queue can hold, and together more than the reader's buffer can.
Task<> log_twice(Loop& loop, int lines_each, Task<> seen) {
  const auto begin = uring::Clock::now();
  log_lines(0, lines_each);
  (void)co_await loop.sleep(50ms);
  log_lines(lines_each, 2 * lines_each);
  (void)co_await loop.sleep(50ms);
  EXPECT_LT(uring::Clock::now() - begin, 5s) << "the loop stood still";
  co_await std::move(seen);
}

TEST_F(LogWriters, WaitForAPipeThatNobodyEmptiesButTheLoopDoesNot) {
  beside_the_writer(log_twice(*loop_, 3000, expect_end(lines(5999, 6000))));
  EXPECT_EQ(text_, lines(0, 6000));
}

// poll(2) finds a terminal ready that has room for less than a line.
TEST_F(LogWriters, WaitForATerminalThatNobodyReadsButTheLoopDoesNot) {
  int master = -1;
  int slave = -1;
  termios raw{};
  ::cfmakeraw(&raw);
  ASSERT_EQ(::openpty(&master, &slave, nullptr, &raw, nullptr), 0);
  become_stderr(master, slave);
  beside_the_writer(log_twice(*loop_, 1500, expect_end(lines(2999, 3000))));
  EXPECT_EQ(text_, lines(0, 3000));
}

Task<> lose_lines(Loop& loop, Task<> seen) {
  log_lines(0, 20'000);
  (void)co_await loop.sleep(10ms);
  co_await std::move(seen);
}

TEST_F(LogWriters, CountWhatIsLost) {
  beside_the_writer(lose_lines(*loop_, expect_end("lines lost: nobody reads stderr)\n")));
  const auto kept = static_cast<int>(text_.rfind("\n(") + 1) / static_cast<int>(numbered_bytes);
  EXPECT_EQ(text_,
            lines(0, kept) + fmt::format("({} lines lost: nobody reads stderr)\n", 20'000 - kept));
}

TEST_F(LogWriters, WriteTheLinesOfOtherThreads) {
  std::jthread other([] { log_lines(0, 1000); });
  beside_the_writer(expect_end(lines(0, 1000)));
}

TEST_F(LogWriters, WaitForAPipeThatOthersMadeNonBlocking) {
  ASSERT_EQ(::fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK), 0);
  beside_the_writer(log_twice(*loop_, 3000, expect_end(lines(5999, 6000))));
  EXPECT_EQ(text_, lines(0, 6000));
}

Task<> nothing() { co_return; }

TEST_F(LogWriters, LeaveWhatTheyHaveNotWrittenToTheLog) {
  log_lines(0, 10);
  beside_the_writer(nothing());
  writer_.reset();
  log_lines(10, 11);
  read_what_is_there();
  EXPECT_EQ(text_, lines(0, 11));
}

Task<> log_and_end(Loop& loop, int turns) {
  common::log(numbered(0));
  for (int i = 0; i < turns; ++i) (void)co_await loop.nop();
}

TEST_F(LogWriters, CountAWriteThatIsUnderWayWhenTheWorkEnds) {
  for (int turns = 0; turns < 6; ++turns) {
    beside_the_writer(log_and_end(*loop_, turns));
    writer_.reset();  // writes what it takes to be unwritten
    writer_ = std::move(LogWriter::create().value());
    read_what_is_there();
    EXPECT_EQ(text_, lines(0, 1)) << "ended after " << turns << " turns";
    text_.clear();
  }
}

Task<> rest(Loop& loop) { (void)co_await loop.sleep(10ms); }

TEST_F(LogWriters, GoOnWhenAWriteHasFailed) {
  reading_ = common::Fd();
  common::log("a line for a reader who has gone");
  beside_the_writer(rest(*loop_));
  writer_.reset();
  SetUp();
  beside_the_writer(expect_end("a line for a reader who has gone\n"));
}

}  // namespace
