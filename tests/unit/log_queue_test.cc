#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <pty.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "common/server/log.h"

namespace {

using common::LogQueue;

std::string numbered(int number) { return fmt::format("line {:05} of a log", number); }
constexpr std::size_t numbered_bytes = 20;  // with its line end

/// All that waits, taken out in pieces.
std::string drained(LogQueue& queue) {
  std::string text;
  while (!queue.empty()) {
    const auto piece = queue.front();
    EXPECT_LE(piece.size(), LogQueue::piece_bytes_max);
    EXPECT_TRUE(piece.ends_with('\n')) << "only whole lines";
    text += piece;
    queue.pop(piece.size());
  }
  return text;
}

TEST(LogQueue, KeepsTheOrder) {
  LogQueue queue;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    queue.push(numbered(i));
    expected += numbered(i) + '\n';
  }
  EXPECT_EQ(drained(queue), expected);
}

TEST(LogQueue, GoesOnInsideALineThatWasWrittenInPart) {
  LogQueue queue;
  queue.push("one");
  queue.push("two");
  queue.pop(2);
  EXPECT_EQ(drained(queue), "e\ntwo\n");
}

TEST(LogQueue, IsBoundedAndTellsWhatItLostInItsPlace) {
  LogQueue queue;
  constexpr int fit = LogQueue::bytes_max / numbered_bytes;
  for (int i = 0; i < fit + 7; ++i) queue.push(numbered(i));
  EXPECT_LE(queue.size_bytes(), LogQueue::bytes_max);

  queue.push("");  // would fit; but the loss in front of it could not be told
  queue.pop(3 * numbered_bytes);
  queue.push("after it");
  const auto text = drained(queue);
  EXPECT_THAT(text, testing::StartsWith(numbered(3) + '\n'));
  EXPECT_THAT(text, testing::EndsWith(numbered(fit - 1) +
                                      "\n(8 lines lost: nobody reads stderr)\nafter it\n"));
}

TEST(LogQueue, TellsOfALossThoughNothingComesAfterIt) {
  LogQueue queue;
  while (queue.size_bytes() + numbered_bytes <= LogQueue::bytes_max) queue.push(numbered(0));
  queue.push(numbered(1));
  EXPECT_THAT(drained(queue), testing::EndsWith("(1 lines lost: nobody reads stderr)\n"));
}

TEST(LogQueue, CutsALineThatFitsNoPiece) {
  LogQueue queue;
  const std::string longest(LogQueue::piece_bytes_max - 1, 'x');
  queue.push(longest);
  EXPECT_EQ(drained(queue), longest + '\n');
  queue.push(longest + 'x');
  const auto cut = drained(queue);
  EXPECT_EQ(cut.size(), LogQueue::piece_bytes_max);
  EXPECT_THAT(cut, testing::EndsWith("xxx ...\n"));
}

/// stderr is a pipe that is read when we say so.
class LogIntoAPipe : public testing::Test {
 protected:
  LogIntoAPipe() {
    EXPECT_EQ(::pipe2(ends_, O_CLOEXEC), 0);
    EXPECT_EQ(::fcntl(ends_[0], F_SETFL, O_NONBLOCK), 0);
    EXPECT_GE(::dup2(ends_[1], STDERR_FILENO), 0);
  }
  ~LogIntoAPipe() {
    ::dup2(saved_, STDERR_FILENO);
    for (const int fd : {saved_, ends_[0], ends_[1]}) ::close(fd);
  }

  void log_lines(int begin, int end) {
    for (int i = begin; i < end; ++i) common::log(numbered(i));
  }
  void read_what_is_there() {
    std::array<char, 4096> piece;
    for (ssize_t n; (n = ::read(ends_[0], piece.data(), piece.size())) > 0;) {
      text_.append(piece.data(), static_cast<std::size_t>(n));
    }
  }
  std::string lines(int begin, int end) {
    std::string text;
    for (int i = begin; i < end; ++i) text += numbered(i) + '\n';
    return text;
  }

  int ends_[2];
  int saved_ = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  std::string text_;
};

TEST_F(LogIntoAPipe, LinesThatFindNoRoomAreWrittenLater) {
  log_lines(0, 5000);  // 100,000 bytes: more than a pipe holds
  read_what_is_there();
  EXPECT_LT(text_.size(), 5000 * numbered_bytes);
  log_lines(5000, 5001);
  read_what_is_there();
  EXPECT_EQ(text_, lines(0, 5001)) << "in order, and none lost";
}

TEST_F(LogIntoAPipe, LossesAreCounted) {
  log_lines(0, 20'000);
  for (int i = 20'000; i < 20'003; ++i) {
    read_what_is_there();
    log_lines(i, i + 1);
  }
  read_what_is_there();
  int kept = 0;
  while (text_.find(numbered(kept)) == static_cast<std::size_t>(kept) * numbered_bytes) ++kept;
  EXPECT_EQ(text_, lines(0, kept) +
                       fmt::format("({} lines lost: nobody reads stderr)\n", 20'000 - kept) +
                       lines(20'000, 20'003));
}

TEST_F(LogIntoAPipe, AnotherWriterIsWokenForEachLineAndTakesThem) {
  int woken = 0;
  common::set_log_writer([&woken] { ++woken; });
  log_lines(0, 3);
  std::array<char, LogQueue::piece_bytes_max> piece;
  EXPECT_EQ(woken, 3);
  const auto size = common::copy_log_lines(piece);
  EXPECT_EQ(std::string_view(piece.data(), size), lines(0, 3));
  common::log_lines_written(2 * numbered_bytes);  // and the rest when it has left
  common::set_log_writer(nullptr);
  log_lines(3, 4);
  read_what_is_there();
  EXPECT_EQ(text_, lines(2, 4));
  EXPECT_EQ(woken, 3);
}

TEST_F(LogIntoAPipe, WhatWaitsAtTheEndOfTheProcessIsWrittenThen) {
  const auto act = [this] {
    log_lines(0, 5000);
    read_what_is_there();
    std::exit(0);
  };
  ::dup2(saved_, STDERR_FILENO);  // whose output the test looks at
  EXPECT_EXIT((::dup2(ends_[1], STDERR_FILENO), act()), testing::ExitedWithCode(0), "");
  read_what_is_there();
  EXPECT_THAT(text_, testing::EndsWith(lines(4999, 5000)));
}

/// Logs into `stderr_now`, in a child. With a plain write it waits for ever.
[[noreturn]] void log_much_into(int stderr_now) {
  if (::dup2(stderr_now, STDERR_FILENO) < 0) std::_Exit(99);
  ::alarm(30);
  for (int i = 0; i < 10'000; ++i)
    common::log("a line of some length that no reader will ever see");
  const bool as_it_was = (::fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK) == 0;
  std::_Exit(as_it_was ? 0 : 98);
}

TEST(LogDeathTest, AFullPipeIsNotWaitedFor) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_EXIT(log_much_into(ends[1]), testing::ExitedWithCode(0), "");
  for (const int fd : ends) ::close(fd);
}

// poll(2) finds it ready while there is room for less than a line.
TEST(LogDeathTest, AStoppedTerminalIsNotWaitedFor) {
  int master = -1;
  int slave = -1;
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  EXPECT_EXIT(log_much_into(slave), testing::ExitedWithCode(0), "");
  for (const int fd : {master, slave}) ::close(fd);
}

}  // namespace
