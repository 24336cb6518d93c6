// The text of a log that nobody read for a while. tests/protocol checks that no client waits for
// the log.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <string>

#include "common/server/log.h"
#include "log_pipe.h"

namespace {

using tests::lines;
using tests::log_lines;
using tests::LogPipe;
using tests::numbered_bytes;

constexpr int fit_into_a_pipe = 64 * 1024 / PIPE_BUF * (PIPE_BUF / numbered_bytes);
constexpr int fit = fit_into_a_pipe + 64 * 1024 / numbered_bytes;

TEST(LogIntoAPipe, LinesThatFindNoRoomAreWrittenLater) {
  LogPipe pipe;
  log_lines(0, 5000);
  EXPECT_LT(pipe.text().size(), 5000 * numbered_bytes) << "or this test sees nothing";
  log_lines(5000, 5001);
  EXPECT_EQ(pipe.text(), lines(0, 5001)) << "in order, and none lost";
  EXPECT_EQ(::fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0) << "others share it";
}

TEST(LogIntoAPipe, WaitingLinesAreBoundedAndALossIsReportedInItsPlace) {
  LogPipe pipe;
  log_lines(0, fit + 7);
  common::log("");  // this line would fit, but not the report of the loss before it
  (void)pipe.text();
  common::log("after it");
  (void)pipe.text();
  common::log("later");
  const std::string loss = "(lines lost because nobody reads stderr: 8)\n";
  EXPECT_TRUE(pipe.text() == lines(0, fit) + loss + "after it\nlater\n");
}

TEST(LogIntoAPipe, ALossIsReportedAtTheEndOfTheProcess) {
  LogPipe pipe;
  const common::Fd writing(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
  const auto act = [&] {
    ::dup2(writing.get(), STDERR_FILENO);
    log_lines(0, fit + 7);
    (void)pipe.text();
    common::log("after it");  // a pipe holds less than what waits
    (void)pipe.text();
    std::exit(0);
  };
  ::dup2(pipe.saved_stderr(), STDERR_FILENO);  // EXPECT_EXIT looks at what is written there
  EXPECT_EXIT(act(), testing::ExitedWithCode(0), "");
  EXPECT_TRUE(pipe.text().ends_with(lines(fit - 1, fit) +
                                    "(lines lost because nobody reads stderr: 7)\nafter it\n"));
}

TEST(LogIntoAPipe, ALineThatFitsNoWriteIsCut) {
  LogPipe pipe;
  const std::string longest(PIPE_BUF - 1, 'x');
  common::log(longest);
  common::log(longest + 'x');
  EXPECT_EQ(pipe.text(), longest + '\n' + longest + '\n');
}

// A write to a socket may end inside a line.
TEST(LogIntoASocket, GoesOnInsideALineThatWasWrittenInPart) {
  LogPipe socket(tests::narrow_socket_ends());
  const std::string wanted = "short\n" + std::string(4000, 'x') + "\nafter it\n";
  common::log("short");
  common::log(std::string(4000, 'x'));
  EXPECT_TRUE(socket.text().ends_with('x')) << "or this test sees nothing";
  common::log("after it");
  EXPECT_TRUE(socket.text() == wanted);
}

}  // namespace
