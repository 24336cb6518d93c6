#pragma once

#include <climits>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace common {

/// Lines that cannot be written yet, a bounded number. What does not fit is counted, and a line
/// that says how many were lost comes before the next that fits.
class LogQueue {
 public:
  static constexpr std::size_t bytes_max = 64 * 1024;

  /// A pipe that is ready takes this many bytes, and all of them in one write. pipe(7)
  static constexpr std::size_t piece_bytes_max = PIPE_BUF;

  /// Appends the line, cut if it does not fit a piece, or counts it.
  void push(std::string_view line);

  /// The oldest lines, as many whole ones as fit a piece. Good until push() or pop().
  std::string_view front() const;

  /// This many bytes of front() have been written.
  void pop(std::size_t bytes);

  bool empty() const { return waiting_.empty(); }
  std::size_t size_bytes() const { return waiting_.size(); }

 private:
  bool append(std::string_view line);

  std::string waiting_;
  std::uint64_t lost_ = 0;  ///< No line has told it yet.
};

}  // namespace common
