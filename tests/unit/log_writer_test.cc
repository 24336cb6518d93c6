#include "log_writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "common/server/log.h"
#include "log_pipe.h"

namespace {

using namespace std::chrono_literals;
using stage::LogWriter;
using tests::lines;
using tests::log_lines;
using uring::Loop;
using uring::Task;

class LogWriters : public testing::Test {
 protected:
  LogWriters() { (void)std::signal(SIGPIPE, SIG_IGN); }  // as prepare_process() has it

  /// Reads until it ends so, and fails if that never comes.
  Task<> expect_end(std::string end) {
    for (int i = 0; i < 1000 && !pipe_->text().ends_with(end); ++i) {
      (void)co_await loop_->sleep(2ms);
    }
    EXPECT_THAT(pipe_->text(), testing::EndsWith(end));
  }

  /// Runs the test's part beside the writer.
  void beside_the_writer(Task<> part) {
    EXPECT_TRUE(loop_->run(writer_->write_during(*loop_, succeed(std::move(part)))));
  }

  static Task<uring::Status> succeed(Task<> part) {
    co_await std::move(part);
    co_return {};
  }

  std::optional<tests::LogPipe> pipe_{std::in_place};
  std::unique_ptr<Loop> loop_ = std::move(Loop::create({}).value());
  std::unique_ptr<LogWriter> writer_ = std::move(LogWriter::create().value());
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
  EXPECT_EQ(pipe_->text(), lines(0, 6000));
}

TEST_F(LogWriters, WriteTheLinesOfOtherThreads) {
  std::jthread other([] { log_lines(0, 1000); });
  beside_the_writer(expect_end(lines(0, 1000)));
}

TEST_F(LogWriters, WaitForAPipeThatOthersMadeNonBlocking) {
  ASSERT_EQ(::fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK), 0);
  beside_the_writer(log_twice(*loop_, 3000, expect_end(lines(5999, 6000))));
  EXPECT_EQ(pipe_->text(), lines(0, 6000));
}

Task<> nothing() { co_return; }

TEST_F(LogWriters, LeaveWhatTheyHaveNotWrittenToTheLog) {
  log_lines(0, 10);
  beside_the_writer(nothing());
  writer_.reset();
  log_lines(10, 11);
  EXPECT_EQ(pipe_->text(), lines(0, 11));
}

Task<> log_and_end(Loop& loop, int turns) {
  log_lines(0, 1);
  for (int i = 0; i < turns; ++i) (void)co_await loop.nop();
}

TEST_F(LogWriters, CountAWriteThatIsUnderWayWhenTheWorkEnds) {
  for (int turns = 0; turns < 6; ++turns) {
    beside_the_writer(log_and_end(*loop_, turns));
    writer_.reset();  // writes what it takes to be unwritten
    writer_ = std::move(LogWriter::create().value());
    EXPECT_EQ(pipe_->text(), lines(0, 1)) << "ended after " << turns << " turns";
    pipe_->forget();
  }
}

Task<> rest(Loop& loop) { (void)co_await loop.sleep(10ms); }

TEST_F(LogWriters, GoOnWhenAWriteHasFailed) {
  pipe_->hang_up();
  common::log("a line for a reader who has gone");
  beside_the_writer(rest(*loop_));
  pipe_.emplace();
  writer_ = std::move(LogWriter::create().value());
  beside_the_writer(expect_end("a line for a reader who has gone\n"));
}

}  // namespace
