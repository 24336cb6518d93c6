#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

#include "common/fd.h"
#include "common/server/log.h"

namespace tests {

inline std::string numbered(int number) { return fmt::format("line {:05} of a log", number); }
inline constexpr std::size_t numbered_bytes = 20;  // with the end of the line

inline std::string lines(int begin, int end) {
  std::string text;
  for (int i = begin; i < end; ++i) text += numbered(i) + '\n';
  return text;
}

inline void log_lines(int begin, int end) {
  for (int i = begin; i < end; ++i) common::log(numbered(i));
}

using LogEnds = std::array<int, 2>;  // for reading, and for writing

inline LogEnds pipe_ends() {
  LogEnds ends;
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  return ends;
}

/// Returns the ends of a connection that takes two kilobytes at a time.
inline LogEnds narrow_socket_ends() {
  LogEnds ends;
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  constexpr int least = 1;
  EXPECT_EQ(::setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &least, sizeof least), 0);
  return ends;
}

/// Makes stderr a pipe, as long as the object exists, which is read only when we say so.
class LogPipe {
 public:
  explicit LogPipe(LogEnds ends = pipe_ends()) : reading_(ends[0]) {
    const common::Fd writing(ends[1]);
    EXPECT_EQ(::fcntl(reading_.get(), F_SETFL, O_NONBLOCK), 0);
    EXPECT_GE(::dup2(writing.get(), STDERR_FILENO), 0);
    common::forget_log_lines();
  }
  ~LogPipe() {
    (void)text();
    log_lines(0, 1);  // writes the lines that are left
    ::dup2(saved_.get(), STDERR_FILENO);
  }
  LogPipe(const LogPipe&) = delete;
  LogPipe& operator=(const LogPipe&) = delete;

  /// Returns all that was written so far.
  const std::string& text() {
    std::array<char, 4096> piece;
    for (ssize_t n; (n = ::read(reading_.get(), piece.data(), piece.size())) > 0;) {
      text_.append(piece.data(), static_cast<std::size_t>(n));
    }
    return text_;
  }
  void forget() { text_.clear(); }

  int saved_stderr() const { return saved_.get(); }

 private:
  common::Fd saved_{::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)};
  common::Fd reading_;
  std::string text_;
};

}  // namespace tests
