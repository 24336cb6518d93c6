#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "uring/descriptor.h"
#include "uring/error.h"
#include "uring/loop.h"
#include "uring/task.h"

namespace uring {

/// Lines of a socket, a pipe, a terminal or a file:
///
///     LineReader lines(loop, client, 512);
///     while (true) {
///       const auto line = co_await scoped(loop, lines.next()).within(60s);
///       if (!line || !*line) co_return;
///       use(**line);
///     }
class LineReader {
 public:
  /// Of lines of up to `bytes_max`, ends included. That much memory it has, and no more.
  LineReader(Loop& loop, Descriptor fd, std::size_t bytes_max)
      : loop_(loop), fd_(fd), buffer_(bytes_max) {}

  /// The next line without its end, LF or CR LF, good until the next call; nullopt at the end of
  /// the stream. A last line may lack its end. Errors: message_size, it is too long, and what comes
  /// after it is not looked at; those of read(2); timed_out and cancelled, which lose nothing: what
  /// has come is there for the next call.
  Task<Result<std::optional<std::string_view>>> next();

 private:
  std::optional<std::string_view> take_line();

  Loop& loop_;
  const Descriptor fd_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  ///< Of what has been read and not been handed out.
  std::size_t end_ = 0;
  bool ended_ = false;
};

}  // namespace uring
