#pragma once

#include <unistd.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"
#include "uring/loop.h"

namespace stage {

/// Reads standard input line by line, and writes standard output, through the ring, which waits for
/// terminals, files and pipes alike. If another process reads the same terminal, a read that was
/// told there are bytes may find none, and then blocks the loop, timeouts included, until there are
/// some.
class Console {
 public:
  explicit Console(uring::Loop& loop) : loop_(loop) {}

  /// Whether the input is a terminal.
  bool interactive() const { return interactive_; }

  /// The next line without its end, or nullopt if there is none. The last line may lack its end.
  /// Prompts if interactive. Errors: uring's timed_out and cancelled, common's too_long, of
  /// read(2).
  uring::Task<common::Result<std::optional<std::string>>> ask(std::string_view prompt,
                                                              uring::Deadline& deadline,
                                                              uring::Canceller& never_mind);

  /// Writes all of `text`, and waits while the reader of our output is slow.
  uring::Task<common::Status> print(std::string_view text);

  /// The bytes as they are or, for a terminal, as printable ASCII and escapes.
  std::string presentable(std::string_view bytes) const;

 private:
  uring::Task<common::Result<std::optional<std::string>>> next_line(uring::Deadline& deadline,
                                                                    uring::Canceller& never_mind);
  uring::Task<common::Result<std::size_t>> read(uring::Deadline& deadline,
                                                uring::Canceller& never_mind);

  static constexpr std::size_t line_bytes_max = 16 * 1024 * 1024;  ///< The input may be /dev/zero.

  uring::Loop& loop_;
  bool interactive_ = ::isatty(STDIN_FILENO) == 1;
  bool escapes_ = ::isatty(STDOUT_FILENO) == 1;
  std::string rest_;  ///< Bytes read, but not returned yet.
  bool ended_ = false;
};

}  // namespace stage
