// The text of a log that was full for a while. tests/protocol checks that no client waits for the
// log, and how many lines were lost.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "common/server/log.h"
#include "common/server/log_queue.h"
#include "log_pipe.h"

namespace {

using common::LogQueue;
using tests::lines;
using tests::log_lines;
using tests::LogPipe;
using tests::numbered;
using tests::numbered_bytes;

/// Takes all waiting lines out in pieces.
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

TEST(LogQueue, IsBoundedAndReportsALossInItsPlace) {
  LogQueue queue;
  constexpr int fit = LogQueue::bytes_max / numbered_bytes;
  for (int i = 0; i < fit + 7; ++i) queue.push(numbered(i));
  EXPECT_LE(queue.size_bytes(), LogQueue::bytes_max);

  queue.push("");  // this line would fit, but not the report of the loss before it
  queue.pop(3 * numbered_bytes);
  queue.push("after it");
  const auto text = drained(queue);
  EXPECT_THAT(text, testing::StartsWith(numbered(3) + '\n'));
  EXPECT_THAT(text, testing::EndsWith(numbered(fit - 1) +
                                      "\n(lines lost because nobody reads stderr: 8)\nafter it\n"));
}

TEST(LogQueue, ReportsALossEvenIfNoLineFollows) {
  LogQueue queue;
  while (queue.size_bytes() + numbered_bytes <= LogQueue::bytes_max) queue.push(numbered(0));
  queue.push(numbered(1));
  EXPECT_THAT(drained(queue), testing::EndsWith("(lines lost because nobody reads stderr: 1)\n"));
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

TEST(LogIntoAPipe, LinesThatFindNoRoomAreWrittenLater) {
  LogPipe pipe;
  log_lines(0, 5000);  // 100,000 bytes, which is more than a pipe holds
  EXPECT_LT(pipe.text().size(), 5000 * numbered_bytes);
  log_lines(5000, 5001);
  EXPECT_EQ(pipe.text(), lines(0, 5001)) << "in order, and none lost";
  EXPECT_EQ(::fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0) << "others share it";
}

TEST(LogIntoAPipe, WaitingLinesAreWrittenAtTheEndOfTheProcess) {
  LogPipe pipe;
  const common::Fd writing(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
  const auto act = [&] {
    ::dup2(writing.get(), STDERR_FILENO);
    log_lines(0, 5000);
    (void)pipe.text();
    std::exit(0);
  };
  ::dup2(pipe.saved_stderr(), STDERR_FILENO);  // EXPECT_EXIT looks at what is written there
  EXPECT_EXIT(act(), testing::ExitedWithCode(0), "");
  EXPECT_THAT(pipe.text(), testing::EndsWith(lines(4999, 5000)));
}

}  // namespace
